"""config.yaml: its text → settings, with every problem at once; the text itself stays a person's.

Pure functions; the file is read and written by the caller (mode 0600, root's).
"""

from hubinstall.config.explain import check
from hubinstall.config.problems import ConfigError, Problem
from hubinstall.config.yaml.parser import parse
from hubinstall.settings.model import Settings

MAX_CHARACTERS = 1_000_000
_UTF16 = "\ufffd\ufffd"  # what its byte order mark becomes


def decode(data: bytes) -> str:
    """The text of the file. Bytes that are not UTF-8 become U+FFFD, which `validate` refuses at its place."""
    return data.decode("utf-8", errors="replace").removeprefix("\ufeff")


def validate(text: str, path: str) -> Settings:
    """The settings that a text means; `path` is the file's name in messages.

    Raises ConfigError with every problem that the text has.
    """
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_CHARACTERS:
        raise ConfigError(
            [Problem(path, 1, 1, "", "has more than a million characters", "try `hubinstall config example`")]
        )
    if text.startswith(_UTF16):
        raise ConfigError([Problem(path, 1, 1, "", "is not UTF-8", "try saving the file as UTF-8")])
    settings, problems = check(parse(text), path)
    if settings is None:
        raise ConfigError(problems)
    return settings


def show(text: str) -> str:
    """The text as it is printed: ending in one new line."""
    return f"{text.rstrip()}\n" if text.strip() else ""
