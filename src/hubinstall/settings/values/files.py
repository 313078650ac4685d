"""The type of settings that are paths."""

import re
from typing import Any

from hubinstall import layout
from hubinstall.settings.values.words import shown, type_name, wrong

FILE_PATH = r"(/[A-Za-z0-9._@+~=,-]{1,255})+"


SYSTEMS = frozenset({
    "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "lost+found", "proc", "root", "run", "sbin",
    "sys", "tmp", "usr",
})  # fmt: skip
"""The directories at the top that are the system's, a container's own, or people's homes."""
OF_PROGRAMS = (layout.PROGRAMS, *(f"/var/{name}" for name in (
    "backups", "cache", "crash", "lib", "lock", "log", "mail", "run", "spool", "tmp",
)))  # fmt: skip


def parse_file_path(value: Any) -> str:
    """The absolute path of a file. Only plain characters, because it is also written into systemd units."""
    return _path(value, "a file path", "/etc/ssl/private/hub.key")


def parse_shared_path(value: Any) -> str:
    """The absolute path of a directory that people's servers may mount: none of the system's, and no home."""
    example = "/mnt/nfs/course"
    path = _path(value, "the path of a directory", example)
    top = path.split("/")[1]
    above = path in {"/opt", "/var", "/srv"}
    if above or top in SYSTEMS or any(path == one or path.startswith(f"{one}/") for one in OF_PROGRAMS):
        raise wrong(f"{shown(path)} belongs to this machine and cannot be a share", f"try one such as {example}")
    if path == layout.SHARED_DATA or path.startswith(f"{layout.SHARED_DATA}/"):
        words = f"is where the shares are that have no path: {layout.SHARED_DATA}/NAME"
        raise wrong(f"{shown(path)} {words}", "try leaving path out, or a directory elsewhere")
    return path


def _path(value: Any, what: str, example: str) -> str:
    if not isinstance(value, str):
        raise wrong(f"must be {what}, not {type_name(value)}", f"try one such as {example}")
    if not value.startswith("/"):
        raise wrong(f"{shown(value)} is not an absolute path", "try the full path, starting with /")
    if len(value) > 400 or not re.fullmatch(FILE_PATH, value) or {".", ".."} & set(value.split("/")):
        raise wrong(
            f"{shown(value)} is not a usable path",
            f"try letters, digits and `._@+~=,-`, without `..`, such as {example}",
        )
    return value
