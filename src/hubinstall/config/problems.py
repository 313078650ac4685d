"""The problems of a configuration file, each with its place."""

from collections.abc import Iterable
from dataclasses import dataclass

from hubinstall.errors import BAD_CONFIGURATION, UserError

MOST_SHOWN = 200


@dataclass(frozen=True)
class Problem:
    """One problem. Line and column count from 1; `key` is dotted, and empty if the problem concerns the whole file.

    `hint` is a phrase that says what to do ("try 2G", "did you mean memory?"); it may be empty.
    """

    path: str
    line: int
    column: int
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        what = f"{self.key}: {self.message}" if self.key else self.message
        advice = f"; {self.hint}" if self.hint else ""
        return f"{self.path}:{self.line}:{self.column}: {what}{advice}"


class ConfigError(UserError):
    """The file cannot be used. `problems` lists everything that is wrong with it, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems), key=lambda p: (p.line, p.column, p.key, p.message))
        lines = [str(problem) for problem in self.problems[:MOST_SHOWN]]
        if len(self.problems) > MOST_SHOWN:
            lines.append(f"{self.problems[0].path}: {len(self.problems) - MOST_SHOWN} more problems")
        super().__init__("\n".join(lines), code=BAD_CONFIGURATION)
