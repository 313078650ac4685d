"""The options of a start: which of them this hub has, and which of those that were given or kept count.

JupyterHub keeps the options of a start for all later ones, whatever they are, and DockerSpawner refuses a start with an
image that nobody may choose. So each option is checked twice: where somebody gives it (start_handlers.py), and again
before each start, where what was kept and no longer holds is left out.
"""

import json
from collections.abc import Mapping
from typing import Any

SAFE_START, IMAGE = "safe_start", "image"
LONGEST = 64 << 10
"""Bytes of all options of a start as JSON, where a drop-in's form takes what people write."""


def refusal(spawner: Any, options: Mapping[str, Any]) -> str:
    """Why a start with these options is refused, in words for who gives them; empty if all of them can be applied."""
    if len(json.dumps(options, default=repr)) > LONGEST:
        return f"The options of a start are longer than {LONGEST >> 10} kB together."
    choice, others = spawner.parted(options)
    words = [spawner.why_no_choice(choice), *(_why_not(spawner, name, value) for name, value in others.items())]
    return " ".join(filter(None, words))


def usable(spawner: Any, options: Any) -> dict[str, Any]:
    """The options that can be applied. `options`: of the hub's database, which may hold anything."""
    if not isinstance(options, dict):
        return {}
    choice, others = spawner.parted(options)
    found = {name: value for name, value in others.items() if not _why_not(spawner, name, value)}
    return found | ({} if spawner.why_no_choice(choice) else choice)


def offered_images(spawner: Any) -> dict[str, str] | str:
    """The images that people may choose from, by their names; "*" for any; empty if there is no choice."""
    allowed: dict[str, str] | str = spawner._get_allowed_images() or {}  # noqa: SLF001 - no other way to DockerSpawner's
    return allowed if allowed == "*" or len(allowed) > 1 else {}


def without_image(spawner: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """The same without an image that DockerSpawner would refuse, for what comes after `apply_user_options`. A profile's
    option may have that name, too: it was applied.
    """
    _, options = spawner.parted(options)
    allowed = offered_images(spawner)
    keep = isinstance(options.get(IMAGE), str) and (allowed == "*" or options[IMAGE] in allowed)
    return {name: value for name, value in options.items() if name != IMAGE or keep}


def has_own(spawner: Any) -> bool:
    """Whether a drop-in has options of its own: a form, `apply_user_options`, a hook or a class that may read them."""
    own_class = type(spawner).__module__ != "hubinstall.hubside.spawner"
    return bool(spawner.has_other_form() or own_class or spawner.apply_user_options or spawner.pre_spawn_hook)


def _why_not(spawner: Any, name: str, value: Any) -> str:
    if name == SAFE_START:
        return "" if isinstance(value, bool) else f"{SAFE_START} must be true or false."
    if name == IMAGE and (allowed := offered_images(spawner)):
        if isinstance(value, str) and value and (allowed == "*" or value in allowed):
            return ""
        return f"{IMAGE} must be one of: {', '.join(allowed)}." if allowed != "*" else f"{IMAGE} must be a name."
    if has_own(spawner):
        return ""
    if name == IMAGE:
        return "This hub offers no choice of an image, so a start has no option image."
    return f"A start has no option {name[:40]!r} on this hub."
