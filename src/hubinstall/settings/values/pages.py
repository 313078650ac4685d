"""Texts and links on the hub's own pages."""

import re
from typing import Any

from hubinstall.settings.values.words import as_text, shown, wrong

LONGEST_TITLE, LONGEST_ANNOUNCEMENT = 60, 1000
# Text in any language, without control characters and those that turn the direction of what stands beside them.
_NOT_TEXT = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
_SEEN = rf"[^\s{_NOT_TEXT}]"
TITLE = rf"{_SEEN}([^{_NOT_TEXT}]{{0,{LONGEST_TITLE - 2}}}{_SEEN})?"
ANNOUNCEMENT = rf"{_SEEN}(([^{_NOT_TEXT}]|[\n\t]){{0,{LONGEST_ANNOUNCEMENT - 2}}}{_SEEN})?"
LINK = r"(https?://[^\s\"'<>\\]{1,400}|mailto:[^\s\"'<>\\]{3,400})"


def parse_title(value: Any) -> str:
    """One line without anything invisible that would change what stands beside it."""
    text = as_text(value, "text", "Statistics").strip()
    if not re.fullmatch(TITLE, text):
        raise wrong(f"{shown(text)} is not a usable title", f"try one line of at most {LONGEST_TITLE} characters")
    return text


def parse_announcement(value: Any) -> str:
    """A few sentences as plain text; line breaks are kept."""
    text = as_text(value, "text", "The exam is on Friday").strip()
    if not re.fullmatch(ANNOUNCEMENT, text):
        raise wrong(
            f"{shown(text)} is not a usable announcement",
            f"try plain text of at most {LONGEST_ANNOUNCEMENT} characters",
        )
    return text


def parse_link(value: Any) -> str:
    """A link that a browser may open: a web page, or an address for mail."""
    text = as_text(value, "a link", "https://www.example.org/help").strip()
    if not re.fullmatch(LINK, text):
        raise wrong(f"{shown(text)} is not a link", "try one such as https://www.example.org/help or mailto:a@b.org")
    return text
