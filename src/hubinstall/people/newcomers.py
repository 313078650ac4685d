"""The names that new accounts may have."""

import re

from hubinstall.machine.accounts import CREATABLE
from hubinstall.settings.values.words import quoted, wrong

PURGED = re.compile(r"purged-\d+")
"""What the accounts are called that hold the number of somebody who was purged (removal.py)."""
LONGEST_FULL_NAME = 200
_FOLDED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "o", "å": "a", "ł": "l", "đ": "d"})


def parse_name(text: str) -> str:
    """A name that an account can be made with. Raises WrongValueError with a proposal."""
    if PURGED.fullmatch(text):
        raise wrong(f"{text} is a name for accounts that were purged", "try another name")
    if CREATABLE.fullmatch(text):
        return text
    proposal = folded(text.partition("@")[0])
    hint = "try small letters of a to z, digits, `.`, `-` and `_`, at most 32, beginning with a letter"
    raise wrong(f"{quoted(text)} cannot be the name of a new account", f"try {proposal}" if proposal else hint)


def parse_full_name(text: str) -> str:
    """The first item of the comment in passwd(5), which a comma would end: `Hopper, Grace` becomes `Grace Hopper`."""
    name = " ".join(text.split())
    last, comma, first = name.partition(",")
    if comma and "," not in first:
        name = f"{first.strip()} {last.strip()}".strip()
    if ":" in name or "," in name or not name.isprintable() or len(name) > LONGEST_FULL_NAME:
        raise wrong(
            f"{quoted(text)} cannot be a full name: it has a colon, several commas or signs that are not printed, or is"
            f" longer than {LONGEST_FULL_NAME} characters",
            "try one such as Grace Hopper",
        )
    return name


def proposal(full_name: str, email: str = "") -> str:
    """An account name for somebody: `grace.hopper` for Grace Hopper; empty if nothing can be made of it."""
    words = [folded(word) for word in full_name.split()]
    return folded(email.partition("@")[0]) or (".".join([words[0], words[-1]]) if len(words) > 1 else "".join(words))


def folded(text: str) -> str:
    """The text with letters that an account's name may have (`Müller` → `mueller`); empty if none are left."""
    import unicodedata  # noqa: PLC0415 - seldom needed

    plain = unicodedata.normalize("NFKD", text.strip().lower().translate(_FOLDED))
    name = re.sub(r"[^a-z0-9_.-]+", "", re.sub(r"\s+", ".", plain)).strip(".-_")[:32]
    return name if CREATABLE.fullmatch(name) else ""
