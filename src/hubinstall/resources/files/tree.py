"""Content-named directories: the same name always means the same content, and a link beside them selects one.

Such a directory is built under its final name and is valid only with its seal, which is written last: a kill in the
middle leaves a directory without a seal, which nobody uses and the next run rebuilds. The seal is a digest of the names
at the top of the directory, so that a missing package or file is noticed without reading everything.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import ClassVar

from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, State, digest

SEAL = ".sealed"
ASIDE = ".aside"


def seal_of(host: Host, path: str, inside: str = "") -> str:
    """What the seal of the directory must contain: a digest of the names in it (or in `path/inside`)."""
    names = [n for n in host.names(f"{path}/{inside}".rstrip("/")) if n not in {SEAL, "__pycache__"}]
    return digest(*names)


def sealed(host: Host, path: str, inside: str = "") -> State | None:
    """The actual state of a content-named directory; None unless it is sealed."""
    seal = host.read(f"{path}/{SEAL}")
    if seal is None:
        return None
    return {"complete": seal.decode() == seal_of(host, path, inside)}


def seal(host: Host, path: str, inside: str = "") -> None:
    """Mark the directory as complete. Its content is on the disk before its seal is."""
    host.run(["sync", "-f", path])
    host.write(f"{path}/{SEAL}", seal_of(host, path, inside).encode())


@contextlib.contextmanager
def rebuilding(host: Host, path: str) -> Iterator[None]:
    """The block builds the directory. A damaged one that was complete once is moved aside first, and moved back if the
    block fails (no network, a full disk): programs that run from it need what is left of it.
    """
    aside = path + ASIDE
    if host.exists(f"{path}/{SEAL}"):
        host.remove_tree(aside)
        host.rename(path, aside)
    else:
        host.remove_tree(path)
    try:
        yield
    except BaseException:
        if host.exists(aside):
            host.remove_tree(path)
            host.rename(aside, path)
        raise
    host.remove_tree(aside)


@dataclass(frozen=True)
class Tree:
    """A content-named directory of given files. `files`: relative path → content."""

    kind: ClassVar[str] = "tree"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    files: dict[str, bytes] = field(default_factory=dict, repr=False, hash=False)
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"complete": True}

    def actual(self, host: Host) -> State | None:
        return sealed(host, self.name)

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        with rebuilding(host, self.name):
            host.mkdir(self.name)
            for relative, content in sorted(self.files.items()):
                for folder in reversed(PurePosixPath(relative).parents[:-1] if "/" in relative else ()):
                    host.mkdir(f"{self.name}/{folder}")
                host.write(f"{self.name}/{relative}", content)
            seal(host, self.name)

    def remove(self, host: Host) -> None:
        host.remove_tree(self.name)
        host.remove_tree(self.name + ASIDE)
