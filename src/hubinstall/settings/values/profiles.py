"""Names, patterns and directories of profiles."""

import re
from typing import Any

from hubinstall.settings.values.files import FILE_PATH, parse_shared_path
from hubinstall.settings.values.words import as_text, shown, wrong

SLUG = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
OPTION = "[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?"
MOUNT = rf"{FILE_PATH}( rw)?"
GPU = r"(GPU-[0-9a-fA-F-]{8,60}|/dev/[A-Za-z0-9._/-]{1,100})"
LONGEST_PATTERN = 500
_OTHERS = frozenset({"profile", "safe_start", "safe-start"})
"""Options of a start that mean something else."""


def parse_slug(value: Any) -> str:
    text = as_text(value, "a name", "large")
    if not re.fullmatch(SLUG, text) or "--" in text or text == "unlisted-choice":
        raise wrong(f"{shown(text)} cannot be a name here", "try up to 63 small letters, digits and single `-`")
    return text


def parse_option(value: Any) -> str:
    """The name of an option of a profile."""
    text = as_text(value, "a name", "size")
    if not re.fullmatch(OPTION, text) or "--" in text or text in _OTHERS:
        raise wrong(f"{shown(text)} cannot be the name of an option", "try small letters, digits and `_`, such as size")
    return text


def parse_pattern(value: Any) -> str:
    """A regular expression of Python's."""
    text = as_text(value, "a pattern", "'[1-8]G'")
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise wrong(f"{shown(text)} is not a pattern: {error}", "try one such as '[1-8]G'") from None
    if not text or len(text) > LONGEST_PATTERN:
        raise wrong("must be a pattern of 1 to 500 characters", "try one such as '[1-8]G'")
    return text


def parse_mount(value: Any) -> str:
    """A directory that a server gets, with ` rw` behind it if it may be written to."""
    text = as_text(value, "the path of a directory", "/srv/material")
    path = parse_shared_path(text.removesuffix(" rw"))
    return f"{path} rw" if text.endswith(" rw") else path


def parse_gpu(value: Any) -> str:
    """One card: NVIDIA's UUID of it, or the path of its device."""
    text = as_text(value, "a UUID or the path of a device", "/dev/dri/renderD128")
    if not re.fullmatch(GPU, text) or ".." in text or "//" in text:
        raise wrong(f"{shown(text)} is no GPU", "try a UUID as `nvidia-smi -L` shows it, or a path below /dev")
    return text
