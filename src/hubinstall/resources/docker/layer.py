"""Images with more packages: one layer on an image that is there.

A layer is made in a container of its base, and gets its name only when a server, a kernel and everything that is new in
it have been tried: a kill at any moment leaves nothing that counts, and servers that run are not touched.
"""

import contextlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall import layout
from hubinstall.errors import without_passwords
from hubinstall.hubside.build_output import Output
from hubinstall.machine.docker import docker, docker_query, inspect_image
from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, State
from hubinstall.resources.docker import image_copy, layer_copy
from hubinstall.resources.docker.descendants import built_upon, is_upon
from hubinstall.resources.docker.image import tags
from hubinstall.resources.docker.layer_build import LABEL, LayerBuild, clear
from hubinstall.resources.docker.layer_lock import forget


@dataclass(frozen=True)
class ImageLayer:
    """`name`: its repository; `tag`: follows from its packages and its base, Docker's name for an image."""

    kind: ClassVar[str] = "image-layer"
    lock: ClassVar[str | None] = "image-layer"
    """One at a time: each may use as much of the machine as a server."""
    stays: ClassVar[bool] = False
    name: str
    tag: str = ""
    base: str = ""
    build: LayerBuild = field(default_factory=LayerBuild)
    needs: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        return f"{self.name}:{self.tag}"

    def desired(self) -> State:
        return {"tag": self.tag, "base": "as it is now"}

    def actual(self, host: Host) -> State | None:
        image = inspect_image(host, self.reference) if self.tag else {}
        if ((image.get("Config") or {}).get("Labels") or {}).get(LABEL) == self.tag:
            base = inspect_image(host, self.base)
            return {"tag": self.tag, "base": "as it is now" if not base or is_upon(image, base) else "as it was"}
        others = [tag for tag in tags(host, self.name) if tag != self.tag]
        return {"tag": others[0], "base": "as it is now"} if others else None

    def apply(self, host: Host, change: Change) -> None:
        """Build it, try it, and give it its name; or bring it back. The one of before stays, for servers and for a way
        back.
        """
        if not self._brought_back(host):
            with shown(host, self.build.title):
                id_ = self.build.make(host, self.name, self.base, self.tag)
                layer_copy.keep(host, f"{self.build.scripts}/save.py", id_, self.reference)
                docker(host, "image", "tag", id_, self.reference)
        kept = {self.tag, (change.last or change.before or {}).get("tag")}
        self._drop(host, [tag for tag in tags(host, self.name) if tag not in kept])
        layer_copy.drop_others(host, self.name, [self.tag, *tags(host, self.name)])

    def _brought_back(self, host: Host) -> bool:
        """Whether an image that somebody has removed is there again, from its copy."""
        there = bool(inspect_image(host, self.reference))
        path = layer_copy.path_of(self.name, self.tag)
        if there or not inspect_image(host, self.base) or not image_copy.load(host, path):
            return False
        return is_upon(inspect_image(host, self.reference), inspect_image(host, self.base))

    def remove(self, host: Host) -> None:
        clear(host, self.name)
        forget(host, self.name)
        self._drop(host, tags(host, self.name))
        layer_copy.drop_others(host, self.name, tags(host, self.name))
        if left := tags(host, self.name):
            host.notice(f"the image {self.name}:{left[0]} was not removed: a container, or another image, uses it")

    def _drop(self, host: Host, old: list[str]) -> None:
        drop(host, [f"{self.name}:{tag}" for tag in old])


@contextlib.contextmanager
def shown(host: Host, title: str) -> Iterator[None]:
    """Within the block, what is built is on the hub's page, too; one at a time (`lock`)."""
    watch, output = host.watch, Output(host.path(layout.BUILD_OUTPUT), title)

    def tell(line: str) -> None:
        output.tell(line)
        watch(line)

    host.watch = tell
    try:
        yield
        output.end()
    except Exception as error:
        output.end(without_passwords(str(error)))
        raise
    finally:
        host.watch = watch
        output.close()


def drop(host: Host, references: Iterable[str]) -> None:
    """Docker refuses to remove images that a container uses; the next change tries again."""
    for reference in references:
        if not built_upon(host, reference):
            docker(host, "image", "rm", reference, check=False)


def sweep(host: Host, repositories: Collection[str]) -> None:
    """Remove the layers of other repositories of ours: environments that have no packages any more, whose images were
    still used when that changed.
    """
    listed = docker_query(
        host, "image", "ls", "--filter", f"label={LABEL}", "--format", "{{.Repository}}:{{.Tag}}", check=False
    ).stdout.split()
    ours = (f"{layout.IMAGE_REPOSITORY}/", f"{layout.PULLED_REPOSITORY}/")
    old = [one for one in listed if one.startswith(ours) and one.rpartition(":")[0] not in repositories]
    drop(host, [one for one in old if not one.endswith(":<none>")])
