"""The lists of packages of an environment: what people asked for, and what uv makes of it for the image below."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hubinstall import layout
from hubinstall.blueprint.added_packages import words
from hubinstall.blueprint.apps import SCRIPTS
from hubinstall.errors import UserError
from hubinstall.machine.host import Host
from hubinstall.resources.docker.layer_lock import DisagreementError, as_text, compiled, installed
from hubinstall.settings.values import requirements

Lists = dict[str, str]
"""The name of a file → its text; those without any text are left out."""
REQUIREMENT = re.compile(requirements.LINE)
NAMES = {
    layout.APT_LIST: (re.compile(requirements.APT_PACKAGE), "package of the distribution", "zip"),
    layout.R_LIST: (re.compile(requirements.R_PACKAGE), "package of R", "tidyverse"),
}


@dataclass(frozen=True)
class Asked:
    """Packages by where they come from: as pip writes them, of the distribution, and of R."""

    python: tuple[str, ...] = ()
    apt: tuple[str, ...] = ()
    r: tuple[str, ...] = ()

    def by_file(self) -> dict[str, tuple[str, ...]]:
        return {layout.REQUIRED: self.python, layout.APT_LIST: self.apt, layout.R_LIST: self.r}


def asked(lists: Lists) -> Asked:
    return Asked(*(words(lists.get(file, "")) for file in (layout.REQUIRED, layout.APT_LIST, layout.R_LIST)))


def key(package: str) -> str:
    """What makes two lines mean the same package (packaging.python.org, "Names and normalization")."""
    found = REQUIREMENT.match(package)
    return re.sub(r"[-_.]+", "-", found[1] if found else package).lower()


def check(wanted: Asked) -> None:
    """Raises UserError (exit code 2) for what is no package."""
    for package in wanted.python:
        if not REQUIREMENT.fullmatch(package.strip()) or not package.isprintable():
            hint = "Write its name, and a version if it must be that one: plotly, 'plotly>=6', 'plotly==6.1'."
            raise UserError(f"{package!r} is not a Python package as pip writes it", hint, 2)
    for file, (pattern, what, example) in NAMES.items():
        for package in wanted.by_file()[file]:
            if not pattern.fullmatch(package):
                raise UserError(f"{package!r} is not the name of a {what}", f"Write one such as {example}.", 2)


def adding(lists: Lists, wanted: Asked) -> Lists:
    """A package that was asked for already is now as in `wanted`."""
    check(wanted)
    found = dict(lists)
    for file, packages in wanted.by_file().items():
        new = {key(package) for package in packages}
        kept = [line for line in words(lists.get(file, "")) if key(line) not in new]
        found[file] = as_text([*kept, *(package.strip() for package in packages)])
    return {file: text for file, text in found.items() if text}


def removing(lists: Lists, names: Iterable[str]) -> Lists:
    """Raises UserError if one of them was not asked for."""
    found, left = dict(lists), dict.fromkeys(key(name) for name in names)
    gone = set()
    for file in asked(lists).by_file():
        lines = words(lists.get(file, ""))
        gone |= {key(line) for line in lines} & left.keys()
        found[file] = as_text(line for line in lines if key(line) not in left)
    if unknown := [name for name in left if name not in gone]:
        hint = (
            "`hubinstall environment list` shows what was asked for; what that needs goes with it. What config.yaml or"
            " a folder asks for is removed there."
        )
        raise UserError(f"{', '.join(unknown)} was not asked for in this environment", hint)
    return {file: text for file, text in found.items() if text}


def locked(host: Host, lists: Lists, base: str) -> Lists:
    """With the versions and hashes of everything that the Python packages need, beside what the image `base` has.

    Raises UserError if there are no such versions: it names the packages that do not agree.
    """
    found = {file: text for file, text in lists.items() if file != layout.REQUIREMENTS}
    if layout.REQUIRED in found:
        image = installed(host, base, str(SCRIPTS))
        files = {"requirements.in": found[layout.REQUIRED], "image.txt": as_text(image.packages)}
        try:
            found[layout.REQUIREMENTS] = compiled(host, base, image.python, files)
        except DisagreementError as error:
            raise error.told() from None
    return found


def keep(host: Host, name: str, lists: Lists) -> None:
    """Write the directory of an environment; one without packages goes. What was asked for is the last file: if we are
    killed before it, the next apply builds what the others say, and the same command is not taken for done.
    """
    folder = f"{layout.ENVIRONMENTS}/{name}"
    for path in (layout.ENVIRONMENTS, folder):
        if lists and not host.exists(path):
            host.mkdir(path)
    for file in reversed(layout.ENVIRONMENT_FILES):
        path = f"{folder}/{file}"
        if file in lists:
            host.write(path, lists[file].encode())
        elif host.exists(path):
            host.remove(path)
    if not lists:
        host.remove(folder)


def versions(locked_list: str) -> dict[str, str]:
    """Package → version of everything in a list of uv's."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s\\;]+)", locked_list, re.MULTILINE))
