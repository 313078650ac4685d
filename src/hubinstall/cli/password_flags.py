"""The passwords that `--admin NAME:PASSWORD` and `--admin-password-file` give."""

import os
import stat
from pathlib import Path

from hubinstall.errors import UserError

LONGEST = 511
"""The maximum length of a password in characters (Linux-PAM's PAM_MAX_RESP_SIZE includes the end of the line)."""


def from_flags(admins: list[str], file: str | None) -> dict[str, str]:
    """Name → password, from `--admin NAME:PASSWORD`, or from the file's first line for names without a password."""
    given = {name: password for name, colon, password in (admin.partition(":") for admin in admins) if colon}
    if file is not None:
        password = read_file(file)
        given |= {admin: password for admin in admins if ":" not in admin}
    for name, password in given.items():
        if not password or not password.isprintable():
            raise UserError(f"the password of {name} is empty or contains control characters", "Use another one.", 2)
    return given


def read_file(path: str) -> str:
    """The first line. Raises UserError if the file cannot be read, or if users other than its owner can read it."""
    try:
        mode = os.stat(path).st_mode
        with Path(path).open(encoding="utf-8") as file:
            text = file.readline(LONGEST + 2)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the password file {path} cannot be read: {error}", "Use another file.", 2) from None
    if stat.S_ISREG(mode) and mode & 0o077:
        raise UserError(f"other users can read the password file {path}", f"Run: chmod 600 {path}", 2)
    if len(password := text.rstrip("\r\n")) > LONGEST:
        raise UserError(f"the first line of {path} has more than {LONGEST} characters", "Use a shorter password.", 2)
    return password
