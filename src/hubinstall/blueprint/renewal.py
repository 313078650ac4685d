"""What renews the certificate of a finished installation: a timer of systemd, or else a small scheduler.

Both run `hubinstall certificate renew --if-due` once an hour, which contacts nobody unless renewal is due.
"""

from hubinstall import layout
from hubinstall.blueprint.service_spec import Program, program, service_memory
from hubinstall.blueprint.templating import render
from hubinstall.machine.facts import Facts
from hubinstall.resources.base import Resource, ids
from hubinstall.resources.services.service import Service
from hubinstall.resources.services.unit import UnitFile
from hubinstall.settings.model import Settings

UNIT = "systemd/hubinstall-certificates.service"


def renewal(settings: Settings, facts: Facts, *, needs: tuple[str, ...]) -> list[Resource]:
    """Nothing if apply alone renews the certificate. `needs`: the ids that the first check needs."""
    if settings.tls_mode not in {"letsencrypt", "manual"}:
        return []
    if facts.manager == "supervisor":
        launcher = render("templates/launchers/hubinstall-certificates.sh", command=layout.COMMAND)
        # Under systemd the timer has its own unit, below: this program exists only under supervisor.
        spec = Program(layout.CERTIFICATES_SERVICE, "Looks after the certificate", launcher, unit=UNIT, needs=needs)
        return program(spec, facts)
    return _units(settings, facts, needs)


def _units(settings: Settings, facts: Facts, needs: tuple[str, ...]) -> list[Resource]:
    authority = settings.tls_mode == "letsencrypt"
    text = render(
        UNIT, command=layout.COMMAND, folders=[layout.STATE, layout.LOGS], authority=authority,
        memory=service_memory(facts.memory),
    )  # fmt: skip
    work = UnitFile(layout.unit(layout.CERTIFICATES_SERVICE), text)
    timer = UnitFile(layout.CERTIFICATES_TIMER_UNIT, render("systemd/hubinstall-certificates.timer"), needs=ids(work))
    made: list[Resource] = [work, timer, Service(layout.CERTIFICATES_TIMER, needs=ids(timer, *needs))]
    files = [path for path in (settings.https.tls.cert, settings.https.tls.key) if path]
    if settings.tls_mode == "manual":
        text = render("systemd/hubinstall-certificates.path", files=files)
        path = UnitFile(layout.CERTIFICATES_PATH_UNIT, text, needs=ids(work))
        made += [path, Service(layout.CERTIFICATES_PATH, needs=ids(path, *needs))]
    return made
