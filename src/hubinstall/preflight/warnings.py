"""Settings that will hardly do what they were meant to, although nothing prevents them on this machine.

`plan`, `apply` and `status` show them; they stop nothing. A new warning is one more function in `CHECKS`.
"""

from collections.abc import Callable, Iterator

from hubinstall.machine.facts import Facts
from hubinstall.machine.host import Host
from hubinstall.machine.hub_report import hub_report
from hubinstall.preflight import limits, logins, names, quotas, sign_on, way_out
from hubinstall.preflight.checks import Problem
from hubinstall.settings.model import Settings


def warnings(host: Host, settings: Settings, facts: Facts) -> list[Problem]:
    """Everything that people should know, in the form of problems: with a key, `message` and `hint` are phrases as in
    config/problems.py; without one, they are sentences.
    """
    return [warning for check in CHECKS for warning in check(host, settings, facts)]


def _limits(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:
    for at, message, hint in limits.warnings(host, settings, facts):
        yield Problem(message, hint, code=0, at=at)


def _certificate(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:  # noqa: ARG001
    """What the file says of one way to a certificate while another one is used."""
    https = settings.https
    if https.mode is None and https.letsencrypt.email and settings.tls_mode != "letsencrypt":
        hint = "try setting `domain`, or https.mode: letsencrypt for a certificate for the machine's public address"
        yield Problem("has no effect: the hub has no name", hint, 0, ("https", "letsencrypt", "email"))
    if https.tls.cert and settings.tls_mode != "manual":
        why = f"has no effect: the certificate is {settings.tls_mode}"
        yield Problem(why, "try setting https.mode: manual, or leave it out", 0, ("https", "tls"))


def _names(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:
    uids = settings.users.uids(facts.uid_min)
    for at, message, hint in (*names.warnings(host, settings, facts.uid_min), *logins.warnings(host, settings, *uids)):
        yield Problem(message, hint, code=0, at=at)
    for message, hint in (*names.in_the_way(host, *uids), *names.for_containers(host, *uids)):
        yield Problem(message, hint, code=0)


def _quotas(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:
    for at, message, hint in quotas.warnings(host, settings, settings.users.uids(facts.uid_min)):
        yield Problem(message, hint, code=0, at=at)


def _way_out(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:  # noqa: ARG001
    for at, message, hint in way_out.warnings(settings, facts):
        yield Problem(message, hint, code=0, at=at)


def _sign_on(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:
    for at, message, hint in sign_on.warnings(host, settings, facts):
        yield Problem(message, hint, code=0, at=at)


def _closed(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:  # noqa: ARG001
    """pam_nologin(8): while one of these exists, nobody but root can log in anywhere."""
    for path in ("/run/nologin", "/etc/nologin"):
        if host.exists(path):
            yield Problem(
                f"nobody can log in to the hub while {path} exists (people who are logged in stay)",
                f"Remove {path} when people may log in again.",
                code=0,
            )


def _drop_ins(host: Host, settings: Settings, facts: Facts) -> Iterator[Problem]:  # noqa: ARG001
    """What the hub found when it started, because only JupyterHub knows its settings; a file may have changed since."""
    for one in hub_report(host).still(facts.dropins):
        yield Problem(f"{one.place}: {one.message}", f"{one.hint[:1].upper()}{one.hint[1:]}", code=0)


CHECKS: tuple[Callable[[Host, Settings, Facts], Iterator[Problem]], ...] = (
    _limits, _certificate, _way_out, _sign_on, _closed, _names, _quotas, _drop_ins,
)  # fmt: skip
