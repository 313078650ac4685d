"""Turn the text of config.yaml into settings, or report all its problems at once. The text is never rewritten.

Pure functions: the caller reads and writes the file (owner root, mode 0600). A text is parsed once and checked once;
the caller then passes on the Document (places, for edits) and the Config (settings, for everything else).
"""

from dataclasses import dataclass

from hubinstall import layout
from hubinstall.config.explain import check
from hubinstall.config.problems import ConfigError, Problem
from hubinstall.config.yaml.parser import Document, parse
from hubinstall.settings.model import Settings

MAX_CHARACTERS = 1_000_000
_UTF16 = "\ufffd\ufffd"  # what the byte order mark of UTF-16 becomes


@dataclass(frozen=True)
class Typed:
    """What was typed for one change (`--memory 2G`), and the dotted key of the value."""

    words: str
    key: str


@dataclass(frozen=True)
class Config:
    """A valid text: the place of everything in it, and what it means."""

    document: Document
    settings: Settings
    file: Document | None = None
    """The text on the disk, if `document` differs from it by what was `typed`."""
    typed: tuple[Typed, ...] = ()

    @property
    def text(self) -> str:
        return self.document.text


def decode(data: bytes) -> str:
    """The text of the file. Bytes that are not UTF-8 become U+FFFD, which `validate` reports with its place."""
    return data.decode("utf-8", errors="replace").removeprefix("\ufeff")


def load(text: str, path: str = layout.CONFIG_FILE) -> Config:
    """What a text means; `path` is the file's name in messages. Raises ConfigError with all problems of the text."""
    return validate(document(text, path), path)


def document(text: str, path: str = layout.CONFIG_FILE) -> Document:
    """The tree of a text, valid or not. Raises ConfigError if the text cannot be YAML at all."""
    text = text.removeprefix("\ufeff")
    _refuse_long(text, path)
    if text.startswith(_UTF16):
        raise ConfigError([Problem(path, 1, 1, "", "is not UTF-8", "try saving the file as UTF-8")])
    return parse(text)


def validate(document: Document, path: str = layout.CONFIG_FILE) -> Config:
    """The settings of a document. Raises ConfigError with all its problems."""
    _refuse_long(document.text, path)  # an edit may have made it too long
    settings, problems = check(document, path)
    if settings is None:
        raise ConfigError(problems)
    return Config(document, settings)


def _refuse_long(text: str, path: str) -> None:
    if len(text) > MAX_CHARACTERS:
        hint = "try comparing it with `hubinstall config example`"
        raise ConfigError([Problem(path, 1, 1, "", "has more than a million characters", hint)])


def show(text: str) -> str:
    """The text in the form to print: ending with one newline."""
    return f"{text.rstrip()}\n" if text.strip() else ""
