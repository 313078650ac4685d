"""Images by name: pulled once and pinned; what the name means in the registry later is not asked.

A pin is two things: a note that says which image the name referred to, and our own tag on that image. Servers start
from our tag, so neither a later run nor somebody's `docker pull` of the same name changes what people get.
"""

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

from hubinstall.errors import CommandError, UserError, cures
from hubinstall.machine.docker import docker, inspect_image
from hubinstall.machine.host import Host
from hubinstall.resources.base import KEPT, Change, State


@dataclass(frozen=True)
class PulledImage:
    """`name`: as a person wrote it; `tag`: our own tag for it; `pin`: the path of the note."""

    kind: ClassVar[str] = "pulled-image"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    tag: str = field(default="", metadata=KEPT)
    pin: str = field(default="", metadata=KEPT)
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"pinned": True}

    def actual(self, host: Host) -> State | None:
        pinned = self._pinned(host)
        tagged = inspect_image(host, self.tag).get("Id")
        if not pinned and not tagged:
            return None
        return {"pinned": bool(pinned) and tagged == pinned.get("id")}

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        pinned = self._pinned(host)
        if not pinned:
            there = bool(inspect_image(host, self.name))
            if not there:
                pull(host, self.name)
            self._pin(host, ours=not there)
        elif not inspect_image(host, pinned["id"]):
            if not pinned["digest"]:
                raise UserError(
                    f"the image {self.name} is gone, and it came from no registry: it was only on this machine",
                    "Load or build it again (docker load, docker build), or set environment.image to another image.",
                )
            pull(host, pinned["digest"])
        docker(host, "image", "tag", self._pinned(host)["id"], self.tag)

    def remove(self, host: Host) -> None:
        """Remove what we pulled; an image that was on the machine before keeps its name."""
        pinned = self._pinned(host)
        docker(host, "image", "rm", self.tag, check=False)
        if pinned.get("ours") and inspect_image(host, self.name).get("Id") == pinned["id"]:
            docker(host, "image", "rm", self.name, check=False)
        if pinned.get("ours") and pinned.get("digest"):
            docker(host, "image", "rm", pinned["digest"], check=False)
        host.remove(self.pin)

    def _pinned(self, host: Host) -> dict[str, Any]:
        """The note: the image's `id`, its `digest` in the registry, and whether it is `ours` to remove."""
        try:
            found: dict[str, Any] = json.loads(host.text(self.pin) or "{}")
            return found if {"id", "digest", "ours"} <= found.keys() else {}
        except (ValueError, AttributeError):
            return {}

    def _pin(self, host: Host, *, ours: bool) -> None:
        image = inspect_image(host, self.name)
        repository = self.name.partition("@")[0]
        if ":" in repository.rpartition("/")[2]:
            repository = repository.rpartition(":")[0]
        digests = [d for d in image.get("RepoDigests") or [] if d.partition("@")[0] == familiar(repository)]
        note = {"name": self.name, "id": image["Id"], "digest": (digests or [""])[0], "ours": ours}
        host.write(self.pin, (json.dumps(note, indent=1) + "\n").encode())


def familiar(repository: str) -> str:
    """A repository as Docker lists it: without the parts that are implied for Docker Hub."""
    for implied in ("docker.io/library/", "docker.io/"):
        repository = repository.removeprefix(implied)
    return repository


def pull(host: Host, reference: str) -> None:
    """Pull an image. Raises UserError with the reason if that fails."""
    try:
        docker(host, "image", "pull", "--quiet", reference)
    except CommandError as error:
        said = (error.output.strip().splitlines() or ["no answer"])[-1]
        raise UserError(
            f"the image {reference} could not be pulled: {said}",
            "Check that environment.image is spelled correctly and that this machine can reach its registry. If the"
            " registry requires a login, run `docker login` as root first."
            + "".join(f"\n  {text}" for text in cures(error.output)),
        ) from error
