"""The type of settings that are paths."""

import re
from typing import Any

from hubinstall.settings.values.words import shown, type_name, wrong

FILE_PATH = r"(/[A-Za-z0-9._@+~=,-]{1,255})+"


def parse_file_path(value: Any) -> str:
    """The absolute path of a file. Only plain characters, because it is also written into systemd units."""
    example = "try one such as /etc/ssl/private/hub.key"
    if not isinstance(value, str):
        raise wrong(f"must be a file path, not {type_name(value)}", example)
    if not value.startswith("/"):
        raise wrong(f"{shown(value)} is not an absolute path", "try the full path, starting with /")
    if len(value) > 400 or not re.fullmatch(FILE_PATH, value) or {".", ".."} & set(value.split("/")):
        raise wrong(
            f"{shown(value)} is not a usable path",
            "try letters, digits and `._@+~=,-`, without `..`, such as /etc/ssl/private/hub.key",
        )
    return value
