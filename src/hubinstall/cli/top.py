"""`hubinstall top`: whose servers run and what they use, or what they have used."""

import time

from hubinstall import layout
from hubinstall.cli import moments
from hubinstall.config.validate import load
from hubinstall.errors import UserError
from hubinstall.installation import inputs
from hubinstall.machine.host import Host
from hubinstall.report.top import print_top
from hubinstall.report.used import print_used
from hubinstall.settings.model import Settings
from hubinstall.verify import servers_used
from hubinstall.verify.servers_now import found

ALL = "90d"
"""`--since`: as long as the hub keeps it."""


def top(host: Host, *, as_json: bool) -> int:
    """Print them; returns 0, also if there is none, and 1 if Docker or the hub does not answer."""
    seen = found(host, _settings(host))
    print_top(seen, time.time(), as_json=as_json)
    return 1 if seen.notes else 0


def history(host: Host, since: str, *, as_json: bool) -> int:
    """Print what was used since then. Raises UserError if it is no time, or the hub does not answer."""
    settings, begin = _settings(host), moments.past(since, time.time())
    print_used(servers_used.since(host, settings, begin), as_json=as_json)
    return 0


def _settings(host: Host) -> Settings:
    if not host.exists(layout.LEDGER):
        raise UserError("hubinstall is not installed here", "Install it first: hubinstall apply")
    return load(inputs.config_text(host)).settings
