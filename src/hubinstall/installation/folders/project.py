"""pyproject.toml and uv.lock, which uv reads itself when the layer is built: what must be right for that."""

import re
import tomllib
from collections.abc import Iterable
from typing import Any

from hubinstall.installation.folders.faults import File, FolderError
from hubinstall.machine.folder import Line
from hubinstall.settings.values.words import shown


def chosen(file: File, extras: Iterable[str]) -> tuple[str, ...]:
    """The flags of uv for the optional groups of this pyproject.toml. Raises FolderError if one is not there, or if its
    dependencies are not written down.
    """
    data, project = table(file), _project(file)
    if not project:
        raise file.refused(1, "has no table [project]", "try one with a list of dependencies, or a requirements.txt")
    if "dependencies" in _list(project.get("dynamic")):
        hint = "try a list of them in [project], or a requirements.txt"
        raise file.refused(file.line_of("dynamic"), "its dependencies are made by a program", hint)
    optional, groups = _names(project.get("optional-dependencies")), _names(data.get("dependency-groups"))
    flags = []
    for extra in extras:
        if extra in optional:
            flags.append(f"--extra={extra}")
        elif extra in groups:
            flags.append(f"--group={extra}")
        else:
            known = ", ".join([*optional, *groups]) or "it has none"
            raise file.refused(1, f"has no optional dependencies called {shown(extra)}", f"try one of those: {known}")
    return tuple(flags)


def pythons(file: File) -> tuple[Line, ...]:
    """Those that its `requires-python` allows."""
    wanted = _project(file).get("requires-python")
    place = file.place(file.line_of("requires-python"))
    return (Line(wanted, place),) if isinstance(wanted, str) and wanted.strip() else ()


def places(file: File) -> tuple[Line, ...]:
    """The packages that it names, each with the line of the first mention; for messages alone."""
    project = _project(file)
    optional = project.get("optional-dependencies")
    listed = [project.get("dependencies"), *(optional.values() if isinstance(optional, dict) else ())]
    words = [word for one in listed for word in _list(one) if isinstance(word, str)]
    return tuple(Line(word, file.place(file.line_of(word))) for word in words)


def table(file: File) -> dict[str, Any]:
    """Raises FolderError with the line that is no TOML."""
    try:
        return tomllib.loads(file.text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        line = re.search(r"at line (\d+)", said)
        where = int(line[1]) if line else file.text.count("\n") + 1
        raise file.refused(where, f"is not TOML: {said}", "try to correct this line") from None


def _project(file: File) -> dict[str, Any]:
    found = table(file).get("project")
    return found if isinstance(found, dict) else {}


def _list(part: object) -> list[Any]:
    return part if isinstance(part, list) else []


def _names(part: object) -> list[str]:
    return list(part) if isinstance(part, dict) else []


def check_lock(lock: File, project: File | None) -> None:
    """Raises FolderError if uv could not use it."""
    table(lock)
    if project is None:
        raise FolderError(lock.path, 0, "stands without the pyproject.toml that it belongs to", "try to copy both")
