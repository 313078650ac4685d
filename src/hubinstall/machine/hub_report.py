"""What the hub found in the drop-ins when it started: the file that hubside/dropin_report.py writes."""

import json
from dataclasses import dataclass

from hubinstall import layout
from hubinstall.machine.host import Host


@dataclass(frozen=True)
class Warned:
    """`place`: the drop-in's path and the line."""

    path: str
    place: str
    message: str
    hint: str


@dataclass(frozen=True)
class HubReport:
    """`sign_on`: the name of a drop-in's authenticator; empty if people log in with the accounts of this machine."""

    sign_on: str = ""
    files: tuple[tuple[str, str], ...] = ()
    """(path, SHA-256) of each drop-in."""
    warned: tuple[Warned, ...] = ()
    culler: str = ""
    """The name of a drop-in's service that stops idle servers; empty if it is ours."""

    def still(self, dropins: dict[str, str]) -> list[Warned]:
        """The warnings about files that are as the hub has read them. `dropins`: path → SHA-256 by now."""
        return [one for one in self.warned if dropins.get(one.path) == dict(self.files).get(one.path, "")]


def hub_report(host: Host) -> HubReport:
    """Empty if the hub has not written it yet."""
    try:
        report = json.loads(host.text(layout.DROPIN_REPORT))
        warned = tuple(Warned(w["path"], w["place"], w["message"], w["hint"]) for w in report["warnings"])
        return HubReport(str(report["authenticator"]), tuple(report["files"].items()), warned, report.get("culler", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return HubReport()
