"""On a machine, as root: `python -m contract systemd|supervisor [KIND…]`; one line of JSON for each kind."""

import json
import sys
import time
import traceback

from contract.cases import under
from contract.services import NAME
from contract.steps import Trial
from hubinstall import layout
from hubinstall.machine.host import Host


def main(manager: str, *kinds: str) -> None:
    layout.SERVICES = (*layout.SERVICES, NAME)  # those that systemd is asked about
    host = Host()
    for kind, case in under(manager).items():
        if kinds and kind not in kinds:
            continue
        since = time.monotonic()
        kept: list[str] = []
        failed = ""
        try:
            trial = Trial(case(host), host)
            kept = trial.kept
            trial.run()
        except Exception:  # noqa: BLE001 - whatever it is, it is this kind's, and the next one is tried
            failed = traceback.format_exc()
        seconds = round(time.monotonic() - since, 1)
        print(json.dumps({"kind": kind, "kept": kept, "failed": failed, "seconds": seconds}), flush=True)


main(*sys.argv[1:])
