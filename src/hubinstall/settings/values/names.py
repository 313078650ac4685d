"""The names of accounts, groups, shares, courses, rooms and images."""

import re
from typing import Any

from hubinstall import layout
from hubinstall.settings.values.dns import LABEL
from hubinstall.settings.values.words import QUOTES, as_text, shown, type_name, wrong

# What can log in can stand in a list: letters of any language, digits, and all signs but those that end a field, an
# item or a part of a path. Active Directory allows `Müller (extern)`, `R&D#2`, `max%test`. A name is only compared, and
# never part of a command or a template. Which of them a machine has is asked there (preflight).
_SIGNS = r"""!"#$%&'()*+.;<=>?@\[\\\]^`{|}~"""
HOST_NAME = rf"(?!\.+$)[\w{_SIGNS}]([\w{_SIGNS}-]| (?=[\w{_SIGNS}])){{0,254}}"
# The group of a share is: nothing that means something to a shell or a template.
SHARE_GROUP = r"\w([\w.@+\\'-]| (?=\w)){0,253}\$?"
SHARE = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
# A directory's name, and a part of an image's (reference grammar of `distribution`).
ENVIRONMENT = r"(?=.{1,40}$)[a-z0-9]+([._-][a-z0-9]+)*"
TEACHERS, HAND_IN, COLLECTED = "-teachers", "-hand-in", "-collected"
"""The ends of the names of a course's second group, and of its second and third share."""
GRADING, EXCHANGE = "-grading", "-exchange"
"""The same of the two shares of a course with nbgrader."""
COURSE = r"[a-z][a-z0-9_-]{0,22}"
"""What groupadd(8) takes together with `TEACHERS`, a directory is called, and stands in an address as it is."""
ROOM = r"[a-z]([a-z0-9-]{0,25}[a-z0-9])?"
"""With layout.ROOM_PREFIX it is the name of an account, and a part of a DNS name."""
_IMAGE_PART = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
IMAGE = (
    rf"({LABEL}(\.{LABEL})*(:[0-9]{{1,5}})?/)?{_IMAGE_PART}(/{_IMAGE_PART})*"
    r"(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[a-f0-9]{64})?"
)

IMAGE_PREFIX = rf"[a-z0-9][a-z0-9.-]{{0,252}}(:[0-9]{{1,5}})?/({_IMAGE_PART}/){{0,9}}"


def parse_account(value: Any) -> str:
    """An account name that a login may have, from any source of the host's accounts: `max.muster`, `Lisa`, `müller`,
    `max@domain`. Not root and not an account of this installation.
    """
    name = _host_name(value, "an account", "alice", "passwd")
    if name in {layout.HUB_USER, layout.PROXY_USER, layout.PROBE_USER}:
        raise wrong(f"{name} is a system account of hubinstall, not a person's", "try another, such as alice")
    return name


def parse_group(value: Any) -> str:
    """A group name, from any source of the host's groups: `teachers`, `Domain Users (EU)`; not root."""
    return _host_name(value, "a group", "teachers", "group")


def parse_share_group(value: Any) -> str:
    """The same of a group that a share belongs to."""
    return _host_name(value, "a group", "teachers", "group", SHARE_GROUP)


def _host_name(value: Any, what: str, example: str, table: str, pattern: str = HOST_NAME) -> str:
    if isinstance(value, int | float):  # true and false are such numbers, too
        raise wrong(f"must be the name of {what}, not {type_name(value)}", f'{QUOTES} "{str(value).lower()}"')
    name = as_text(value, f"the name of {what}", example)
    if name == "root":
        raise wrong(f"root cannot be {what} here", f"try another, such as {example}")
    if not re.fullmatch(pattern, name):
        hint = f"try the name as `getent {table}` shows it, such as {example}"
        raise wrong(f"{shown(name)} cannot be the name of {what}", hint)
    return name


def parse_share_name(value: Any) -> str:
    """A name that is safe for a directory and for a link."""
    hint = "try up to 64 letters, digits, `.`, `-` and `_`, starting with a letter or digit"
    return _own_name(value, "a share", "course-101", SHARE, hint)


def parse_environment_name(value: Any) -> str:
    """A name that is safe for a directory and for an image."""
    hint = "try up to 40 small letters and digits, with a `.`, `-` or `_` between them, such as stats"
    return _own_name(value, "an environment", "stats", ENVIRONMENT, hint)


def parse_course_name(value: Any) -> str:
    """A name for a group, a share and a page; not one that another course's second group or share may have."""
    hint = "try up to 23 small letters, digits, `-` and `_`, starting with a letter"
    name = _own_name(value, "a course", "course-101", rf"(?!root$){COURSE}", hint)
    if end := next((end for end in (TEACHERS, HAND_IN, COLLECTED) if name.endswith(end)), ""):
        raise wrong(f"the name of a course cannot end in {end}", f"try {name.removesuffix(end) or 'course-101'}")
    return name


def parse_room_name(value: Any) -> str:
    """A name that is safe in an account's name, an address and a DNS name."""
    hint = "try up to 27 small letters, digits and `-`, starting with a letter"
    return _own_name(value, "a room", "project-1", ROOM, hint)


def _own_name(value: Any, what: str, example: str, pattern: str, hint: str) -> str:
    """A name that config.yaml gives to something."""
    name = as_text(value, "a name", example)
    if not re.fullmatch(pattern, name):
        raise wrong(f"{shown(name)} cannot be the name of {what}", hint)
    return name


def parse_image(value: Any) -> str:
    """An image reference: [host[:port]/]name[:tag][@sha256:…] (reference grammar of `distribution`)."""
    text = as_text(value, "an image name", "quay.io/jupyter/scipy-notebook:latest")
    if len(text) > 400 or not re.fullmatch(IMAGE, text):
        hint = "try one such as quay.io/jupyter/scipy-notebook:latest"
        if len(text) <= 400 and re.fullmatch(IMAGE, text.lower()):
            hint = f"try lower case: {shown(text.lower())}"
        raise wrong(f"{shown(text)} is not an image name", hint)
    return text


def parse_image_prefix(value: Any) -> str:
    """What the names of images begin with: a registry, which is never left out, and perhaps parts of a path."""
    text = as_text(value, "the beginning of the names of images", "registry.example.org/course/")
    host = text.partition("/")[0]
    if len(text) > 200 or not re.fullmatch(IMAGE_PREFIX, text) or not ({".", ":"} & set(host) or host == "localhost"):
        hint = "try a registry and a path, in small letters, with a slash at the end: registry.example.org/course/"
        raise wrong(f"{shown(text)} cannot be what the names of images begin with", hint)
    return text
