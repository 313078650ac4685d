"""Which environments there are: what was added to each, and what it takes on the disk."""

from dataclasses import dataclass

from hubinstall.blueprint import environments as blueprint
from hubinstall.installation import environments
from hubinstall.installation.desired_state import DesiredState
from hubinstall.machine.docker import inspect_image
from hubinstall.machine.host import Host


@dataclass(frozen=True)
class ListedEnvironment:
    """`image`, `base`: Docker's names; `size`: of the image with all that is below it, in bytes, and `added` to its
    base, null while it is not on this machine. `python`, `apt`, `r`: what was asked for; `versions`: of all Python
    packages that came with it.
    """

    name: str
    title: str
    image: str
    base: str
    size: int | None
    added: int | None
    python: list[str]
    apt: list[str]
    r: list[str]
    versions: dict[str, str]


def listed(host: Host, desired: DesiredState) -> list[ListedEnvironment]:
    """The one that everyone gets is the first."""
    settings, facts = desired.settings, desired.facts
    bases = blueprint.base_images(settings, facts)
    found = []
    for name, one in blueprint.environments(settings, facts, docker=()).named.items():
        lists = facts.environments.get(name, {})
        asked = environments.asked(lists)
        size, below = size_of(host, one.image), size_of(host, bases[name])
        added = size - below if size is not None and below is not None else None
        found.append(
            ListedEnvironment(
                name, one.title, one.image, bases[name], size, added, list(asked.python), list(asked.apt),
                list(asked.r), environments.versions(lists),
            )
        )  # fmt: skip
    return found


def size_of(host: Host, image: str) -> int | None:
    """In bytes; None if it is not on this machine."""
    size: int | None = inspect_image(host, image).get("Size")
    return size
