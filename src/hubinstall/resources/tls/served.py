"""The certificate that the web server loads: one link to a directory with a pair, so that both files switch at once."""

from dataclasses import dataclass
from typing import ClassVar

from hubinstall.errors import UserError
from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, State, digest
from hubinstall.resources.tls.x509 import Trouble, content, troubles

SLOTS = ("pair-a", "pair-b")
CERT, KEY, JUDGED = "fullchain.pem", "privkey.pem", "judged"
BEST = "the best there is"


@dataclass(frozen=True)
class Pair:
    """The files of a certificate and its key. `names`: the pair is served only if it is valid for all of these."""

    cert: str
    key: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServedCertificate:
    """A link to a copy of the first pair of `pairs` that can be served; it never points to nothing.

    A pair that was once found good is not checked again: after it has expired it is still served until there is a newer
    one, because no other pair would be better. `trust`: a file with the roots that this machine trusts.
    """

    kind: ClassVar[str] = "served-certificate"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    """The link."""
    pairs: tuple[Pair, ...] = ()
    trust: str = ""
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"pair": BEST, "files": "0600 root"}

    def actual(self, host: Host) -> State | None:
        link = host.stat(self.name)
        if link is None:
            return None
        stats = [host.stat(f"{self.name}/{file}") for file in (CERT, KEY)]
        files = sorted({f"{stat.mode} {stat.owner}" if stat else "absent" for stat in stats})
        return {"pair": self._in_words(host), "files": ", ".join(files)}

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        link = host.stat(self.name)
        if link and link.kind != "link":
            raise UserError(
                f"{self.name} is not a link, but a link is expected there", "Move it away, then run it again."
            )
        best = self.best(host)
        if best is None:
            raise UserError("no certificate can be served", "\n".join(map(str, self.reasons(host))))
        # The previous pair stays unchanged beside the new one, for a rollback.
        slot = next(name for name in SLOTS if not (link and link.target == name))
        folder = f"{self._folder}/{slot}"
        host.mkdir(folder, mode="0700")
        for source, file in ((best.cert, CERT), (best.key, KEY)):
            host.write(f"{folder}/{file}", content(host, source), mode="0600")
        host.write(f"{folder}/{JUDGED}", _judged(host, best).encode(), mode="0600")
        host.link(self.name, slot)

    def remove(self, host: Host) -> None:
        host.remove(self.name)
        for slot in SLOTS:
            for file in host.names(f"{self._folder}/{slot}"):
                host.remove(f"{self._folder}/{slot}/{file}")
            host.remove(f"{self._folder}/{slot}")

    def best(self, host: Host) -> Pair | None:
        """The pair that should be served; None if none can be."""
        in_use = host.text(f"{self.name}/{JUDGED}")
        for pair in self.pairs:
            if in_use == _judged(host, pair) or not troubles(host, pair.cert, pair.key, pair.names, self.trust):
                return pair
        return None

    def reasons(self, host: Host) -> list[Trouble]:
        """What is wrong with each pair."""
        return [t for pair in self.pairs for t in troubles(host, pair.cert, pair.key, pair.names, self.trust)]

    @property
    def _folder(self) -> str:
        return self.name.rpartition("/")[0]

    def _in_words(self, host: Host) -> str:
        best = self.best(host)
        if best is None:
            return "; ".join(trouble.message for trouble in self.reasons(host))
        served = _judged(host, Pair(f"{self.name}/{CERT}", f"{self.name}/{KEY}", best.names))
        return BEST if _judged(host, best) == served == host.text(f"{self.name}/{JUDGED}") else "another"


def _judged(host: Host, pair: Pair) -> str:
    """A digest of a pair and the names for which it was found good."""
    return digest(content(host, pair.cert), content(host, pair.key), *pair.names)
