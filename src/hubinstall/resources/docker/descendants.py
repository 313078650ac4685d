"""Which images are built upon another one: theirs begin with all of its layers (image specification, rootfs)."""

from typing import Any

from hubinstall.machine.docker import docker_query, inspect_image
from hubinstall.machine.host import Host


def layers(image: dict[str, Any]) -> list[str]:
    """Of an image as the Engine describes it, the lowest first."""
    found: list[str] = (image.get("RootFS") or {}).get("Layers") or []
    return found


def is_upon(image: dict[str, Any], base: dict[str, Any]) -> bool:
    """Whether an image was made of `base`. One that adds variables alone has the same layers, and says its parent."""
    below, above = layers(base), layers(image)
    more = len(above) > len(below) or image.get("Parent") == base.get("Id")
    return bool(below) and more and above[: len(below)] == below


def built_upon(host: Host, reference: str) -> list[str]:
    """The names of the images on this machine that are built upon this one; of those that have lost their names, none:
    nobody can build them again.
    """
    base = inspect_image(host, reference)
    listed = docker_query(host, "image", "ls", "--quiet", "--no-trunc", "--all=false", check=False).stdout.split()
    others = [inspect_image(host, id_) for id_ in dict.fromkeys(listed) if id_ != base.get("Id")]
    return sorted(name for image in others if is_upon(image, base) for name in (image.get("RepoTags") or [])[:1])
