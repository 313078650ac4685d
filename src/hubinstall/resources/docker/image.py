"""Docker images that are built on this machine from its distribution's packages and a hash-locked Python list.

There are two resources, because the root file system can be built while Docker is still being installed. It is deleted
once it is imported: a note beside its path says so. If the image gets lost, it is loaded from a compressed copy, or
built again. An offline bundle brings the copy: then nothing is built.
"""

import functools
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, ClassVar

from hubinstall.errors import CommandError, UserError
from hubinstall.machine.docker import AT_SOCKET, DAEMONS, docker, docker_query, inspect_image
from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, State
from hubinstall.resources.docker import image_copy
from hubinstall.resources.docker.descendants import built_upon
from hubinstall.resources.docker.prebuilt import Prebuilt
from hubinstall.resources.files.tree import SEAL, seal, sealed
from hubinstall.resources.packages import offline
from hubinstall.resources.packages.apt_sources import sources
from hubinstall.resources.packages.downloads import DEBS, retry_if_stalled
from hubinstall.resources.packages.virtualenv import uv_environment

LABEL = "org.hubinstall.built-from"
"""The label with the digest of everything the image was built from, so that another image of its name is noticed."""
ANOTHER_BUILD = ("mmdebstrap", "uv")
"""The programs of a build that has lost its parent, and that ours waits for."""


@dataclass(frozen=True)
class Recipe:
    """What a root file system is built from; see `build.sh` in the directory `scripts`."""

    scripts: str = ""
    codename: str = ""
    packages: tuple[str, ...] = ()
    lockfile: str = ""
    """The path of the Python packages' list."""
    uv: str = ""
    prebuilt: Prebuilt | None = None
    """Where the image itself comes from instead."""

    def build(self, host: Host, path: str) -> None:
        """Build the root file system at `path`, and seal it when it is complete.

        A build whose parent was killed may still be writing: it holds the lock file, and we wait for it. A build that
        is waiting itself ends with its parent. Its mounts are in a namespace of its own and end with it.
        """
        cache = f"{path}.cache"
        try:
            retry_if_stalled(host, "the image for user servers", functools.partial(self._run, host, path, cache))
        except CommandError as error:
            raise UserError(
                "the image for user servers could not be built",
                f"{error.hint}\n  Check that `apt-get update` works on this machine, that it can reach PyPI, and that"
                " its disk is not full. Then run it again.",
            ) from error
        for kept in (cache, path + DEBS):
            host.remove_tree(kept)
        seal(host, path)

    def _run(self, host: Host, path: str, cache: str) -> None:
        host.run(
            [
                "flock", f"{path}.lock", "unshare", "--mount", "sh", f"{self.scripts}/build.sh", path, self.codename,
                ",".join(self.packages), self.lockfile, self.uv,
            ],
            input="\n".join(sources(host, self.codename)) + "\n",
            env=uv_environment(host, cache),
            daemons=ANOTHER_BUILD,
            bound=True,
        )  # fmt: skip


@dataclass(frozen=True)
class ImageRoot:
    """A root file system that is ready to be imported into Docker; `name` is its content-derived path."""

    kind: ClassVar[str] = "image-root"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    recipe: Recipe = field(default_factory=Recipe)
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"complete": True}

    def actual(self, host: Host) -> State | None:
        return {"complete": True} if host.exists(imported(self.name)) else sealed(host, self.name)

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        copy = image_copy.copy_of(self.name)
        if brought := offline.file(host, offline.IMAGE, PurePosixPath(copy).name):
            image_copy.take(host, brought, copy)
            host.write(imported(self.name), b"")
        elif self.recipe.prebuilt:
            self.recipe.prebuilt.bring(host, copy)
            host.write(imported(self.name), b"")
        else:
            self.recipe.build(host, self.name)

    def remove(self, host: Host) -> None:
        discard(host, self.name)
        for beside in (imported(self.name), f"{self.name}.lock"):
            host.remove(beside)
        image_copy.forget(host, self.name)


@dataclass(frozen=True)
class Image:
    """An image of our own: `name` is its repository, `tag` its content-derived tag, `root` the ImageRoot's path.

    `changes` are Dockerfile instructions for `docker import`. The previous image stays until the next change, for
    servers that run from it and for a rollback.
    """

    kind: ClassVar[str] = "image"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    tag: str = ""
    root: str = ""
    recipe: Recipe = field(default_factory=Recipe)
    changes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"tag": self.tag, "root": "imported", "copy": "kept"}

    def actual(self, host: Host) -> State | None:
        if self.tag and labels(host, f"{self.name}:{self.tag}").get(LABEL) == self.tag:
            # A run that was killed after the import has left the directory that was imported.
            noted = host.exists(imported(self.root)) and not host.exists(self.root)
            kept = image_copy.kept(host, self.root)
            root, copy = "imported" if noted else "left over", "kept" if kept else "missing"
            return {"tag": self.tag, "root": root, "copy": copy}
        others = [tag for tag in tags(host, self.name) if tag != self.tag]
        return {"tag": others[0], "root": "imported", "copy": "kept"} if others else None

    def apply(self, host: Host, change: Change) -> None:
        reference = f"{self.name}:{self.tag}"
        if lost := built_from(host, self.tag):
            docker(host, "image", "tag", lost[0], reference)
        elif not image_copy.load(host, image_copy.kept(host, self.root)) and not self._bring(host):
            self._make(host, reference)
        host.write(imported(self.root), f"{reference}\n".encode())
        discard(host, self.root)
        if not image_copy.kept(host, self.root):
            image_copy.keep(host, reference, image_copy.copy_of(self.root))
        before = (change.before or {}).get("tag")
        self._drop(host, [tag for tag in tags(host, self.name) if tag not in {self.tag, before}])

    def remove(self, host: Host) -> None:
        """Remove all images of the repository, and those that lost their name while a container used them."""
        self._drop(host, tags(host, self.name))
        for lost in nameless(host):
            docker(host, "image", "rm", lost, check=False)
        for tag in tags(host, self.name):
            upon = built_upon(host, f"{self.name}:{tag}")
            why = f"{upon[0]} is built upon it" if upon else "a container uses it (`docker ps --all`)"
            host.notice(f"the image {self.name}:{tag} was not removed: {why}")

    def _bring(self, host: Host) -> bool:
        """Whether the image is there now, from the archive of another machine that built it."""
        if not self.recipe.prebuilt:
            return False
        copy = image_copy.copy_of(self.root)
        self.recipe.prebuilt.bring(host, copy)
        return image_copy.load(host, copy)

    def _make(self, host: Host, reference: str) -> None:
        if sealed(host, self.root) != {"complete": True}:
            self.recipe.build(host, self.root)
        changes = [word for change in (*self.changes, f"LABEL {LABEL}={self.tag}") for word in ("--change", change)]
        host.run(
            ["bash", "-o", "pipefail", "-c", IMPORT, "import", self.root, reference, *changes],
            env=AT_SOCKET,
            daemons=DAEMONS,
        )

    def _drop(self, host: Host, old: list[str]) -> None:
        """Docker refuses to remove images that a container uses; the next change tries again. The base of another image
        would only lose its name, with which an administrator builds that again.
        """
        for reference in (f"{self.name}:{tag}" for tag in old):
            if not built_upon(host, reference):
                docker(host, "image", "rm", reference, check=False)


# Piped from the directory into Docker: an archive on the disk would need the space a third time.
IMPORT = (
    f'tar --create --directory="$1" --numeric-owner --one-file-system --exclude=./{SEAL} . '
    '| docker import "${@:3}" - "$2"'
)


def imported(root: str) -> str:
    """The path of the note that the root file system was imported."""
    return f"{root}.imported"


def discard(host: Host, root: str) -> None:
    """Remove a root file system, but never anything that a killed build left mounted in it."""
    host.remove(f"{root}/{SEAL}")
    gone = [str(host.path(path)) for path in (root, f"{root}.python", f"{root}.cache", root + DEBS, f"{root}.apt.conf")]
    host.run(["rm", "-rf", "--one-file-system", *gone])


def labels(host: Host, reference: str) -> dict[str, str]:
    """The labels of an image; none if there is no such image, or no Docker."""
    found = host.once(f"docker image {reference}", functools.partial(inspect_image, host, reference))
    return (found.get("Config") or {}).get("Labels") or {}


def built_from(host: Host, tag: str) -> list[str]:
    """The ids of images that were built as `tag`, whatever their present names are."""
    return _ids(host, f"label={LABEL}={tag}")


def nameless(host: Host) -> list[str]:
    """The ids of images that were built like this and have lost all their names; no other repository's images."""
    return _ids(host, f"label={LABEL}", "dangling=true")


def _ids(host: Host, *filters: str) -> list[str]:
    words = [word for condition in filters for word in ("--filter", condition)]
    found = docker_query(host, "image", "ls", "--quiet", "--no-trunc", *words, check=False).stdout.split()
    return [id_ for id_ in found if not is_derived(inspect_image(host, id_))]


def is_derived(image: dict[str, Any]) -> bool:
    """Whether a Dockerfile has made it of another image, whose labels it then has. An imported one has one layer."""
    return len((image.get("RootFS") or {}).get("Layers") or ()) > 1


def tags(host: Host, repository: str) -> list[str]:
    """The tags of a repository on this machine, newest first."""
    listed = docker_query(host, "image", "ls", "--format", "{{.Tag}}", repository, check=False)
    return [tag for tag in listed.stdout.split() if tag != "<none>"] if listed.returncode == 0 else []
