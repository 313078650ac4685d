"""The folder of an environment: its files, under the names that repo2docker gives them, as what is to be added.

Only files that lie in the folder are read, and none that everyone on the machine may write: what stands in them is
installed by root, in a container.
"""

import codecs
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hubinstall.installation.folders import conda, project
from hubinstall.installation.folders.faults import File, FolderError
from hubinstall.installation.folders.requirements import Requirements, names
from hubinstall.machine.folder import Folder, Line
from hubinstall.machine.host import Host

LARGEST_TEXT, LARGEST, MOST_FILES = 8 << 20, 200 << 20, 10_000
"""Bytes of one file that is read, and of all that a postBuild may use."""
POST_BUILD = "postBuild"
CONDA = ("environment.yml", "environment.yaml")
REFUSED = {
    "install.R": "try the names of its packages in r.txt; others can be installed by postBuild",
    "runtime.txt": "the versions of Python and R are those of the image; try another image as base",
    "DESCRIPTION": "try the names of the packages that it imports in r.txt",
    "Project.toml": "try an image with Julia as base",
    "REQUIRE": "try an image with Julia as base",
    "Pipfile": "try a requirements.txt: `pipenv requirements` writes it",
    "default.nix": "try apt.txt and requirements.txt",
    "Dockerfile": "try to build the image, and name it as the environment's base",
    "start": "try what it sets in an image of your own, as the environment's base",
}
"""What repo2docker builds from, but nothing here does: left out silently, a course would lack it."""
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read(host: Host, path: str, extras: tuple[str, ...]) -> tuple[Folder, list[FolderError]]:
    """What the folder asks for, and everything that is wrong with it; of a wrong line nothing is taken."""
    try:
        return _read(Files(host, path), extras)
    except FolderError as fault:
        return Folder(), [fault]
    except OSError as error:
        return Folder(), [FolderError(str(error.filename or path), 0, f"cannot be read: {error.strerror}", "")]


class Files:
    """The files of a folder."""

    def __init__(self, host: Host, path: str) -> None:
        self.path, self.top = path, host.path(path)
        if not self.top.is_dir():
            raise FolderError(path, 0, "is not a directory", "try the directory with the requirements.txt")
        self._check(self.top, path)
        self.top = self.top.resolve()

    def has(self, name: str) -> bool:
        return os.path.lexists(self.top / name)

    def text(self, name: str) -> File:
        """Raises FolderError if there is no such text in the folder."""
        path, file = f"{self.path}/{name}", (self.top / name).resolve()
        if not file.is_relative_to(self.top):
            raise FolderError(path, 0, "is outside the folder", "try a copy of it in the folder")
        if not file.is_file():
            raise FolderError(path, 0, "is not a file of the folder", "try its name again")
        self._check(file, path)
        with file.open("rb") as opened:
            content = opened.read(LARGEST_TEXT + 1)
        if len(content) > LARGEST_TEXT:
            raise FolderError(path, 0, f"has more than {LARGEST_TEXT >> 20} MB", "try the lines that are needed")
        return File(path, _decoded(path, content))

    @staticmethod
    def _check(file: Path, path: str) -> None:
        if file.stat().st_mode & stat.S_IWOTH:
            message = "may be changed by everyone on this machine, and root installs what it says"
            raise FolderError(path, 0, message, f"try: chmod o-w {path}")

    def digest(self) -> str:
        """Of all files, their modes and links, but for those of Git."""
        found, size = hashlib.sha256(), 0
        for number, file in enumerate(self._all()):
            state = file.lstat()
            size += state.st_size
            if number >= MOST_FILES or size > LARGEST:
                message = f"has more than {MOST_FILES} files or {LARGEST >> 20} MB, all of which postBuild may use"
                raise FolderError(self.path, 0, message, "try a folder with the lists alone; data belongs into a share")
            found.update(f"{file.relative_to(self.top)}\0{state.st_mode & 0o111:o}\0".encode(errors="surrogateescape"))
            if file.is_symlink():
                found.update(os.readlink(file).encode(errors="surrogateescape"))
            elif stat.S_ISREG(state.st_mode):
                with file.open("rb") as opened:
                    found.update(hashlib.file_digest(opened, "sha256").digest())
        return found.hexdigest()

    def _all(self) -> Iterator[Path]:
        for folder, folders, files in os.walk(self.top):
            folders[:] = sorted(name for name in folders if name not in {".git", "__pycache__", ".ipynb_checkpoints"})
            yield from (Path(folder, name) for name in sorted(files))


def _decoded(path: str, content: bytes) -> str:
    """UTF-8, or what Windows' programs write (PowerShell's `>` writes UTF-16), which begins with a mark."""
    encoding = next((name for mark, name in MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FolderError(path, line, "is not UTF-8 here", "try saving the file as UTF-8") from None
    if "\0" in text:
        raise FolderError(path, text.count("\n", 0, text.index("\0")) + 1, "is not a text", "try another editor")
    return text


def _read(files: Files, extras: tuple[str, ...]) -> tuple[Folder, list[FolderError]]:
    faults = [
        FolderError(f"{files.path}/{name}", 0, "is what repo2docker would build from, and this does not", hint)
        for name, hint in REFUSED.items()
        if (files.top / name).is_file()
    ]
    found, pythons = Requirements(files.text, faults=faults), tuple[Line, ...]()
    if files.has("requirements.txt"):
        found.add("requirements.txt")
    for name in filter(files.has, CONDA):
        pythons += conda.add(files.text(name), name, found)
    of_project = Folder()
    try:
        of_project = _project(files, extras)
    except FolderError as fault:
        faults.append(fault)
    lists = {name: names(files.text(name), faults) if files.has(name) else () for name in ("apt.txt", "r.txt")}
    has_program = files.has(POST_BUILD) and bool(files.text(POST_BUILD))
    return replace(
        of_project,
        python=tuple(found.python),
        constraints=tuple(found.constraints),
        apt=lists["apt.txt"],
        r=lists["r.txt"],
        pythons=(*of_project.pythons, *pythons),
        path=files.path if has_program else "",
        files=files.digest() if has_program else "",
    ), faults


def _project(files: Files, extras: tuple[str, ...]) -> Folder:
    """What uv reads itself. A pyproject.toml without a project, which has settings of tools alone, says nothing."""
    toml = files.text("pyproject.toml") if files.has("pyproject.toml") else None
    lock = files.text("uv.lock") if files.has("uv.lock") else None
    if lock:
        project.check_lock(lock, toml)
    if toml is None and extras:
        raise FolderError(files.path, 0, "has no pyproject.toml with the extras", "try leaving extras out")
    if toml is None or not (extras or lock or "project" in project.table(toml)):
        return Folder()
    texts = (("pyproject.toml", toml.text), *((("uv.lock", lock.text),) if lock else ()))
    return Folder(
        pythons=project.pythons(toml), project=texts, chosen=project.chosen(toml, extras), named=project.places(toml)
    )
