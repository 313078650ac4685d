"""What homes hold beside their quotas, for the hub, which cannot see homes: the service of the quotas has it told.

Nobody counts files for it: the kernel has the figures, of homes with a quota alone.
"""

import json
from pathlib import Path

from hubinstall import layout
from hubinstall.hubside import kept_file

Figures = dict[str, tuple[int, int]]
"""Name of a person → bytes that the home holds, and may hold."""


def tell(figures: Figures) -> None:
    """For root. Raises OSError."""
    kept_file.keep(Path(layout.HOME_USE), f"{json.dumps(figures, sort_keys=True)}\n", 0o640)


def told() -> Figures:
    """Some seconds old; empty where no home has a quota, or nothing is known."""
    try:
        found = json.loads(Path(layout.HOME_USE).read_text(encoding="utf-8"))
        return {str(name): (int(used), int(limit)) for name, (used, limit) in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
