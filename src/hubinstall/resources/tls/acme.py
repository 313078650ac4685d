"""A certificate that an authority issues automatically (ACME, RFC 8555).

The desired state is that the authority was asked: a run does not fail if the authority refuses or cannot be reached.
The result is recorded (attempts.py) for the messages to people, and a timer tries again. So a run does not ask if there
is a good certificate, or a failed attempt for exactly these names within the last hour.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from hubinstall.errors import UserError
from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, State
from hubinstall.resources.tls import certbot
from hubinstall.resources.tls.attempts import HOUR, Try, last_try, note
from hubinstall.resources.tls.served import CERT, KEY
from hubinstall.resources.tls.webroot import Place
from hubinstall.resources.tls.x509 import Certificate, certificate

Check = Callable[[Host, tuple[str, ...], str, Place], list[str]]


def from_outside(host: Host, names: tuple[str, ...], server: str, place: Place) -> list[str]:
    """Why the authority at `server` could not reach this machine under `names`."""
    from hubinstall.resources.tls.reachability import troubles  # noqa: PLC0415 - HTTP is slow to import, and a plan asks nobody

    return troubles(host, names, server, place)


@dataclass(frozen=True)
class AcmeCertificate:
    """The certificate for `names` from `server`, in a directory of certbot (`…/config/live/NAME`).

    Removal leaves the certificate and the account: an authority issues only a few per week for the same names.
    """

    kind: ClassVar[str] = "acme-certificate"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    verb: ClassVar[str] = "request"
    """What a step does: whether the authority gives a certificate is known only afterwards."""
    name: str
    names: tuple[str, ...] = ()
    server: str = ""
    email: str = ""
    program: str = ""
    """The path of certbot."""
    logs: str = ""
    place: Place | None = None
    check: Check = from_outside
    """Finds out why the authority could not reach this machine."""
    unsettles: tuple[str, ...] = ()
    """The ids of the resources that serve it, and must load a new one."""
    needs: tuple[str, ...] = ()

    @property
    def cert(self) -> str:
        return f"{self.name}/{CERT}"

    @property
    def key(self) -> str:
        return f"{self.name}/{KEY}"

    @property
    def tries(self) -> str:
        """The record of its attempts. Each server has its own: if the server changes, the old one's is removed last."""
        return f"{self._config.rpartition('/')[0]}/tries-{self.name.rpartition('/')[2]}.json"

    @property
    def _config(self) -> str:
        return self.name.rpartition("/live/")[0]

    def desired(self) -> State:
        return {"names": sorted(self.names), "asked": True}

    def actual(self, host: Host) -> State | None:
        there, try_ = self.there(host), self.last(host)
        if there is None and try_ is None:
            return None
        if self.is_good(there) or (try_ and try_.words and 0 <= time.time() - try_.at < HOUR):
            return self.desired()
        found = there.names if there else try_.names if try_ else ()
        return {"names": sorted(found), "asked": False}

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        self.ask(host)

    def remove(self, host: Host) -> None:
        host.remove(self.tries)

    def there(self, host: Host) -> Certificate | None:
        """The certificate that the authority issued last."""
        return certificate(host, self.cert)

    def is_good(self, there: Certificate | None) -> bool:
        return there is not None and there.names == set(self.names) and there.ends > time.time()

    def last(self, host: Host) -> Try | None:
        """The last attempt for exactly these names at this server."""
        found = last_try(host, self.tries)
        return found if found and found.is_of(self.names, self.server) else None

    def is_due(self, host: Host) -> bool:
        """Whether a timer should ask now. Also true if the last attempt is in the future: the clock was ahead then."""
        try_ = self.last(host)
        return try_ is None or not try_.at <= time.time() < try_.next

    def ask(self, host: Host, *, force: bool = False) -> Try:
        """Ask now, and return the result. `force`: even if checks fail or the certificate is not due.

        An existing good certificate shows that the authority reaches this machine: then nothing is checked first.
        """
        place = self.place or Place((), "", certbot.TRUST_STORE)
        first = not force and not self.is_good(self.there(host))
        against = self.check(host, self.names, self.server, place) if first else []
        asked, words = not against, "; ".join(against)
        if asked and (words := self._ask(host, place, force=force)):
            against = self.check(host, self.names, self.server, place)
            # An authority that does not answer has counted no failure; certbot's message says the same, but longer.
            asked = not any(line.startswith(self.server) for line in against)
            words = "; ".join([*against, words] if asked else against)
        return note(host, self.tries, Try(time.time(), self.names, self.server, words, asked))

    def _ask(self, host: Host, place: Place, *, force: bool) -> str:
        request = certbot.Request(
            self.program, self.names, self.server, self.email, lineage=self.name.rpartition("/")[2],
            config=self._config, work=f"{self._config.rpartition('/')[0]}/work", logs=self.logs, webroot=place.webroot,
        )  # fmt: skip
        try:
            return certbot.ask(host, request, force=force)
        except UserError as error:  # certbot hung and was killed
            return error.message
