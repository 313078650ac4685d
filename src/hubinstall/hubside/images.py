"""Where the images of servers come from if somebody has removed them (`docker system prune --all`)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class ImageSource:
    """Where the image comes from if somebody has removed it. An empty text: not from there."""

    label: str
    """A label, with its value, that only an image with this content has, whatever its names are."""
    archive: str
    """The path of a copy that `docker load` reads; of a layer, without what is below it."""
    pin: str
    """The path of the note that says which image of a registry it is (resources/docker/pulled_image.py)."""

    @classmethod
    def parsed(cls, data: Mapping[str, Mapping[str, str]]) -> dict[str, Self]:
        """Docker's names for images → their sources. Raises TypeError if a key is missing or unknown."""
        return {name: cls(**source) for name, source in data.items()}

    def pinned(self) -> dict[str, Any]:
        """The note about an image of a registry, with its digest and id; empty if there is none."""
        try:
            found = json.loads(Path(self.pin).read_text(encoding="utf-8")) if self.pin else {}
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
