"""What a password needs that a person chooses, whatever the hub says: what `hubinstall user` asks, and no old one."""

from hubinstall.settings.values.passwords import LONGEST, parse_new_password
from hubinstall.settings.values.words import WrongValueError


def refusal(name: str, password: str, new: str, least: int) -> str:
    """Why the account may not have the new password instead of the present one, in words for the person; or ""."""
    if new == password:
        return "The new password is the same as the current one."
    return unfit(name, new, least)


def unfit(name: str, new: str, least: int) -> str:
    """The same where the present password is not known."""
    if len(new.encode()) > LONGEST:
        return "The new password is too long."  # PAM counts bytes
    try:
        parse_new_password(new, name, least)
    except WrongValueError as wrong:
        return f"{wrong.message[0].upper()}{wrong.message[1:]}."
    return ""
