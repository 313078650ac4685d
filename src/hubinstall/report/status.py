"""The state of an installation, for people and for programs."""

import dataclasses
import json
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

from hubinstall.report.plan import printable

if TYPE_CHECKING:
    from hubinstall.verify.health import Health


def print_status(found: "Health", *, as_json: bool = False) -> None:
    """Print every check with its state to stdout, and below a failed one what to do; no line is longer than the
    terminal, or than 80 characters where there is none.
    """
    if as_json:
        print(json.dumps(dataclasses.asdict(found) | {"state": found.state}, indent=1))
        return
    width = max(len(check.name) for check in found.checks)
    columns = max(60, shutil.get_terminal_size().columns)
    for check in found.checks:
        head = f"{check.state:<7}  {check.name:<{width}}  "
        texts = [check.message, check.hint] if check.hint and check.state != "ok" else [check.message]
        for line in (line for text in texts for line in wrapped(printable(text), columns - len(head))):
            print(f"{head}{line}".rstrip())
            head = " " * len(head)
    if found.pending:
        differ = "1 thing differs" if found.pending == 1 else f"{found.pending} things differ"
        print(f"{differ} from config.yaml; to see what, run: hubinstall plan", file=sys.stderr)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` characters; a longer word, such as a path to copy, stays whole."""
    lines = [textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) for line in text.splitlines()]
    return [line for part in lines for line in part] or [""]
