"""Where a prebuilt image comes from, and its SHA-256."""

import re
from typing import Any

from hubinstall.settings.values.files import FILE_PATH, parse_file_path
from hubinstall.settings.values.urls import HOST_AND_PORT, names_a_host
from hubinstall.settings.values.words import shown, type_name, wrong

URL = rf"https?://{HOST_AND_PORT}(/[A-Za-z0-9._~%+@=,-]+)+"
PLACE = rf"({URL}|{FILE_PATH})"
SHA256 = r"[0-9a-fA-F]{64}"


def parse_place(value: Any) -> str:
    """A URL of http or https, or the path of a file. Plain http will do, because the hash is compared."""
    example = "try the path of a file, or a URL such as https://www.example.org/image.tar.zst"
    if not isinstance(value, str):
        raise wrong(f"must be a URL or a file path, not {type_name(value)}", example)
    if value.startswith("/"):
        return parse_file_path(value)
    if len(value) > 400 or not re.fullmatch(URL, value) or not names_a_host(value):
        raise wrong(f"{shown(value)} is not a usable URL", example)
    return value


def parse_sha256(value: Any) -> str:
    """64 hexadecimal digits, in lower case."""
    example = "try the 64 digits that `sha256sum FILE` prints, in quotes"
    if not isinstance(value, str):
        raise wrong(f"must be a SHA-256, not {type_name(value)}", example)
    if not re.fullmatch(SHA256, value):
        raise wrong(f"{shown(value)} is not a SHA-256", example)
    return value.lower()
