"""What the hub may ask for: broker.json, which `apply` writes and only root can change (blueprint/broker.py)."""

import fnmatch
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from hubinstall.hubside import named_images, profiles
from hubinstall.hubside.images import ImageSource
from hubinstall.hubside.limits import OtherLimits, ServerLimits
from hubinstall.hubside.network import ServerNetwork
from hubinstall.hubside.profiles import Profile
from hubinstall.hubside.shares import SharedFolder


@dataclass(frozen=True)
class Policy:
    """The content of broker.json."""

    network: ServerNetwork
    image: str
    image_label: str
    """A label, with its value, that only the image with this content has (see ImageSource)."""
    image_archive: str
    image_pin: str
    uid_min: int
    uid_max: int
    cgroup_parent: str
    limits: ServerLimits
    other_limits: OtherLimits = field(default_factory=OtherLimits)
    shares: tuple[SharedFolder, ...] = ()
    """Those that everyone can read below /srv/data, and nobody write, are not listed."""
    trust_store: str = ""
    more_images: tuple[str, ...] = ()
    """Of the other environments."""
    allowed: tuple[str, ...] = ()
    """`spawner.allow.docker` of config.yaml: each a word, or a word and what it is about, such as "bind /srv/x rw"."""
    profiles: tuple[Profile, ...] = ()
    gpus: tuple[str, ...] = ()
    """What there is to lend: NVIDIA's UUIDs, or paths of devices."""
    other_sources: dict[str, ImageSource] = field(default_factory=dict)
    """Of the images beside `image` that the hub may bring back; not all of them may be run."""
    nbgrader: dict[str, str] = field(default_factory=dict)
    """The courses with nbgrader → the group of their teachers."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError if a key is missing or unknown: broker.json and this code belong together."""
        data = {"profiles": [], "gpus": [], "other_sources": {}, "nbgrader": {}, **json.loads(text)}
        if set(data) != (names := {one.name for one in fields(cls)}):
            raise ValueError(f"missing or unknown keys: {', '.join(sorted(set(data) ^ names))}")
        parts: dict[str, Any] = {
            "network": ServerNetwork(**data["network"]),
            "limits": ServerLimits(**data["limits"]),
            "other_limits": OtherLimits.parse(data["other_limits"]),
            "shares": tuple(SharedFolder(**share) for share in data["shares"]),
            "profiles": profiles.parse(data["profiles"]),
            "other_sources": ImageSource.parsed(data["other_sources"]),
        }
        return cls(**data | parts | {name: tuple(data[name]) for name in ("allowed", "more_images", "gpus")})

    @classmethod
    def load(cls, path: str) -> Self:
        return cls.parse(Path(path).read_text(encoding="utf-8"))

    def as_dict(self) -> dict[str, Any]:
        return profiles.without_unused(asdict(self))

    def allows(self, line: str) -> bool:
        """Whether config.yaml has this line; a `*` in the file's stands for anything but a slash or a space."""
        return any(line == one or ("*" in one and _matches(line, one)) for one in self.allowed)

    def admits_image(self, name: str) -> bool:
        """Whether servers may run it. By name: the hub cannot give a name to another image (images.py)."""
        return name in (self.image, *self.more_images) or any(
            self.allows(f"image {one}") for one in (name, name.removesuffix(":latest"))
        )

    def may_be_named(self, name: str) -> bool:
        """Whether a person may name it: the hub may look for it and pull it. Who may run it, their choice says."""
        return named_images.is_below(name, profiles.image_prefixes(self.profiles))

    def sources(self) -> dict[str, ImageSource]:
        """Of all images that the hub may bring back, by their names."""
        return {self.image: ImageSource(self.image_label, self.image_archive, self.image_pin), **self.other_sources}


def _matches(line: str, pattern: str) -> bool:
    parts, wanted = line.replace("/", " / ").split(), pattern.replace("/", " / ").split()
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))
