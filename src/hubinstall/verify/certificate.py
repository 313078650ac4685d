"""The state of the certificate in use: for `status`, `certificate status` and the end of an apply."""

import time
from dataclasses import dataclass

from hubinstall import layout
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers.choice import installed
from hubinstall.resources.base import Resource
from hubinstall.resources.services.service import watched_line
from hubinstall.resources.tls.acme import AcmeCertificate
from hubinstall.resources.tls.attempts import Try
from hubinstall.resources.tls.served import ServedCertificate
from hubinstall.resources.tls.x509 import Certificate, certificate
from hubinstall.settings.model import Settings

DAY = 86400.0
SOON = 21
"""When a certificate that no timer renews has fewer days left, status warns."""
LATE = 0.2
"""With less than this share of its lifetime left, a renewal (due at a third or a half) has been failing for long."""
OVERDUE = DAY
"""Seconds after which an attempt that was due has not only been waiting for the machine to be switched on."""
Row = tuple[str, str, str]
APPLY, RENEW = "Run: hubinstall apply", "to try now, run: hubinstall certificate renew"
WHY = (
    f"See why: journalctl -u {layout.CERTIFICATES_SERVICE}"
    f" (hubinstall logs {layout.CERTIFICATES_SERVICE}, if supervisor runs it)"
)


@dataclass(frozen=True)
class Seen:
    """The certificate in use. `state` is ok, warning or failed; times are seconds since the epoch, 0 for unknown."""

    mode: str
    state: str
    message: str
    hint: str = ""
    names: tuple[str, ...] = ()
    issuer: str = ""
    serial: str = ""
    ends: float = 0
    days_left: int = 0
    next_try: float = 0
    last_failure: str = ""
    last_failure_at: float = 0


def seen(host: Host, settings: Settings, resources: list[Resource], now: float) -> Seen:
    """`resources`: the blueprint's. A certificate that cannot be read is a failed one, never an exception."""
    mode = settings.tls_mode
    found = certificate(host, layout.SERVED_CERT)
    if found is None:
        what = "cannot be read" if host.exists(layout.SERVED_CERT) else "is missing"
        return Seen(mode, "failed", f"{layout.SERVED_CERT} {what}", APPLY)
    acme = next((r for r in resources if isinstance(r, AcmeCertificate)), None)
    served = next((r for r in resources if isinstance(r, ServedCertificate)), None)
    try_ = acme.last(host) if acme else None
    given = acme is not None and acme.is_good(acme.there(host))
    state, message, hint = _Case(host, settings, found, try_, served, given, now).judged()
    failure = try_.words if try_ else ""
    return Seen(
        mode, state, message, hint, tuple(sorted(found.names)), found.authority, found.serial, found.ends,
        _days(found, now), next_try=try_.next if try_ else 0, last_failure=failure,
        last_failure_at=try_.at if try_ and failure else 0,
    )  # fmt: skip


@dataclass(frozen=True)
class _Case:
    """What is judged. Each method checks for one fault and returns state, message and hint, or None."""

    host: Host
    settings: Settings
    found: Certificate
    last: Try | None
    served: ServedCertificate | None
    given: bool
    """Whether an authority's certificate exists, whichever one is served."""
    now: float

    def judged(self) -> Row:
        for judge in (self.not_given, self.ended, self.not_renewed, self.unusable, self.not_taken_up, self.unattended):
            if row := judge():
                return row
        soon = self.mode != "letsencrypt" and _days(self.found, self.now) < SOON
        return "warning" if soon else "ok", self.left, self.files if self.mode == "manual" else APPLY

    @property
    def mode(self) -> str:
        return self.settings.tls_mode

    @property
    def own(self) -> bool:
        return self.found.subject == self.found.issuer and self.mode != "manual"

    @property
    def left(self) -> str:
        days = _days(self.found, self.now)
        if days < 0:
            return f"expired {-days} day{'s' * (days != -1)} ago"
        return f"{days} day{'s' * (days != 1)} left ({'self-signed' if self.own else self.found.authority})"

    @property
    def late(self) -> bool:
        return self.now > self.found.ends - LATE * (self.found.ends - self.found.begins)

    @property
    def is_behind(self) -> bool:
        """Whether there is a good certificate, from the authority or the administrator, that is not served."""
        best = self.served.best(self.host) if self.served else None
        if not self.served or best != self.served.pairs[0]:
            return False
        there = certificate(self.host, best.cert)
        return there is not None and there.serial != self.found.serial

    @property
    def why(self) -> str:
        return self.last.words if self.last else ""

    @property
    def again(self) -> str:
        if self.last is None:
            return f"hubinstall tries again within an hour; {RENEW}"
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(max(self.last.next, self.now)))
        return f"hubinstall tries again after {when}; {RENEW}"

    @property
    def files(self) -> str:
        tls_ = self.settings.https.tls
        return f"Put a valid pair at {tls_.cert} and {tls_.key}; nginx then uses it automatically."

    def not_given(self) -> Row | None:
        if self.mode != "letsencrypt" or not self.own:
            return None
        server = self.settings.https.letsencrypt.server or "Let's Encrypt"
        if self.given:
            words = f"self-signed, because nginx does not load the certificate from {server}"
            return "failed", words, "See why: nginx -t; then: hubinstall certificate renew"
        return "failed", f"self-signed, because {server} issued none{f': {self.why}' if self.why else ''}", self.again

    def ended(self) -> Row | None:
        if self.found.ends >= self.now:
            return None
        hint = {"letsencrypt": self.again, "manual": self.files}.get(self.mode, APPLY)
        return "failed", f"{self.left}{f'; it could not be renewed: {self.why}' if self.why else ''}", hint

    def not_renewed(self) -> Row | None:
        if not self.why:
            return None
        return "failed" if self.late else "warning", f"{self.left}; it could not be renewed: {self.why}", self.again

    def unusable(self) -> Row | None:
        if self.mode != "manual" or not self.served or not (reasons := self.served.reasons(self.host)):
            return None
        return "warning", f"{self.left}; the new files cannot be used: {reasons[0]}", self.files

    def not_taken_up(self) -> Row | None:
        _, *watched = self.host.text(layout.NGINX_LOADED).splitlines() or [""]
        if self.is_behind:
            what = "; a newer one exists, but nginx has not loaded it"
        elif watched and watched_line(self.host, layout.SERVED_CERT) not in watched:
            what = ", but nginx has not loaded it"
        else:
            return None
        return "warning", f"{self.left}{what}", "See why: nginx -t; then: hubinstall certificate renew"

    def unattended(self) -> Row | None:
        if self.mode == "self-signed":
            return None
        manager = installed(self.host)
        look = manager.look(self.host, manager.certificates)
        if not look.running:
            return "warning", f"{self.left}, but nothing renews it: {manager.certificates} is {look.words}", APPLY
        if self.last is None or self.now < self.last.next + OVERDUE:
            return None
        since = time.strftime("%Y-%m-%d", time.localtime(self.last.at))
        words = f"{self.left}, but no attempt to renew it has come to an end since {since}"
        return "failed" if self.late else "warning", words, f"{WHY}; {RENEW}"


def advice(host: Host, settings: Settings, resources: list[Resource]) -> list[str]:
    """What a person should read at the end of an apply, even of one that had nothing to do.

    Each apply renews a self-signed certificate itself.
    """
    if settings.tls_mode in {"off", "self-signed"}:
        return []
    found = seen(host, settings, resources, time.time())
    return [] if found.state == "ok" else [f"certificate: {found.message}\n  {found.hint}"]


def _days(found: Certificate, now: float) -> int:
    return int((found.ends - now) // DAY)
