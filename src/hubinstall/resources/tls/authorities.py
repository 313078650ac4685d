"""Certificate authorities of a site, which the whole machine trusts in addition to the distribution's."""

import hashlib
from dataclasses import dataclass
from typing import ClassVar

from hubinstall import layout
from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, State

PREFIX, SUFFIX = "hubinstall-", ".crt"
UPDATE = "update-ca-certificates"


@dataclass(frozen=True)
class Authorities:
    """A file for each certificate in the directory `name`, from which update-ca-certificates(8) makes the trust store.

    Where that program is missing, its package reads the directory when it is installed.
    """

    kind: ClassVar[str] = "authorities"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    certificates: tuple[str, ...] = ()
    """Each as PEM."""
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"certificates": sorted(map(_digest, self.certificates)), "trusted": True}

    def actual(self, host: Host) -> State | None:
        texts = [host.text(f"{self.name}/{file}") for file in _files(host, self.name)]
        if not texts:
            return None
        store = "".join(host.text(layout.TRUST_STORE).split())
        trusted = host.which(UPDATE) is None or all("".join(text.split()) in store for text in texts)
        return {"certificates": sorted(map(_digest, texts)), "trusted": trusted}

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        if not host.exists(self.name):
            host.mkdir(self.name)
        wanted = {f"{PREFIX}{_digest(text)[:12]}{SUFFIX}": text for text in self.certificates}
        gone = set(_files(host, self.name)) - wanted.keys()
        for file in gone:
            host.remove(f"{self.name}/{file}")
        for file, text in wanted.items():
            host.write(f"{self.name}/{file}", text.encode())
        _update(host, fresh=bool(gone))

    def remove(self, host: Host) -> None:
        for file in _files(host, self.name):
            host.remove(f"{self.name}/{file}")
        _update(host, fresh=True)


def _files(host: Host, folder: str) -> list[str]:
    return [name for name in host.names(folder) if name.startswith(PREFIX) and name.endswith(SUFFIX)]


def _digest(certificate: str) -> str:
    return hashlib.sha256(certificate.encode()).hexdigest()


def _update(host: Host, *, fresh: bool) -> None:
    """`fresh`: also remove the links to certificates that are gone."""
    if host.which(UPDATE):
        host.run([UPDATE, *(["--fresh"] if fresh else [])])
