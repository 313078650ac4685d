"""The lists of packages of an environment: what people asked for, and what uv makes of it for the image below."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from hubinstall import layout
from hubinstall.blueprint.environments import SCRIPTS, words
from hubinstall.errors import CommandError, UserError, cures
from hubinstall.machine.docker import AT_SOCKET, inspect_image
from hubinstall.machine.host import Host
from hubinstall.resources.docker import uv_container
from hubinstall.resources.packages.virtualenv import PYTHON, uv_environment

NO_WHEEL = re.compile(r"no-build|[Bb]uilding (from source|source distributions)")
"""How uv says that it has run no program of a package."""
Lists = dict[str, str]
"""The name of a file → its text; those without any text are left out."""
REQUIREMENT = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]\n]*\])?\s*([<>=!~@;][^\n]*)?")
"""A name, and what may follow it (packaging.python.org, "Dependency specifiers"); uv judges the rest."""
NAMES = {
    layout.APT_LIST: (re.compile(r"[a-z0-9][a-z0-9+.-]*[a-z0-9+.]"), "package of the distribution", "zip"),
    layout.R_LIST: (re.compile(r"[A-Za-z][A-Za-z0-9.]*"), "package of R", "tidyverse"),
}
"""Debian's policy, 5.6.1 (for apt-get, a minus at the end means to remove it); "Writing R Extensions", 1.1.1."""


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
        hint = "`hubinstall environment list` shows what was asked for; what that needs goes with it."
        raise UserError(f"{', '.join(unknown)} was not asked for in this environment", hint)
    return {file: text for file, text in found.items() if text}


def as_text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def locked(host: Host, lists: Lists, base: str) -> Lists:
    """With the versions and hashes of everything that the Python packages need, beside what the image `base` has.

    Raises UserError if there are no such versions: it names the packages that do not agree.
    """
    found = {file: text for file, text in lists.items() if file != layout.REQUIREMENTS}
    if layout.REQUIRED in found:
        found[layout.REQUIREMENTS] = _compiled(host, base, found[layout.REQUIRED], *_installed(host, base))
    return found


def _installed(host: Host, base: str) -> tuple[str, str]:
    """The image's Python (3.N), and its packages as constraints: nothing of it changes."""
    if not inspect_image(host, base):
        raise UserError(f"the image {base} is not on this machine", "Run it again after: hubinstall apply")
    done = host.run(
        ["docker", "run", "--rm", "--interactive", "--network=none", "--read-only", "--cap-drop=ALL",
         "--security-opt=no-new-privileges", "--user=65534:65534", "--workdir=/", "--log-driver=none",
         "--entrypoint=python3", base, "-I", "-"],
        input=(SCRIPTS / "packages.py").read_text(encoding="utf-8"), env=AT_SOCKET, bound=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    return found["python"], as_text(f"{name}=={version}" for name, version in found["packages"].items())


def _compiled(host: Host, base: str, required: str, python: str, constraints: str) -> str:
    """Of wheels alone, uv reads what they need. For what has no wheel, a program of it must run: in a container."""
    texts = {"requirements.in": required, "constraints.txt": constraints}
    words = [
        "pip", "compile", "--quiet", "--no-config", "--color=never", "--generate-hashes", f"--python-version={python}",
        "--no-annotate", "--no-header", "--constraints=constraints.txt", "requirements.in",
    ]  # fmt: skip
    try:
        return _of_wheels(host, texts, words)
    except CommandError as error:
        if cures(error.output) or not NO_WHEEL.search(error.output):
            raise disagreement(error.output) from None
    try:
        return uv_container.run(host, base, texts, words)
    except CommandError as error:
        raise disagreement(error.output) from None


def _of_wheels(host: Host, texts: Lists, words: list[str]) -> str:
    folder = f"{layout.CACHE}/environment"
    host.remove_tree(folder)
    host.mkdir(folder, mode="0700")
    try:
        for name, text in texts.items():
            host.write(f"{folder}/{name}", text.encode())
        argv = [layout.UV, *words, "--no-build", f"--python={PYTHON}"]
        env = uv_environment(host, f"{layout.CACHE}/uv")
        return host.run(argv, env=env, cwd=str(host.path(folder)), bound=True).stdout
    finally:
        host.remove_tree(folder)


def disagreement(output: str) -> UserError:
    """What uv itself explains, which names the packages; or why it could not ask."""
    if advice := cures(output):
        return UserError(f"the package index did not answer: {output.strip().splitlines()[0]}", "\n  ".join(advice))
    why = " ".join(output.partition("cause:")[2].split() or output.split())
    hint = (
        "`you require NAME==VERSION` is either what you asked for or what the image has, which stays as it is. Ask for"
        " another version, or remove what needs it. Nothing was changed."
    )
    return UserError(f"these packages do not go together: {why}", hint)


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


def versions(lists: Lists) -> dict[str, str]:
    """Package → version of everything that uv has added."""
    return dict(
        re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s\\;]+)", lists.get(layout.REQUIREMENTS, ""), re.MULTILINE)
    )
