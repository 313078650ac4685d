"""`hubinstall top`: whose servers run, and what they use."""

import time

from hubinstall import layout
from hubinstall.config.validate import load
from hubinstall.errors import UserError
from hubinstall.installation import inputs
from hubinstall.machine.host import Host
from hubinstall.report.top import print_top
from hubinstall.verify.servers_now import found


def top(host: Host, *, as_json: bool) -> int:
    """Print them; returns 0, also if there is none, and 1 if Docker or the hub does not answer."""
    if not host.exists(layout.LEDGER):
        raise UserError("hubinstall is not installed here", "Install it first: hubinstall apply")
    seen = found(host, load(inputs.config_text(host)).settings)
    print_top(seen, time.time(), as_json=as_json)
    return 1 if seen.notes else 0
