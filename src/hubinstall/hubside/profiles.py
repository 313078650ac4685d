"""What people may choose when they start a server, and what a choice gives them (`profiles` in config.yaml).

The hub and the broker read the same profiles and judge the same options, each by itself: the hub says in a label of the
container what was chosen, and the broker gives no more than that. The options have kubespawner's names (KubeSpawner,
profile_list): `profile`, and for each of the profile's own options its name, or its name and `--unlisted-choice`.
"""

import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from hubinstall import layout
from hubinstall.hubside import named_images
from hubinstall.hubside.accounts import Account, group_ids
from hubinstall.hubside.limits import ServerLimits

PROFILE, UNLISTED = "profile", "--unlisted-choice"
LONGEST = 255
"""Characters of a value that a person writes."""
LEAST_MEMORY, LEAST_CPU = 128 << 20, 0.01
"""As config.yaml takes them."""
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)([KMGT]?)", re.ASCII)
_CORES = re.compile(r"[0-9]{1,4}(\.[0-9]{1,6})?", re.ASCII)


class NoChoiceError(Exception):
    """Why these options are not admitted, in words for who gives them."""


@dataclass(frozen=True)
class Gives:
    """What a profile or a choice gives. None: it says nothing about it, and what is said before it holds."""

    memory: int | None = None
    cpu: float | None = None
    mounts: tuple[str, ...] | None = None
    """Directories of the machine, each as PATH or `PATH rw`, at the same path in the server."""
    gpus: int | None = None
    empty_home: bool | None = None
    environment: str | None = None
    """The name of one of the hub's environments."""
    image: str | None = None
    """One that a person has named (named_images.py), instead of an environment's."""

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        mounts = data.get("mounts")
        return cls(**{**data, "mounts": mounts if mounts is None else tuple(mounts)})

    def then(self, more: "Gives") -> "Gives":
        """The same with what `more` says instead."""
        said = {one.name: getattr(more, one.name) for one in fields(more)}
        return replace(self, **{name: value for name, value in said.items() if value is not None})

    def limits(self, usual: ServerLimits) -> ServerLimits:
        said = {"memory": self.memory, "cpu": self.cpu}
        return replace(usual, **{name: value for name, value in said.items() if value is not None})  # type: ignore[arg-type]

    def folders(self) -> dict[str, bool]:
        """Directory → whether it is read-only."""
        return {line.removesuffix(" rw"): not line.endswith(" rw") for line in self.mounts or ()}


@dataclass(frozen=True)
class Choice:
    display_name: str
    default: bool = False
    overrides: Gives = field(default_factory=Gives)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{**data, "overrides": Gives.parse(data["overrides"])})


@dataclass(frozen=True)
class UnlistedChoice:
    """A value that a person writes, and that must match the pattern as a whole."""

    display_name: str
    validation_regex: str
    validation_message: str
    overrides: tuple[str, ...]
    """The keys of Gives that get the value."""
    images: tuple[str, ...] = ()
    """What the name of an image must begin with, if it is one."""

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        lists = {"overrides": tuple(data["overrides"]), "images": tuple(data.get("images", ()))}
        return cls(**{**data, **lists})

    def gives(self, name: str, value: str) -> Gives:
        """Raises NoChoiceError. `name`: of the option, for its words."""
        if len(value) > LONGEST or not re.fullmatch(self.validation_regex, value):
            raise NoChoiceError(self.validation_message or f"{name}: {value[:60]!r} cannot be chosen here.")
        if "image" in self.overrides and not named_images.is_below(value, self.images):
            below = " or ".join(self.images)
            raise NoChoiceError(f"{name}: {value[:60]!r} is not the full name of an image below {below}.")
        try:
            return Gives(**{key: READERS[key](value) for key in self.overrides})
        except ValueError:
            raise NoChoiceError(f"{name}: {value[:60]!r} is no value for {' and '.join(self.overrides)}.") from None


@dataclass(frozen=True)
class Option:
    display_name: str
    choices: dict[str, Choice]
    unlisted_choice: UnlistedChoice | None = None

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        unlisted = data["unlisted_choice"]
        return cls(
            data["display_name"],
            {name: Choice.parse(choice) for name, choice in data["choices"].items()},
            UnlistedChoice.parse(unlisted) if unlisted else None,
        )

    @property
    def usual(self) -> str:
        """The choice that counts where nothing is said."""
        return next((name for name, choice in self.choices.items() if choice.default), next(iter(self.choices)))


@dataclass(frozen=True)
class Profile:
    slug: str
    display_name: str
    description: str = ""
    default: bool = False
    groups: tuple[str, ...] = ()
    """The groups of this machine whose members see it; empty: everyone sees it."""
    gives: Gives = field(default_factory=Gives)
    options: dict[str, Option] = field(default_factory=dict)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        options = {name: Option.parse(option) for name, option in data["options"].items()}
        parts = {"groups": tuple(data["groups"]), "gives": Gives.parse(data["gives"]), "options": options}
        return cls(**{**data, **parts})

    def keys(self) -> set[str]:
        """The options of a start that this profile may have."""
        unlisted = {f"{name}{UNLISTED}" for name, option in self.options.items() if option.unlisted_choice}
        return {PROFILE, *self.options, *unlisted}


@dataclass(frozen=True)
class Chosen:
    """A profile with a choice for each of its options. `options`: what was said, to be said again to the broker."""

    profile: Profile
    options: dict[str, str]
    gives: Gives

    def label(self) -> str:
        return json.dumps({PROFILE: self.profile.slug, **self.options}, sort_keys=True)


def parse(data: Iterable[Mapping[str, Any]]) -> tuple[Profile, ...]:
    """Raises KeyError or TypeError if a key is missing or unknown: the files and this code belong together."""
    return tuple(Profile.parse(one) for one in data)


def without_unused(data: dict[str, Any]) -> dict[str, Any]:
    """The content of a file without these keys if nothing is said: an upgrade changes no file without need."""
    unused = {"profiles", "gpus", "other_sources", "layers", "nbgrader", "rooms"}
    return {name: value for name, value in data.items() if value or name not in unused}


def lent(container: Mapping[str, Any]) -> tuple[str, ...]:
    """The GPUs that a container has. `container`: as Docker lists it, or its Config."""
    text = (container.get("Labels") or {}).get(layout.GPU_LABEL)
    return tuple(json.loads(text)) if text else ()


def holds(container: Mapping[str, Any]) -> bool:
    """Whether a container, as Docker lists it, has what was lent to it. One that has ended has it no longer; one that
    was never started has it for as long as a start may take.
    """
    state = container.get("State")
    fresh = time.time() - float(container.get("Created") or 0) < layout.START_SECONDS
    return state in {"running", "paused", "restarting", "removing"} or (state == "created" and fresh)


def image_prefixes(every: Iterable[Profile]) -> tuple[str, ...]:
    """What the names of images that people may name begin with."""
    written = (option.unlisted_choice for profile in every for option in profile.options.values())
    return tuple(sorted({prefix for one in written if one for prefix in one.images}))


def may_give_gpus(profile: Profile) -> bool:
    """With one of its choices at least."""
    choices = (choice.overrides for option in profile.options.values() for choice in option.choices.values())
    return any(gives.gpus for gives in (profile.gives, *choices))


def of_person(profiles: Iterable[Profile], account: Account) -> tuple[Profile, ...]:
    """Those that this person sees."""
    every = tuple(profiles)
    here = group_ids({group for one in every for group in one.groups})
    return tuple(
        one for one in every if not one.groups or any(here.get(group, -1) in account.gids for group in one.groups)
    )


def usual(offered: Iterable[Profile]) -> Profile | None:
    """The profile of a start without options; None if none is offered."""
    every = list(offered)
    return next((one for one in every if one.default), next(iter(every), None))


def named(offered: Iterable[Profile], slug: Any) -> Profile | None:
    return next((one for one in offered if one.slug == slug), None)


def choose(offered: tuple[Profile, ...], options: Mapping[str, Any]) -> Chosen:
    """What these options choose. Raises NoChoiceError. `offered`: at least one profile."""
    for name, value in options.items():
        if not isinstance(value, str):
            raise NoChoiceError(f"The option {name[:40]!r} of a start must be a text.")
    slug = options.get(PROFILE)
    profile = usual(offered) if slug is None else named(offered, slug)
    if profile is None:
        raise NoChoiceError(f"There is no profile {str(slug)[:40]!r} to choose here.")
    if unknown := sorted(set(options) - profile.keys()):
        raise NoChoiceError(f"The profile {profile.display_name} has no option {unknown[0][:40]!r}.")
    gives = profile.gives
    for name, option in profile.options.items():
        gives = gives.then(_picked(name, option, options))
    return Chosen(profile, {name: value for name, value in options.items() if name != PROFILE}, gives)


def _picked(name: str, option: Option, options: Mapping[str, str]) -> Gives:
    written = options.get(f"{name}{UNLISTED}")
    if written is not None and name in options:
        raise NoChoiceError(f"{option.display_name}: choose one of the list, or write your own, not both.")
    if written is not None and option.unlisted_choice:
        return option.unlisted_choice.gives(option.display_name, written)
    picked = option.choices.get(options.get(name, option.usual))
    if picked is None:
        raise NoChoiceError(f"{option.display_name}: {options[name][:40]!r} cannot be chosen here.")
    return picked.overrides


def size(text: str) -> int:
    """The bytes of `2G`, `1.5G`, `512M`, or a number of bytes. Raises ValueError."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise ValueError(text)
    number = int(float(found[1]) * 1024 ** " KMGT".index(found[2] or " "))
    if number < LEAST_MEMORY:
        raise ValueError(text)
    return number


def cores(text: str) -> float:
    """Raises ValueError."""
    if not _CORES.fullmatch(text) or float(text) < LEAST_CPU:
        raise ValueError(text)
    return float(text)


READERS: dict[str, Any] = {"memory": size, "cpu": cores, "image": str}
"""The keys that a value which a person writes can set."""
