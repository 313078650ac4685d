"""The type of a setting that is a path: parsed once, at the edge, and narrow."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

from hubinstall.settings.values.words import schema, shown, type_name, wrong

FILE_PATH = r"(/[A-Za-z0-9._@+~=,-]{1,255})+"


def parse_file_path(value: Any) -> str:
    """The absolute path of a file, of plain characters: it goes into units of systemd, too."""
    example = "try one such as /etc/ssl/private/hub.key"
    if not isinstance(value, str):
        raise wrong(f"must be the path of a file, not {type_name(value)}", example)
    if not value.startswith("/"):
        raise wrong(f"{shown(value)} is not a whole path", "try the path from the beginning, with / in front")
    if len(value) > 400 or not re.fullmatch(FILE_PATH, value) or {".", ".."} & set(value.split("/")):
        raise wrong(
            f"{shown(value)} cannot be a path here",
            "try one of letters, digits and `._@+~=,-`, without `..`, such as /etc/ssl/private/hub.key",
        )
    return value


FilePath = Annotated[str, BeforeValidator(parse_file_path), schema("path of a file", FILE_PATH)]
