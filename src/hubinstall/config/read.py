"""`config get`: the value of one key, from the file or by default."""

from typing import Any

from hubinstall.config.edit import path_of
from hubinstall.config.explain import dotted, meant
from hubinstall.config.validate import Config
from hubinstall.config.yaml.writer import flow_text
from hubinstall.errors import UserError
from hubinstall.settings.keys import field_of, is_known


def get(config: Config, key: str) -> tuple[str, str]:
    """The value as it can be typed for `config set`, and a note if the file does not set it.

    Raises UserError if there is no such key.
    """
    path = path_of(key)
    if not is_known(path):
        raise UserError(
            f"there is no setting {key}; {meant(path)}", "To see all settings, run: hubinstall config example", 2
        )
    written = _at(config.document.root.data, path)
    if written is not None:
        return _text(written), ""
    default = _at(config.settings.model_dump(mode="json"), path)
    note = f"{dotted(path)} is not set"
    field = field_of(path)
    _, says, words = (field.description or "").partition("Default: ") if field else ("", "", "")
    if default in (None, [], {}):
        return "", f"{note}. Default: {words}" if says else note
    return _text(default), f"{note}; this is the default"


def is_set(config: Config, key: str) -> bool:
    """Whether the file sets `key`."""
    return _at(config.document.root.data, path_of(key)) is not None


def _at(data: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        data = data.get(part) if isinstance(data, dict) else None
    return data


def _text(value: Any) -> str:
    return value if isinstance(value, str) else flow_text(value)
