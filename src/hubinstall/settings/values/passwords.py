"""What a password needs before hubinstall sets it for an account, or a person does on the hub's page."""

from itertools import pairwise

from hubinstall.settings.values.common_passwords import COMMON
from hubinstall.settings.values.words import wrong

LEAST = 8
"""Characters, by default: what NIST SP 800-63B asks for at least, as it does for the comparison with a list of common
passwords, and for no rules about digits or capitals.
"""
LONGEST = 511
"""The maximum length of a password in characters (Linux-PAM's PAM_MAX_RESP_SIZE includes the end of the line)."""


def parse_new_password(password: str, name: str, least: int = LEAST) -> str:
    """The password, if it may be set for the account `name`. Raises WrongValueError; its words never hold the password.

    `least`: characters, users.password.min_length.
    """
    if not password or not password.isprintable():
        raise wrong("the password is empty or contains control characters", "try another one")
    if len(password) > LONGEST:
        raise wrong(f"the password has more than {LONGEST} characters", "try a shorter one")
    if len(password) < least:
        raise wrong(
            f"the password has {len(password)} characters, and needs {least}",
            "try a longer one, such as three or four words (users.password.min_length)",
        )
    plain = password.lower()
    if plain == name.lower():
        raise wrong("the password is the name of the account", "try another one")
    if plain in COMMON or is_run(plain):
        raise wrong("the password is one of the most common ones, which are guessed first", "try another one")
    return password


def is_run(text: str) -> bool:
    """Whether each character is the same number of places behind the one before: `aaaaaaaa`, `12345678`, `hgfedcba`."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return len(text) > 2 and len(steps) == 1 and steps <= {-1, 0, 1}
