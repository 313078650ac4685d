"""What the hub's own pages show besides what JupyterHub shows: title, logo, help link, announcements.

The pages of the folder `pages` use it under the name `appearance`.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hubinstall import layout

PAGES = str(Path(__file__).parent / "pages")
"""Templates that extend JupyterHub's own."""


@dataclass(frozen=True)
class Appearance:
    """The texts of config.yaml; an empty one is not shown."""

    title: str
    logo: str
    """The path of a picture; empty: JupyterHub's own."""
    help: str
    """A link."""
    announcement: str

    def announcements(self) -> list[str]:
        """What is announced now, as plain text: config.yaml's, then the one of `hubinstall announce`."""
        return [text for text in (self.announcement, *current(Path(layout.ANNOUNCEMENT), time.time())) if text]


def current(path: Path, now: float) -> Iterator[str]:
    """The text of `hubinstall announce`, unless its time is over. A page is shown, whatever is in the file."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said["until"] is None or now < float(said["until"]):
            yield str(said["text"])
    except (OSError, ValueError, KeyError, TypeError):
        return
