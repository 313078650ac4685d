"""config.yaml: its text → settings, with every problem at once; the text itself stays a person's.

Pure functions; the file is read and written by the caller (mode 0600, root's). A text is parsed once and checked once:
what is passed on is the Document (places, for edits) and the Config (settings, for all else).
"""

from dataclasses import dataclass

from hubinstall import layout
from hubinstall.config.explain import check
from hubinstall.config.problems import ConfigError, Problem
from hubinstall.config.yaml.parser import Document, parse
from hubinstall.settings.model import Settings

MAX_CHARACTERS = 1_000_000
_UTF16 = "\ufffd\ufffd"  # what its byte order mark becomes


@dataclass(frozen=True)
class Config:
    """A text that is valid: where everything stands in it, and what it means."""

    document: Document
    settings: Settings

    @property
    def text(self) -> str:
        return self.document.text


def decode(data: bytes) -> str:
    """The text of the file. Bytes that are not UTF-8 become U+FFFD, which `validate` refuses at its place."""
    return data.decode("utf-8", errors="replace").removeprefix("\ufeff")


def load(text: str, path: str = layout.CONFIG_FILE) -> Config:
    """What a text means; `path` is the file's name in messages. Raises ConfigError with every problem that it has."""
    return validate(document(text, path), path)


def document(text: str, path: str = layout.CONFIG_FILE) -> Document:
    """The tree of a text, valid or not. Raises ConfigError for what is no text of YAML at all."""
    text = text.removeprefix("\ufeff")
    _refuse_long(text, path)
    if text.startswith(_UTF16):
        raise ConfigError([Problem(path, 1, 1, "", "is not UTF-8", "try saving the file as UTF-8")])
    return parse(text)


def validate(document: Document, path: str = layout.CONFIG_FILE) -> Config:
    """The settings that it means. Raises ConfigError with every problem that it has."""
    _refuse_long(document.text, path)  # an edit may have made it so
    settings, problems = check(document, path)
    if settings is None:
        raise ConfigError(problems)
    return Config(document, settings)


def _refuse_long(text: str, path: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise ConfigError(
            [Problem(path, 1, 1, "", "has more than a million characters", "try `hubinstall config example`")]
        )


def show(text: str) -> str:
    """The text as it is printed: ending in one new line."""
    return f"{text.rstrip()}\n" if text.strip() else ""
