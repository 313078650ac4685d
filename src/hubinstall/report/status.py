"""The state of an installation, for people and for programs."""

import dataclasses
import json
import sys
from typing import TYPE_CHECKING

from hubinstall.report.plan import printable

if TYPE_CHECKING:
    from hubinstall.verify.health import Health


def print_status(found: "Health", *, as_json: bool = False) -> None:
    """Print every check with its state to stdout, and below a failed one what to do."""
    if as_json:
        print(json.dumps(dataclasses.asdict(found) | {"state": found.state}, indent=1))
        return
    width = max(len(check.name) for check in found.checks)
    for check in found.checks:
        print(f"{check.state:<7}  {check.name:<{width}}  {printable(check.message)}")
        if check.hint and check.state != "ok":
            print(f"{'':<7}  {'':<{width}}  {printable(check.hint)}")
    if found.pending:
        differ = "1 thing differs" if found.pending == 1 else f"{found.pending} things differ"
        print(f"{differ} from config.yaml; to see what, run: hubinstall plan", file=sys.stderr)
