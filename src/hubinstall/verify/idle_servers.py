"""Are idle servers looked for? As the hub knows: the service that stops them tells it after each look."""

from hubinstall import layout
from hubinstall.machine.host import Host
from hubinstall.machine.hub_report import hub_report
from hubinstall.settings.model import Settings
from hubinstall.verify.http_probe import Answer

NAME = "idle servers"
LATE = 120.0
"""Seconds beyond its interval. JupyterHub needs 30 until it sees that the service has ended, and starts it again."""


def idle_servers(host: Host, settings: Settings, answer: Answer) -> tuple[str, str, str, str]:
    """The check's name, state, message and hint. `answer`: the hub's to `hub/api/idle`."""
    rules = settings.services.cull
    if theirs := hub_report(host).culler:
        return NAME, "ok", f"the service {theirs} of a drop-in stops them; services.cull has no effect", ""
    if not rules.enabled:
        return NAME, "ok", "they run on (services.cull.enabled: false)", ""
    hint = f"See: hubinstall logs {layout.HUB_SERVICE}; then: hubinstall restart {layout.HUB_SERVICE}"
    if answer.status != 200 or not isinstance(answer.data, dict):
        return NAME, "failed", f"the hub does not tell about them: {answer.words}", hint
    ran, up = answer.data.get("ran"), answer.data.get("up")
    since = ran if isinstance(ran, int | float) else up
    if not isinstance(since, int | float) or since > rules.every + LATE:
        return NAME, "failed", f"nobody has looked for them for {since or 0:.0f} s: they run on", hint
    return NAME, "ok", f"stopped after {words(rules.timeout)} without use", ""


def words(seconds: int) -> str:
    """`2 h`, `90 min`, `45 s`."""
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds % unit == 0:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"
