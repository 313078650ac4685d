"""`profiles`: what people may choose when they start a server, in the shape of kubespawner's profile_list."""

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from hubinstall.settings.environments import DEFAULT
from hubinstall.settings.section import Conflict, Section, repeats
from hubinstall.settings.types import (
    Cpus,
    Description,
    EnvironmentName,
    Gpus,
    Groups,
    Memory,
    Mounts,
    OptionName,
    Pattern,
    Slug,
    Title,
)
from hubinstall.settings.values.words import map_of_names, parse_list

_VALUE = "{value}"
_OPTIONS = map_of_names("{choices: {small: {display_name: Small}}}")


class Gives(Section):
    """What a profile gives, or what a choice gives instead."""

    memory: Memory | None = Field(None, description="Instead of `limits.memory`.", examples=["4G"])
    cpu: Cpus | None = Field(None, description="Instead of `limits.cpu`.", examples=[2])
    gpus: Gpus | None = Field(
        None,
        description="How many of the machine's GPUs the server has for itself, for as long as it runs: 0 to 16. See"
        " `spawner.gpus`.",
        examples=[1],
    )
    empty_home: bool | None = Field(
        None,
        description="Whether this one start has an empty home: before it, what is there is moved into a folder of the"
        " home with the date in its name.",
        examples=[True],
    )
    mounts: Mounts | None = Field(
        None,
        description="Further directories of this machine, each as PATH (to read) or `PATH rw`. They are at the same"
        " path in the server. Only root may be able to replace a part of the path.",
        examples=[["/srv/material", "/srv/scratch rw"]],
    )
    environment: EnvironmentName | None = Field(
        None,
        description="One of `environments`, or default. Who sees the profile may have it, whatever the groups are that"
        " the environment itself names.",
        examples=["stats"],
    )

    def given(self) -> dict[str, Any]:
        """The keys that this says something about, with sizes in bytes."""
        return {key: getattr(self, key) for key in Gives.model_fields if getattr(self, key) is not None}


class Choice(Section):
    display_name: Title = Field(description="What people read.", examples=["8 GB"])
    default: bool = Field(False, description="Whether it is chosen at first. Default: the first.", examples=[True])
    overrides: Gives = Field(default_factory=Gives, description="What it gives instead of the profile.")

    def described(self) -> dict[str, Any]:
        return {"display_name": self.display_name, "default": self.default, "overrides": self.overrides.given()}


class Written(Section):
    """Which keys get the value."""

    memory: Literal["{value}"] | None = Field(None, description="`{value}`: the value is a size.", examples=[_VALUE])
    cpu: Literal["{value}"] | None = Field(None, description="`{value}`: a number of cores.", examples=[_VALUE])
    image: Literal["{value}"] | None = Field(
        None,
        description="`{value}`: the full name of an image, below one of `spawner.allow.images`. It is pulled at the"
        " start, unless it is on the machine.",
        examples=[_VALUE],
    )


class UnlistedChoice(Section):
    enabled: bool = Field(False, description="Whether people may write a value that is not listed.", examples=[True])
    display_name: Title = Field("Other", description="What people read beside the field.", examples=["Your own size"])
    validation_regex: Pattern | None = Field(
        None,
        description="The regular expression, of Python, that the whole value must match. Required, except for the name"
        " of an image.",
        examples=["[1-8]G"],
    )
    validation_message: Title | None = Field(
        None, description="What people read if it does not.", examples=["From 1G to 8G."]
    )
    overrides: Written = Field(default_factory=Written, description="What the value is given to.")

    def conflicts(self) -> list[Conflict]:
        if not self.enabled:
            return []
        found = []
        if not self.validation_regex and not self.overrides.image:
            hint = "try one such as '[1-8]G'"
            found.append(Conflict((), ("enabled", "validation_regex"), "also needs validation_regex", hint))
        if not self.sets():
            hint = "try memory, cpu or image there"
            found.append(Conflict((), ("enabled", "overrides"), "also needs overrides", hint))
        return found

    def sets(self) -> list[str]:
        return [key for key in Written.model_fields if getattr(self.overrides, key)]

    def described(self, images: tuple[str, ...]) -> dict[str, Any] | None:
        if not self.enabled:
            return None
        return {
            "display_name": self.display_name, "validation_regex": self.validation_regex or ".*",
            "validation_message": self.validation_message or "", "overrides": self.sets(),
            "images": images if self.overrides.image else (),
        }  # fmt: skip


class ProfileOption(Section):
    display_name: Title | None = Field(
        None, description="What people read. Default: the option's name.", examples=["Memory"]
    )
    choices: Annotated[dict[Slug, Choice], BeforeValidator(map_of_names("{display_name: Small}"))] = Field(
        description="What can be chosen, by name.",
        examples=[{"small": {"display_name": "Small"}, "large": {"display_name": "Large"}}],
    )
    unlisted_choice: UnlistedChoice = Field(
        default_factory=UnlistedChoice, description="A value that people write themselves."
    )

    def conflicts(self) -> list[Conflict]:
        if not self.choices:
            return [Conflict(("choices",), ("choices",), "has no choice", "try one such as small, with a display_name")]
        more = [name for name, choice in self.choices.items() if choice.default][1:]
        hint = "try leaving it out in one of them"
        return [Conflict(("choices", n, "default"), ("choices",), "is the second default", hint) for n in more]

    def described(self, name: str, images: tuple[str, ...]) -> dict[str, Any]:
        return {
            "display_name": self.display_name or name,
            "choices": {name: choice.described() for name, choice in self.choices.items()},
            "unlisted_choice": self.unlisted_choice.described(images),
        }


class Profile(Gives):
    slug: Slug | None = Field(
        None,
        description="Its name in forms and in the API: small letters, digits and `-`. Default: it follows from"
        " `display_name`.",
        examples=["large"],
    )
    display_name: Title = Field(description="What people read.", examples=["Large"])
    description: Description | None = Field(
        None, description="A sentence about it, as plain text.", examples=["For models that need much memory."]
    )
    default: bool = Field(
        False, description="Whether a start without a choice has it. Default: the first that a person sees.",
        examples=[True],
    )  # fmt: skip
    groups: Groups = Field(
        (), description="The groups of this machine whose members see it. Default: everyone.", examples=[["projects"]]
    )
    profile_options: Annotated[dict[OptionName, ProfileOption], BeforeValidator(_OPTIONS)] = Field(
        {},
        description="What can be chosen in this profile, by name.",
        examples=[{"size": {"choices": {"s": {"display_name": "1 GB", "overrides": {"memory": "1G"}}}}}],
    )

    @property
    def name(self) -> str:
        """The slug, or what follows from the name that people read; empty if nothing does."""
        return self.slug or re.sub("[^a-z0-9]+", "-", self.display_name.lower()).strip("-")[:63].strip("-")

    def conflicts(self) -> list[Conflict]:
        hint = "try deleting one of them"
        found = [
            Conflict(("groups", i), ("groups",), f"{n} is in the list twice", hint) for i, n in repeats(self.groups)
        ]
        if not self.name:
            hint = "try a slug of small letters, such as large"
            found.append(Conflict(("display_name",), ("display_name", "slug"), "has no letter for a slug", hint))
        return found

    def described(self, images: tuple[str, ...] = ()) -> dict[str, Any]:
        """As the hub and the broker read it (hubside/profiles.py). `images`: of `spawner.allow`."""
        return {
            "slug": self.name, "display_name": self.display_name, "description": self.description or "",
            "default": self.default, "groups": self.groups, "gives": self.given(),
            "options": {name: option.described(name, images) for name, option in self.profile_options.items()},
        }  # fmt: skip


Profiles = Annotated[tuple[Profile, ...], BeforeValidator(parse_list)]


def profile_conflicts(
    profiles: tuple[Profile, ...], environments: Iterable[str], images: tuple[str, ...] = ()
) -> list[Conflict]:
    """What profiles say against each other, of environments that there are not, and of `images` that none may name."""
    about = ("profiles",)
    found = [
        Conflict(("profiles", index), about, f"has the slug {name} of an earlier profile", "try another slug")
        for index, name in repeats(tuple(one.name for one in profiles))
    ]
    everyones = [index for index, one in enumerate(profiles) if one.default and not one.groups]
    hint = "try leaving it out in one of them"
    found += [Conflict(("profiles", i, "default"), about, "is the second default", hint) for i in everyones[1:]]
    known = sorted({*environments, DEFAULT})
    for at, gives in all_that_is_given(profiles):
        if (name := gives.environment) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "try default"
            message = f"there is no environment {name}"
            found.append(Conflict((*at, "environment"), ("profiles", "environments"), message, hint))
    return found + ([] if images else list(_without_prefix(profiles)))


def _without_prefix(profiles: tuple[Profile, ...]) -> Iterator[Conflict]:
    hint = "try spawner.allow.images: [registry.example.org/course/]"
    for index, profile in enumerate(profiles):
        for name, option in profile.profile_options.items():
            if option.unlisted_choice.enabled and option.unlisted_choice.overrides.image:
                at = ("profiles", index, "profile_options", name, "unlisted_choice", "overrides", "image")
                yield Conflict(at, ("profiles", "spawner"), "no image may be named on this hub", hint)


def all_that_is_given(profiles: tuple[Profile, ...]) -> Iterator[tuple[tuple[str | int, ...], Gives]]:
    """All that profiles and their choices give, each with its place."""
    for index, profile in enumerate(profiles):
        yield ("profiles", index), profile
        for name, option in profile.profile_options.items():
            for key, choice in option.choices.items():
                yield ("profiles", index, "profile_options", name, "choices", key, "overrides"), choice.overrides
