"""requirements.txt, as pip reads it (pip, "Requirements File Format"); apt.txt and r.txt, a name on each line."""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from hubinstall.installation.folders.faults import File, FolderError
from hubinstall.machine.folder import Line
from hubinstall.settings.values.requirements import APT_PACKAGE, LINE, R_PACKAGE
from hubinstall.settings.values.words import shown

Read = Callable[[str], File]
"""The file of a name within the folder. Raises FolderError."""
OF_INDEX = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links")
OF_WHEELS = ("--no-binary", "--only-binary")
OF_LINES = ("--hash",)
WITHOUT_MEANING = {"--require-hashes", "--prefer-binary"}
"""What holds here in any case: everything is locked with hashes, and uv prefers wheels."""
OPTION = re.compile(r"(-[A-Za-z]|--[a-z-]+)(?:\s*=\s*|\s+)?(.*)")


@dataclass
class Requirements:
    """Everything that was found so far; `seen`: the files, so that two that name each other end."""

    read: Read
    python: list[Line] = field(default_factory=list)
    constraints: list[Line] = field(default_factory=list)
    faults: list[FolderError] = field(default_factory=list)
    seen: set[tuple[str, bool]] = field(default_factory=set)

    def add(self, name: str, *, constrains: bool = False) -> None:
        """A file, with those that it names (`-r`, `-c`). `constrains`: what it names is not installed for that."""
        if (name, constrains) in self.seen:
            return
        self.seen.add((name, constrains))
        file = self.read(name)
        for number, text in file.lines():
            try:
                self.add_line(file, name, number, text, constrains=constrains)
            except FolderError as fault:
                self.faults.append(fault)

    def add_line(self, file: File, name: str, number: int, text: str, *, constrains: bool) -> None:
        if text.startswith("-"):
            text = self._option(file, name, number, text, constrains=constrains)
            if not text:
                return
        else:
            check(file, number, text)
        (self.constraints if constrains else self.python).append(Line(text, file.place(number)))

    def _option(self, file: File, name: str, number: int, text: str, *, constrains: bool) -> str:
        """What uv is told of it; empty if nothing."""
        found = OPTION.fullmatch(text)
        flag, value = (found[1], found[2].strip()) if found else (text, "")
        if flag in {"-r", "--requirement", "-c", "--constraint"}:
            self._other(file, name, number, value, constrains=constrains or flag in {"-c", "--constraint"})
            return ""
        if flag in {"-e", "--editable"}:
            hint = "try packages of the index; what is in the folder can be installed by its postBuild"
            raise file.refused(number, f"{shown(text)} would be installed from files that servers do not have", hint)
        if text in WITHOUT_MEANING:
            return ""
        if flag in OF_INDEX and re.fullmatch(r"https://[^\s]+", value):
            return f"{flag} {value}"
        if flag in OF_WHEELS and re.fullmatch(r":?[A-Za-z0-9._,:-]+", value):
            return f"{flag} {value}"
        hint = "try one that names another file, or the https address of an index"
        raise file.refused(number, f"the option {shown(text)} is not supported here", hint)

    def _other(self, file: File, name: str, number: int, other: str, *, constrains: bool) -> None:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), other))
        if not other or other.startswith("/") or path.startswith("..") or "://" in other:
            raise file.refused(number, f"{shown(other)} is not a file of the folder", "try a path within it")
        try:
            self.add(path, constrains=constrains)
        except FolderError as error:
            raise file.refused(number, f"{shown(other)}: {error.message}", error.hint) from None


def check(file: File, number: int, text: str) -> None:
    """Raises FolderError for what is no package of an index, and no archive at an https address."""
    words, *options = re.split(r"\s+(?=--)", text)
    if other := next((one for one in options if not one.startswith(OF_LINES)), ""):
        raise file.refused(number, f"the option {shown(other)} is not supported here", "try the line without it")
    if re.search(r"(^|@\s*)(git|hg|svn|bzr)\+", words):
        hint = "try the address of an archive, such as https://…/archive/COMMIT.zip"
        raise file.refused(number, f"{shown(words)} has no hash that could be checked", hint)
    if re.fullmatch(r"https://[^\s;]+", words):
        return
    address = re.fullmatch(r"[^@]+@\s*(\S+)(\s*;.*)?", words)
    if re.match(r"\.|/|~|file:", words) or (address and not address[1].startswith("https://")):
        hint = "try a package of the index, or NAME @ https://…"
        raise file.refused(number, f"{shown(words)} is a file or an address that is not taken", hint)
    if not re.fullmatch(LINE, words):
        hint = "try its name, and a version if it must be that one: plotly, plotly>=6, plotly==6.1"
        raise file.refused(number, f"{shown(words)} is not a Python package as pip writes it", hint)


def names(file: File, faults: list[FolderError]) -> tuple[Line, ...]:
    """Those of apt.txt, or of r.txt."""
    pattern, what, example = (
        (R_PACKAGE, "package of R", "tidyverse") if file.path.endswith("/r.txt")
        else (APT_PACKAGE, "package of the distribution", "graphviz")
    )  # fmt: skip
    found = []
    for number, text in file.lines():
        if re.fullmatch(pattern, text):
            found.append(Line(text, file.place(number)))
        else:
            message = f"{shown(text)} is not the name of a {what}"
            faults.append(file.refused(number, message, f"try one name on each line, such as {example}"))
    return tuple(found)
