"""What looks after the certificate once an installation stands: a timer, or where systemd is not, a small scheduler.

Both run `hubinstall certificate renew --if-due` once an hour, which asks nobody unless it is time to.
"""

from hubinstall import layout
from hubinstall.blueprint.service_spec import Program, program
from hubinstall.blueprint.templating import render
from hubinstall.machine.facts import Facts
from hubinstall.resources.base import Resource, ids
from hubinstall.resources.services.service import Service
from hubinstall.resources.services.unit import UnitFile
from hubinstall.settings.model import Settings

UNIT = "systemd/hubinstall-certificates.service"


def renewal(settings: Settings, facts: Facts, *, needs: tuple[str, ...]) -> list[Resource]:
    """Nothing where every apply renews what there is. `needs`: what the first look asks for."""
    if settings.tls_mode not in {"letsencrypt", "manual"}:
        return []
    if facts.manager == "supervisor":
        launcher = render("templates/launchers/hubinstall-certificates.sh", command=layout.COMMAND)
        # The unit is the timer's, below: this program has a file of supervisor's only.
        spec = Program(layout.CERTIFICATES_SERVICE, "Looks after the certificate", launcher, unit=UNIT, needs=needs)
        return program(spec, facts)
    return _units(settings, needs)


def _units(settings: Settings, needs: tuple[str, ...]) -> list[Resource]:
    work = UnitFile(
        layout.unit(layout.CERTIFICATES_SERVICE),
        render(UNIT, command=layout.COMMAND),
    )
    timer = UnitFile(layout.CERTIFICATES_TIMER_UNIT, render("systemd/hubinstall-certificates.timer"), needs=ids(work))
    made: list[Resource] = [work, timer, Service(layout.CERTIFICATES_TIMER, needs=ids(timer, *needs))]
    files = [path for path in (settings.https.tls.cert, settings.https.tls.key) if path]
    if settings.tls_mode == "manual":
        text = render("systemd/hubinstall-certificates.path", files=files)
        path = UnitFile(layout.CERTIFICATES_PATH_UNIT, text, needs=ids(work))
        made += [path, Service(layout.CERTIFICATES_PATH, needs=ids(path, *needs))]
    return made
