"""What a file of an environment's folder says that cannot be done here, and its lines one by one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hubinstall.config.problems import Problem


class FolderError(Exception):
    """A file that cannot be used, or a line of one; `line` counts from 1, 0 is all of the file."""

    def __init__(self, path: str, line: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.path, self.line, self.message, self.hint = path, line, message, hint

    def problem(self) -> Problem:
        return Problem(self.path, max(self.line, 1), 1, "", self.message, self.hint)


@dataclass(frozen=True)
class File:
    """A text file; `path` is the one on the machine."""

    path: str
    text: str

    def place(self, line: int) -> str:
        return f"{self.path}:{line}"

    def refused(self, line: int, message: str, hint: str) -> FolderError:
        return FolderError(self.path, line, message, hint)

    def line_of(self, words: str) -> int:
        """Where these words stand first; 1 if they do not."""
        at = self.text.find(words)
        return self.text.count("\n", 0, at) + 1 if at >= 0 else 1

    def lines(self) -> Iterator[tuple[int, str]]:
        """The lines that say something, without comments. One that ends in a backslash goes on in the next
        (pip, "Requirements File Format"); its number is that of the first.
        """
        begun, parts = 0, list[str]()
        for number, line in enumerate(re.split(r"\r\n|\n|\r", self.text), 1):
            begun = begun or number
            is_comment = line.lstrip().startswith("#")
            if line.endswith("\\") and not is_comment:
                parts.append(line[:-1])
                continue
            yield from _said(begun, [*parts, line])
            begun, parts = 0, []
        yield from _said(begun, parts)


def _said(number: int, parts: list[str]) -> Iterator[tuple[int, str]]:
    text = re.sub(r"(^|\s+)#.*$", "", "".join(parts)).strip()
    if text:
        yield number, text
