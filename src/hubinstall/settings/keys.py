"""Every key that config.yaml may have, from the classes of the settings."""

from collections.abc import Iterator
from typing import Any, get_args

from hubinstall.settings.model import Settings
from hubinstall.settings.section import Section


def known_keys(model: type[Section] = Settings, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key of the file; `*` stands for a name that people choose."""
    for name, field in model.model_fields.items():
        yield (*path, name)
        for section, steps in sections(field.annotation):
            yield from known_keys(section, (*path, name, *steps))


def sections(annotation: Any) -> Iterator[tuple[type[Section], tuple[str, ...]]]:
    """The sections in a field's type, each with the steps to it: `*` for a name in a map."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation, ()
    inner = ("*",) if getattr(annotation, "__origin__", None) is dict else ()
    for argument in get_args(annotation):
        for section, steps in sections(argument):
            yield section, (*inner, *steps)
