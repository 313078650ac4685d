"""The form of a start: the profiles that a person sees, and what the filled-in form means.

The fields have kubespawner's names: `profile`, and `profile-option-SLUG--OPTION` for the options of each profile, of
which only those of the chosen one count.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, Template
from tornado.web import HTTPError

from hubinstall.hubside import appearance
from hubinstall.hubside.profiles import PROFILE, UNLISTED, Profile, usual

PREFIX, WRITTEN = "profile-option-", "unlisted-choice"


@cache
def _template() -> Template:
    made = Environment(loader=FileSystemLoader(appearance.PAGES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return made.get_template("start_form.html")


def page(
    offered: Iterable[Profile],
    last: Mapping[str, Any],
    server: str = "",
    *,
    gone: bool = False,
    free: tuple[int, int] | None = None,
) -> str:
    """The form's HTML. `last`: the options of an earlier start, admitted now; `gone`: there are some that are not;
    `server`: the name of the server, if it has one; `free`: how many GPUs are free, and how many there are.
    """
    every = list(offered)
    first = usual(every)
    slug = last.get(PROFILE) or (first.slug if first else "")
    return _template().render(
        profiles=every, slug=slug, last=last, gone=gone, server=server, unlisted=UNLISTED, free=free
    )


def options(offered: Iterable[Profile], form: Mapping[str, Any]) -> dict[str, str]:
    """The options of a start. `form`: field → its values. Raises HTTPError 400 for a field that the form does not have,
    or has once; what is chosen is judged elsewhere.
    """
    every = {one.slug: one for one in offered}
    values = {name: _single(name, value) for name, value in form.items()}
    unknown = set(values) - {PROFILE} - {field for one in every.values() for field in fields(one)}
    if unknown:
        raise HTTPError(400, f"The form of a start has no field {min(unknown)[:60]!r}.")
    profile = every.get(values[PROFILE]) if PROFILE in values else usual(every.values())
    if profile is None:
        return {PROFILE: values.get(PROFILE, "")}
    found = {PROFILE: profile.slug}
    for name, option in profile.options.items():
        field = f"{PREFIX}{profile.slug}--{name}"
        if option.unlisted_choice and values.get(field) == WRITTEN:
            found[f"{name}{UNLISTED}"] = values.get(f"{field}{UNLISTED}", "").strip()
        elif field in values:
            found[name] = values[field]
    return found


def fields(profile: Profile) -> set[str]:
    """Those of the profile's own options."""
    return {f"{PREFIX}{profile.slug}--{key}" for key in profile.keys() - {PROFILE}}


def _single(name: str, value: Any) -> str:
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], str):
        raise HTTPError(400, f"The field {name[:60]!r} must have one value.")
    return value[0]
