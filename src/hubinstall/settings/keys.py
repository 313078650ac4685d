"""Every key that config.yaml may have, from the classes of the settings."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic.fields import FieldInfo

from hubinstall.settings.model import Settings
from hubinstall.settings.section import Section


def known_keys(model: type[Section] = Settings, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key of the file; `*` stands for a name that people choose."""
    for name, field in model.model_fields.items():
        yield (*path, name)
        for section, steps in sections(field.annotation):
            yield from known_keys(section, (*path, name, *steps))


def is_known(path: tuple[str, ...]) -> bool:
    """Whether the file may have this key, or keys below it."""
    return any(_matches(path, key[: len(path)]) for key in known_keys() if len(key) >= len(path))


def is_list(path: tuple[str, ...]) -> bool:
    """Whether a known key has a list of items."""
    field = field_of(path)
    return field is not None and isinstance(field.default, tuple)


def field_of(path: tuple[str, ...], model: type[Section] = Settings) -> FieldInfo | None:
    """The field of a known key; None for a name that people choose."""
    field = model.model_fields.get(path[0])
    if field is None or len(path) == 1:
        return field
    below = [field_of(path[1 + len(steps) :], section) for section, steps in sections(field.annotation)
             if len(path) > 1 + len(steps)]  # fmt: skip
    return next((found for found in below if found), None)


def _matches(path: tuple[str, ...], key: tuple[str, ...]) -> bool:
    return len(path) == len(key) and all(there in {"*", part} for part, there in zip(path, key, strict=True))


def sections(annotation: Any) -> Iterator[tuple[type[Section], tuple[str, ...]]]:
    """The sections in a field's type, each with the steps to it: `*` for a name in a map, and for an item of a list."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation, ()
    inner = ("*",) if getattr(annotation, "__origin__", None) in {dict, tuple} else ()
    for argument in get_args(annotation):
        for section, steps in sections(argument):
            yield section, (*inner, *steps)
