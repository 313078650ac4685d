"""Which versions of Python packages are added to an image: what uv finds for what is asked for, with hashes.

What the image has stays as it is, if that can be. If packages of a course want others, only what JupyterLab, the hub's
server and the kernel need stays, and everything else of the image is resolved again with them.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hubinstall import layout
from hubinstall.errors import CommandError, UserError, cures
from hubinstall.machine.docker import AT_SOCKET, docker, inspect_image
from hubinstall.machine.folder import Line
from hubinstall.machine.host import Host
from hubinstall.resources.base import digest
from hubinstall.resources.docker import build_place, uv_container
from hubinstall.resources.docker.build_guard import guarded
from hubinstall.resources.packages.virtualenv import PYTHON, uv_environment

HEAD = """\
# What the packages of this environment mean, as config.yaml and its folder name them. For newer versions, delete this
# file and the environment's image, then type: hubinstall apply
"""
SAYS_LESS = ("--no-config", "--color=never", "--no-annotate", "--no-header")
NO_WHEEL = re.compile(r"no-build|[Bb]uilding (from source|source distributions)")
"""How uv says that it has run no program of a package."""
CONTAINER = "hubinstall-installed"
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass(frozen=True)
class Installed:
    """An image's Python (3.N), its packages, and those among them that the server itself needs, each `name==version`;
    `misfits`: the versions of Python that were asked for, which this is not.
    """

    python: str
    packages: tuple[str, ...]
    servers: tuple[str, ...]
    misfits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unlocked:
    """Python packages without versions yet; all fields as in machine/folder.py. `liked`: an older list, whose versions
    are taken again if they fit; `path`: where the list is kept.
    """

    python: tuple[Line, ...] = ()
    constraints: tuple[Line, ...] = ()
    pythons: tuple[Line, ...] = ()
    project: tuple[tuple[str, str], ...] = ()
    chosen: tuple[str, ...] = ()
    named: tuple[Line, ...] = ()
    liked: str = ""
    path: str = ""

    def locked(self, host: Host, name: str, base: str, scripts: str) -> str:
        """The list of versions with hashes for the layer of that name; the one that is kept, if it was made for this.
        Raises UserError with the lines that do not agree.
        """
        image = installed(host, base, scripts, tuple(line.text for line in self.pythons))
        if misfits := [line for line in self.pythons if line.text in image.misfits]:
            wanted = "\n  ".join(f"{line.place}: {line.text}" for line in misfits)
            raise UserError(f"the image has Python {image.python}, and these lines want another one", wanted)
        mark = f"{_mark(name)}{digest(repr(image), *self.parts())}\n"
        kept = host.text(self.path)
        if mark in kept:
            return kept
        if not (self.python or self.project):
            return ""
        options = as_text(line.text for line in self.python if line.text.startswith("-"))
        return f"{HEAD}{mark}{options}{self._resolved(host, base, image, kept or self.liked)}"

    def keep(self, host: Host, found: str) -> None:
        """Once an image was built with it. An index may have a password in its address."""
        if found and found != host.text(self.path):
            host.write(self.path, found.encode(), mode="0600")

    def parts(self) -> tuple[str, ...]:
        """All that the list follows from, without the places."""
        texts = (tuple(line.text for line in lines) for lines in (self.python, self.constraints, self.pythons))
        return tuple(map(repr, (*texts, self.project, self.chosen)))

    def _resolved(self, host: Host, base: str, image: Installed, liked: str) -> str:
        files = dict(self.project) | {
            "requirements.in": as_text(line.text for line in self.python),
            "more.txt": as_text(line.text for line in self.constraints),
            "liked.txt": liked,
            "image.txt": as_text(image.packages),
        }
        try:
            return compiled(host, base, image.python, files, self.chosen)
        except DisagreementError as error:
            if error.cannot_be_asked:
                raise error.told(self.lines()) from None
        # Everything of the image comes along, so that what needs a package that changes agrees with that, too.
        free = [line for line in image.packages if line not in image.servers]
        files["requirements.in"] += as_text(line.partition("==")[0] for line in free)
        files["liked.txt"] = as_text([*free, liked])
        files["image.txt"] = as_text(image.servers)
        try:
            return without(compiled(host, base, image.python, files, self.chosen), image.packages)
        except DisagreementError as error:
            raise error.told(self.lines()) from None

    def lines(self) -> tuple[Line, ...]:
        return (*self.python, *self.constraints, *self.named)


class DisagreementError(Exception):
    """uv has found no versions. `output`: its words."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output
        self.cannot_be_asked = bool(cures(output))

    def told(self, lines: Iterable[Line] = ()) -> UserError:
        """What uv itself explains, which names the packages, and where they are asked for; or why it could not ask."""
        if advice := cures(self.output):
            said = self.output.strip().splitlines()[0]
            return UserError(f"the package index did not answer: {said}", "\n  ".join(advice))
        why = " ".join(self.output.partition("cause:")[2].split() or self.output.split())
        if "No solution found" not in self.output:
            return UserError(f"uv cannot use what is asked for: {why}", "\n  ".join(named_in(why, lines)))
        hint = (
            "`you require NAME==VERSION` is either what you asked for or what the image has, which stays as it is."
            " Ask for another version, or remove what needs it. Nothing was changed."
        )
        return UserError(f"these packages do not go together: {why}", "\n  ".join([*named_in(why, lines), hint]))


def lock_of(environment: str) -> str:
    """Where the versions are kept of an environment whose packages config.yaml or a folder names."""
    return f"{layout.ENVIRONMENT_LOCKS}/{environment}.txt"


def forget(host: Host, name: str) -> None:
    """Remove the list of a layer that is no longer wanted. One on another base has taken it over."""
    path = lock_of(name.rpartition("/")[2])
    if _mark(name) in host.text(path):
        host.remove(path)


def _mark(name: str) -> str:
    return f"# of {name}, made from "


def named_in(text: str, lines: Iterable[Line]) -> list[str]:
    """Of the lines whose package a text names, where they are."""

    def names(line: Line) -> bool:
        name = NAME.match(line.text)
        return bool(name and re.search(rf"(?<![\w.-]){re.escape(name[0])}(?![\w-])", text, re.IGNORECASE))

    return [f"{line.place}: {line.text}" for line in lines if names(line)]


def as_text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def installed(host: Host, base: str, scripts: str, pythons: tuple[str, ...] = ()) -> Installed:
    """What an image has. Raises UserError if it is not on this machine."""
    if not inspect_image(host, base):
        raise UserError(f"the image {base} is not on this machine", "Run it again after: hubinstall apply")
    program = Path(scripts, "packages.py").read_text(encoding="utf-8")
    docker(host, "rm", "--force", CONTAINER, check=False)
    argv = [
        "docker", "run", "--rm", "--interactive", "--name", CONTAINER, "--network=none", "--read-only",
        "--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=65534:65534", "--workdir=/", "--log-driver=none",
        "--entrypoint=python3", base, "-I", "-c", build_place.for_python(program), *pythons,
    ]  # fmt: skip
    message = f"the packages of the image {base} could not be listed"
    try:
        with guarded(host, CONTAINER) as guard:
            done = host.run(argv, input=program, env=AT_SOCKET, bound=True)
    except CommandError as error:
        if guard.why:
            raise UserError(f"{message}: {guard.why}", guard.hint) from error
        raise build_place.cut_short(host, error, message) from error
    found = json.loads(done.stdout)
    pinned = {name: f"{name}=={version}" for name, version in found["packages"].items()}
    servers = tuple(pinned[name] for name in found.get("servers", ()))
    return Installed(found["python"], tuple(pinned.values()), servers, tuple(found.get("misfits", ())))


def compiled(host: Host, base: str, python: str, files: dict[str, str], chosen: tuple[str, ...] = ()) -> str:
    """The list of uv with hashes. `files`: requirements.in, image.txt (what must stay), and, if there are any, more.txt
    (constraints), liked.txt (versions that are preferred), pyproject.toml, uv.lock. Raises DisagreementError.

    Of wheels alone, uv reads what they need. For what has no wheel, a program of it must run: in a container.
    """
    files = {name: text for name, text in files.items() if text}
    try:
        if "uv.lock" in files:
            files, chosen = files | {"locked.in": _exported(host, files, chosen)}, ()
            del files["uv.lock"], files["pyproject.toml"]
        words = ["pip", "compile", *SAYS_LESS, "--generate-hashes", f"--python-version={python}", *chosen]
        words += ["--constraints=image.txt", *(["--constraints=more.txt"] if "more.txt" in files else [])]
        # Where it writes is where it reads the versions that are preferred; being quiet, it would only write there.
        words += ["--output-file=liked.txt", "--no-progress"] if "liked.txt" in files else ["--quiet"]
        words += [name for name in ("requirements.in", "pyproject.toml", "locked.in") if name in files]
        try:
            return _on_host(host, files, [*words, "--no-build"])
        except CommandError as error:
            if cures(error.output) or not NO_WHEEL.search(error.output):
                raise
        return uv_container.run(host, base, files, words)
    except CommandError as error:
        if (cut := build_place.cut_short(host, error, "what these packages need could not be found out")) is not error:
            raise cut from error
        raise DisagreementError(error.output) from None


def _exported(host: Host, files: dict[str, str], chosen: tuple[str, ...]) -> str:
    """The versions of a uv.lock."""
    words = ["export", *SAYS_LESS, "--quiet", "--frozen", "--no-emit-project", "--no-default-groups", *chosen]
    return _on_host(host, files, words)


def _on_host(host: Host, files: dict[str, str], words: list[str]) -> str:
    folder = f"{layout.CACHE}/environment"
    host.remove_tree(folder)
    host.mkdir(folder, mode="0700")
    try:
        for name, text in files.items():
            host.write(f"{folder}/{name}", text.encode(), mode="0600")
        argv = [layout.UV, *words, f"--python={PYTHON}"]
        env = uv_environment(host, f"{layout.CACHE}/uv") | build_place.TIMEOUTS
        return host.run(argv, env=env, cwd=str(host.path(folder)), bound=True).stdout
    finally:
        host.remove_tree(folder)


def without(text: str, packages: Iterable[str]) -> str:
    """A list without what the image has in just that version; a block begins at the start of a line."""
    has = {_normal(package) for package in packages}
    blocks = re.split(r"^(?=[^\s#])", text, flags=re.MULTILINE)
    return "".join(block for block in blocks if _normal(block.split(" ")[0].strip()) not in has)


def _normal(pinned: str) -> str:
    """packaging.python.org, "Names and normalization"."""
    name, _, version = pinned.partition("==")
    return f"{re.sub(r'[-_.]+', '-', name.partition('[')[0]).lower()}=={version}"
