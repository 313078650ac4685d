"""What the settings are, for editors and for people: made from their types, so that it cannot be out of date."""

import textwrap
from collections.abc import Iterator
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from hubinstall import layout
from hubinstall.config.yaml.writer import flow_text, key_text
from hubinstall.settings.keys import sections
from hubinstall.settings.model import Settings
from hubinstall.settings.section import Section

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_WIDTH = 100
_TYPES = {"boolean": "true or false", "object": "map", "number": "number", "integer": "whole number"}


def schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of config.yaml. A key without a value is allowed wherever it may be left out."""
    made = Settings.model_json_schema(mode="validation")
    for model in (made, *made.get("$defs", {}).values()):
        for name, part in model.get("properties", {}).items():
            if name not in model.get("required", []):
                model["properties"][name] = _or_nothing(part)
    shares = made["properties"]["shares"]["anyOf"][0]
    shares["patternProperties"] = {name: _or_nothing(share) for name, share in shares["patternProperties"].items()}
    shares["additionalProperties"] = False
    return {"$schema": _DIALECT, **made, "title": "hubinstall's config.yaml"}


def _or_nothing(part: dict[str, Any]) -> dict[str, Any]:
    if "null" in str(part.get("anyOf", "")):
        return part
    about: dict[str, Any] = {
        name: part[name] for name in ("title", "description", "default", "examples") if name in part
    }
    bare = {name: value for name, value in part.items() if name not in about}
    return {**about, "anyOf": [bare, {"type": "null"}]}


def example() -> str:
    """A config.yaml in which every setting stands with its meaning, all commented out: it means the defaults."""
    head = (
        "The configuration of this hub. Change it, then run `hubinstall apply`.",
        "What is commented out is at its default. `hubinstall plan` shows what a change would do.",
    )
    return "\n".join([*(f"# {line}" for line in head), *_example(Settings, 0)]) + "\n"


def _example(model: type[Section], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for number, (name, field) in enumerate(model.model_fields.items()):
        section = _section(field)
        if number or not depth:
            yield ""
        yield from (f"{indent}# {line}" for line in _wrapped(_about(field), _WIDTH - 2 - len(indent)))
        if section:
            yield f"{indent}{name}:"
            yield from _example(section, depth + 1)
        elif name == "shares":
            yield f"{name}:"
            for share, value in field.examples[0].items() if field.examples else ():
                yield f"  # {key_text(share)}: {flow_text(value)}"
        else:
            yield f"{indent}# {name}: {flow_text(_sample(field))}"


def reference() -> str:
    """The reference page: every key with its type, its default and its meaning."""
    head = (
        "# Settings\n\n"
        "<!-- Made by `src/hubinstall/config/reference.py` from the settings' types; a test holds it equal. -->\n\n"
        f"What `{layout.CONFIG_FILE}` may say. A key that is left out, or has no value, is at its default.\n"
        "`hubinstall config set KEY VALUE` changes one and keeps the file's comments; `hubinstall apply` makes it so.\n"
        'A name with a dot in it stands in quotes: `shares."a.b".access`.\n\n'
        "| Key | Type | Default | Meaning | Example |\n|---|---|---|---|---|\n"
    )
    return head + "".join(f"| {' | '.join(_cells(key, field))} |\n" for key, field in _fields(Settings, ""))


def _cells(key: str, field: FieldInfo) -> tuple[str, ...]:
    default = _default(field)
    shown = "required" if field.is_required() else "" if default is None else f"`{flow_text(default)}`"
    sample = f"`{flow_text(field.examples[0])}`" if field.examples else ""
    return tuple(
        cell.replace("|", "\\|") for cell in (f"`{key}`", _kind(field), shown, field.description or "", sample)
    )


def _fields(model: type[Section], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        section = _section(field)
        if section:
            yield from _fields(section, f"{prefix}{name}.")
            continue
        yield prefix + name, field
        for inner, steps in sections(field.annotation):
            yield from _fields(inner, ".".join((f"{prefix}{name}", *("NAME" for _ in steps), "")))


def _section(field: FieldInfo) -> type[Section] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def _default(field: FieldInfo) -> Any:
    """The default as it would be written in the file."""
    value = field.default
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is None or value is PydanticUndefined or isinstance(value, str | int | float | dict):
        return None if value is PydanticUndefined else value
    return list(value) if isinstance(value, tuple) else str(value)


def _sample(field: FieldInfo) -> Any:
    default = _default(field)
    return field.examples[0] if default in (None, []) and field.examples else default


def _about(field: FieldInfo) -> str:
    default = _default(field)
    if _section(field) or default in (None, [], {}):
        return field.description or ""
    return f"{field.description} Default: {flow_text(default)}."


def _kind(field: FieldInfo) -> str:
    """The type in words, from the same schema that editors get."""
    return _words(_property(field))


def _property(field: FieldInfo) -> dict[str, Any]:
    from pydantic import TypeAdapter  # noqa: PLC0415 (only the page needs it)

    return TypeAdapter(field.rebuild_annotation()).json_schema()


def _words(part: dict[str, Any]) -> str:
    if "items" in part:
        return f"list: {_words(part['items'])}"
    choices = [const] if (const := part.get("const")) else part.get("enum", [])
    if choices:
        return " or ".join(f"`{choice}`" for choice in choices)
    either = [one for one in part.get("oneOf", part.get("anyOf", [])) if one.get("type") != "null"]
    if either:
        return " or ".join(_words(one) for one in either)
    if "$ref" in part:
        return "map"
    return _TYPES.get(str(part.get("type")), str(part.get("title", "")))


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width)
