"""What people's servers have used: the hub's history (hubside/history.py), as it answers root."""

from dataclasses import dataclass
from typing import Any

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.machine.host import Host
from hubinstall.settings.model import Settings
from hubinstall.verify.health import of_hub


@dataclass(frozen=True)
class Total:
    """Of one person. `seconds`: that servers ran, for several at once more than there are; `cpu`: seconds of processor
    time; `memory`: the most bytes at one moment.
    """

    person: str
    seconds: float
    cpu: float
    memory: int


@dataclass(frozen=True)
class Used:
    """`since`: seconds since the epoch. `people`: the one with the most processor time first. `period`: seconds of each
    of `sums`, an hour, or a day (of UTC) for more than a week; there `begin` is its first second.
    """

    since: float
    people: tuple[Total, ...]
    period: int
    sums: tuple[dict[str, Any], ...]


def since(host: Host, settings: Settings, begin: float) -> Used:
    """Raises UserError if there is no history, or the hub does not answer."""
    if not settings.services.history.enabled:
        raise UserError(
            "no history is kept here (services.history.enabled: false)",
            "Let it be kept from now on: hubinstall config set services.history.enabled true --apply",
        )
    token = host.text(layout.VERIFY_TOKEN).strip()
    answer = of_hub(settings, f"hub/api/use?since={begin:.0f}", token=token)
    if answer.status != 200 or not isinstance(answer.data, dict):
        raise UserError(
            f"the hub does not tell what was used: {answer.words}",
            "See why: hubinstall status, hubinstall logs jupyterhub",
        )
    sums = tuple(answer.data["sums"])
    return Used(begin, totals(sums), int(answer.data["period"]), sums)


def totals(sums: tuple[dict[str, Any], ...]) -> tuple[Total, ...]:
    found: dict[str, Total] = {}
    for one in sums:
        name = str(one["person"])
        so_far = found.get(name, Total(name, 0.0, 0.0, 0))
        found[name] = Total(
            name, so_far.seconds + one["seconds"], so_far.cpu + one["cpu"], max(so_far.memory, one["memory"])
        )
    return tuple(sorted(found.values(), key=lambda total: (-total.cpu, total.person)))
