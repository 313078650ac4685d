"""What the hub needs to know about an installation: one JSON file that `apply` writes (blueprint/hub.py)."""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from hubinstall.hubside import profiles
from hubinstall.hubside.appearance import Appearance
from hubinstall.hubside.courses import Course
from hubinstall.hubside.cull import Cull
from hubinstall.hubside.environments import ServerEnvironment
from hubinstall.hubside.images import ImageSource
from hubinstall.hubside.limits import OtherLimits, ServerLimits
from hubinstall.hubside.network import ServerNetwork
from hubinstall.hubside.profiles import Profile
from hubinstall.hubside.rooms import Room
from hubinstall.hubside.shares import SharedFolder


@dataclass(frozen=True)
class SignOn:
    """`auth` of config.yaml. The secret that is shared with a provider is elsewhere (layout.SIGN_ON_SECRET)."""

    kind: str
    class_path: str
    """Of oauthenticator's class, whose `options` are traits of it; empty if the class is ours."""
    options: dict[str, Any]
    issuer: str
    client_id: str
    callback: str
    """The URL to which the provider sends people back; empty if it follows from the one that they came by."""
    title: str
    """Of the provider, for people."""
    username_claim: str
    """Empty if the usual ones are tried."""
    groups_claim: str
    admin_groups: tuple[str, ...]
    allowed_groups: tuple[str, ...]
    scope: tuple[str, ...]


@dataclass(frozen=True)
class HubSettings:
    """The content of hub.json."""

    base_url: str
    subdomain_host: str
    """Scheme and name of the hub if each server has a name of its own below it, else empty."""
    network: ServerNetwork
    """Of the user servers. The host's address on it, the gateway, is the only address that the hub listens on."""
    appearance: Appearance
    sign_on: SignOn
    admins: tuple[str, ...]
    admin_groups: tuple[str, ...]
    admin_access: bool
    """Whether they may open other people's servers."""
    allowed: tuple[str, ...]
    allowed_groups: tuple[str, ...]
    allow_all: bool
    banned: tuple[str, ...]
    banned_groups: tuple[str, ...]
    teachers: dict[str, list[str]]
    """Host group → who sees and opens the servers of its members."""
    uid_min: int
    uid_max: int
    image: str
    image_source: ImageSource
    environments: dict[str, ServerEnvironment]
    """By name; `default`, whose image is `image`, is always among them."""
    limits: ServerLimits
    other_limits: OtherLimits
    cgroup_parent: str
    cores: int
    """The cores of the machine: this many servers start at once."""
    shares: tuple[SharedFolder, ...]
    """Those that everyone can read below /srv/data, and nobody write, are not listed."""
    courses: tuple[Course, ...]
    cull: Cull
    history: bool
    """Whether it is written down what each person's servers use."""
    metrics_allow: tuple[str, ...]
    """Addresses and networks from which /metrics is answered without a token."""
    other_spawners: bool
    """Whether a drop-in may choose a spawner class that is not ours."""
    way_out: dict[str, str]
    """Variables of the hub itself: how it reaches the internet."""
    server_way_out: dict[str, str]
    """The same for user servers."""
    trust_store: str
    """The path of the certificates that user servers trust instead of their image's; empty if that suffices."""
    profiles: tuple[Profile, ...] = ()
    gpus: int = 0
    """How many there are to lend."""
    other_sources: dict[str, ImageSource] = field(default_factory=dict)
    """Of the images beside `image`: those of environments, and those that images are layers upon."""
    layers: dict[str, str] = field(default_factory=dict)
    """Image → the one that it is a layer upon, which must be there first."""
    nbgrader: dict[str, str] = field(default_factory=dict)
    """The courses with nbgrader, which are profiles, too → the group of their teachers."""
    rooms: tuple[Room, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError if a key is missing or unknown: hub.json and this code belong together."""
        absent = {"profiles": [], "gpus": 0, "other_sources": {}, "layers": {}, "nbgrader": {}, "rooms": []}
        data = checked(cls, {**absent, **json.loads(text)})
        values = frozen(data)
        values["shares"] = tuple(SharedFolder(**checked(SharedFolder, share)) for share in data["shares"])
        values["environments"] = {
            name: ServerEnvironment(**frozen(checked(ServerEnvironment, one)))
            for name, one in data["environments"].items()
        }
        values["courses"] = tuple(Course(**frozen(checked(Course, course))) for course in data["courses"])
        parts: dict[str, Any] = {name: kind(**frozen(checked(kind, values[name]))) for name, kind in PARTS.items()}
        parts["profiles"] = profiles.parse(data["profiles"])
        parts["other_sources"] = ImageSource.parsed(data["other_sources"])
        parts["rooms"] = tuple(Room(**checked(Room, room)) for room in data["rooms"])
        return cls(**values | parts | {"other_limits": OtherLimits.parse(values["other_limits"])})

    def room_of(self, account: str) -> Room | None:
        """The room whose account has this name."""
        return next((room for room in self.rooms if room.account == account), None)

    @classmethod
    def load(cls, path: str) -> Self:
        return cls.parse(Path(path).read_text(encoding="utf-8"))

    def as_dict(self) -> dict[str, Any]:
        return profiles.without_unused(asdict(self))

    def source_of(self, image: str) -> ImageSource | None:
        """None: it is a drop-in's."""
        return self.image_source if image == self.image else self.other_sources.get(image)


Part = Appearance | Cull | ServerLimits | ServerNetwork | ImageSource | SignOn
PARTS: dict[str, type[Part]] = {
    "appearance": Appearance, "cull": Cull, "limits": ServerLimits, "network": ServerNetwork,
    "image_source": ImageSource, "sign_on": SignOn,
}  # fmt: skip


def frozen(data: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}


def checked(
    kind: type[HubSettings | SharedFolder | Course | Room | ServerEnvironment | Part], data: dict[str, Any]
) -> dict[str, Any]:
    """`data` if its keys are exactly the fields of the class, else ValueError."""
    names = {one.name for one in fields(kind)}
    if set(data) != names:
        raise ValueError(f"missing or unknown keys: {', '.join(sorted(set(data) ^ names))}")
    return data
