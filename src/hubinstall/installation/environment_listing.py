"""Which environments there are: what was added to each, and what it takes on the disk."""

from dataclasses import dataclass

from hubinstall import layout
from hubinstall.blueprint import added_packages
from hubinstall.blueprint import environments as blueprint
from hubinstall.installation import environments
from hubinstall.installation.desired_state import DesiredState
from hubinstall.machine.docker import inspect_image
from hubinstall.machine.host import Host


@dataclass(frozen=True)
class ListedEnvironment:
    """`image`, `base`: Docker's names; `size`: of the image with all that is below it, in bytes, and `added` to its
    base, null while it is not on this machine. `python`, `apt`, `r`, `kernels`, `apps`: what was asked
    for, by command, in config.yaml and in `folder`; `versions`: of all Python packages that came with it.
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
    kernels: list[str]
    apps: list[str]
    folder: str | None
    versions: dict[str, str]


def listed(host: Host, desired: DesiredState) -> list[ListedEnvironment]:
    """The one that everyone gets is the first."""
    settings, facts = desired.settings, desired.facts
    bases = blueprint.base_images(settings, facts)
    found = []
    configured = blueprint.everything(settings, facts)
    for name, one in blueprint.environments(settings, facts, docker=()).named.items():
        wanted = added_packages.wanted(name, configured[name], facts)
        asked = environments.asked(wanted.lists)
        size, below = size_of(host, one.image), size_of(host, bases[name])
        added = size - below if size is not None and below is not None else None
        python, apt, r = (
            [*by_command, *(line.text for line in lines)]
            for by_command, lines in ((asked.python, wanted.python), (asked.apt, wanted.apt), (asked.r, wanted.r))
        )
        locked = host.text(wanted.lock) if wanted.unlocked() else wanted.lists.get(layout.REQUIREMENTS, "")
        found.append(
            ListedEnvironment(
                name, one.title, one.image, bases[name], size, added, python, apt, r, list(wanted.kernels),
                list(wanted.apps), configured[name].folder, environments.versions(locked),
            )
        )  # fmt: skip
    return found


def size_of(host: Host, image: str) -> int | None:
    """In bytes; None if it is not on this machine."""
    size: int | None = inspect_image(host, image).get("Size")
    return size
