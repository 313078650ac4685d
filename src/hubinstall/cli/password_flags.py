"""The passwords that `--admin NAME:PASSWORD` and `--admin-password-file` give."""

import os
import pwd
import stat
from collections.abc import Collection, Mapping
from pathlib import Path

from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.settings.values.passwords import LEAST, LONGEST, parse_new_password
from hubinstall.settings.values.words import WrongValueError


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


def refuse_weak(given: Mapping[str, str], there: Collection[str], least: int) -> None:
    """Raise UserError if a password of a new account may not be set. `there`: the accounts that exist, whose passwords
    stay as they are; `least`: users.password.min_length.
    """
    for name, password in given.items():
        if name not in there:
            check(password, name, least)


def check(password: str, name: str, least: int) -> None:
    """Raise UserError (exit code 2) unless the password may be set for the account `name`."""
    try:
        parse_new_password(password, name, least)
    except WrongValueError as error:
        raise UserError(f"{name}: {error.message}", f"{error.hint.capitalize()}. Nothing was changed.", 2) from None


def refuse_weak_first(given: Mapping[str, str]) -> None:
    """The same before anything is installed; a config.yaml that is there already may say another least length."""
    if not os.path.lexists(layout.CONFIG_FILE):
        refuse_weak(given, [entry.pw_name for entry in pwd.getpwall()], LEAST)


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
