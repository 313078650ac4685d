"""What is added to the image of an environment: the lists that `environment add` keeps, config.yaml, and its folder."""

from dataclasses import dataclass

from hubinstall import layout
from hubinstall.blueprint import apps
from hubinstall.machine.facts import Facts
from hubinstall.machine.folder import Folder, Line
from hubinstall.resources.base import digest
from hubinstall.resources.docker.layer_lock import Unlocked, lock_of
from hubinstall.settings.environments import NamedEnvironment

OF_KERNELS = {
    "r": (("r-base-core", "r-cran-irkernel"), ()),
    "octave": (("octave",), ("octave_kernel",)),
    "bash": ((), ("bash_kernel",)),
}
"""Language → the distribution's packages, and those of Python, that bring its kernel."""


@dataclass(frozen=True)
class Wanted:
    """`lists`: of `environment add`, each with the versions that it found. `python`, `apt`, `r`, `kernels`, `apps`: of
    config.yaml and the folder alone.
    """

    lists: dict[str, str]
    kernels: tuple[str, ...]
    python: tuple[Line, ...]
    apt: tuple[Line, ...]
    r: tuple[Line, ...]
    folder: Folder
    lock: str
    apps: tuple[str, ...] = ()

    def has_any(self) -> bool:
        return bool(made_of(self.lists) or self.beside_lists())

    def beside_lists(self) -> tuple[str, ...]:
        """What the image follows from beside the lists; nothing if they are all."""
        folder = self.folder
        parts = {
            "python": self._python().parts() if self._is_unlocked() else (),
            "apt": tuple(line.text for line in self.apt),
            "r": tuple(line.text for line in self.r),
            "kernels": self.kernels,
            "apps": tuple(digest(apps.program(app), *map(repr, apps.files(app))) for app in self.apps),
            "files": (folder.files,) if folder.files else (),
        }
        return tuple(f"{name}\0{part!r}" for name, part in parts.items() if part)

    def languages(self) -> tuple[str, ...]:
        """R comes with its packages."""
        return tuple(sorted({*self.kernels, *(("r",) if self.all_r() else ())}))

    def all_r(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*words(self.lists.get(layout.R_LIST, "")), *(line.text for line in self.r))))

    def of_distribution(self) -> tuple[str, ...]:
        """All packages that apt installs."""
        names = [*words(self.lists.get(layout.APT_LIST, "")), *(line.text for line in self.apt)]
        names += [package for language in self.languages() for package in OF_KERNELS[language][0]]
        names += [package for app in self.apps for package in apps.APPS[app].apt]
        return tuple(dict.fromkeys((*names, *map(r_package, self.all_r()))))

    def unlocked(self) -> Unlocked | None:
        """The Python packages, if the list of `environment add` is not all of them."""
        return self._python() if self._is_unlocked() else None

    def lines(self) -> tuple[Line, ...]:
        """Where each package is asked for, under the name that a build tells."""
        of_r = (Line(r_package(line.text), line.place) for line in self.r)
        return (*self.apt, *of_r, *self.python, *self.folder.named)

    def _is_unlocked(self) -> bool:
        return bool(self.python or self.folder.project or self.folder.pythons or self._of_kernels() or self.apps)

    def _of_kernels(self) -> tuple[str, ...]:
        return tuple(package for language in self.kernels for package in OF_KERNELS[language][1])

    def _python(self) -> Unlocked:
        folder = self.folder
        added = [Line(word, "environment add") for word in words(self.lists.get(layout.REQUIRED, ""))]
        of_kernels = [Line(word, f"{layout.CONFIG_FILE}: kernels") for word in self._of_kernels()]
        of_apps = [Line(word, f"{layout.CONFIG_FILE}: apps") for app in self.apps for word in apps.APPS[app].python]
        return Unlocked(
            (*added, *self.python, *of_kernels, *of_apps), folder.constraints, folder.pythons, folder.project,
            folder.chosen, folder.named, self.lists.get(layout.REQUIREMENTS, ""), self.lock,
        )  # fmt: skip


def wanted(name: str, one: NamedEnvironment, facts: Facts) -> Wanted:
    folder = facts.folders.get(name, Folder())

    def here(key: str, texts: tuple[str, ...]) -> tuple[Line, ...]:
        return tuple(Line(text, f"{layout.CONFIG_FILE}: environments.{name}.{key}") for text in texts)

    return Wanted(
        facts.environments.get(name, {}), one.kernels, (*here("python", one.python), *folder.python),
        (*here("apt", one.apt), *folder.apt), (*here("r", one.r), *folder.r), folder, lock_of(name), one.apps,
    )  # fmt: skip


def made_of(lists: dict[str, str]) -> dict[str, str]:
    """The lists that the image follows from: what was asked for is in the one that uv has made of it."""
    return {file: text for file, text in lists.items() if file != layout.REQUIRED}


def words(text: str) -> tuple[str, ...]:
    """The names in a list, one a line; `#` begins a comment."""
    return tuple(word for line in text.splitlines() if (word := line.partition("#")[0].strip()))


def r_package(name: str) -> str:
    """The distribution's package with one of CRAN's, such as `data.table` (Debian's R policy, 2)."""
    return f"r-cran-{name.lower()}"
