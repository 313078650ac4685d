"""The environments that servers can have: for each of them an image, from which the hub starts it."""

from dataclasses import dataclass

from hubinstall.blueprint import user_image
from hubinstall.blueprint.user_image import Environment
from hubinstall.hubside.environments import DEFAULT, ServerEnvironment
from hubinstall.hubside.settings import ImageSource
from hubinstall.machine.facts import Facts
from hubinstall.resources.base import Resource
from hubinstall.settings.environments import NamedEnvironment
from hubinstall.settings.model import Settings


@dataclass(frozen=True)
class Environments:
    """`base`: the image without further packages of the environment that everyone gets; nginx serves its static files.

    `image`, `source`: of that environment, and where the hub finds the image again if somebody removes it.
    """

    resources: list[Resource]
    base: Environment
    image: str
    source: ImageSource
    named: dict[str, ServerEnvironment]
    """All environments by name, `default` among them."""
    providers: tuple[Resource, ...]
    """What provides the images."""


def environments(settings: Settings, facts: Facts, docker: tuple[str, ...]) -> Environments:
    """`docker`: the ids of the resources that make the Docker Engine run."""
    base = user_image.environment(settings, facts, docker)
    wanted = {DEFAULT: NamedEnvironment()} | settings.environments
    others = {
        name: user_image.by_name(name, docker)
        for name in sorted({one.base for one in wanted.values()} - {DEFAULT, settings.environment.image})
    }
    bases = {DEFAULT: base, settings.environment.image: base} | others
    named = {name: _described(one, bases[one.base]) for name, one in wanted.items()}
    return Environments(
        [*base.resources, *(resource for one in others.values() for resource in one.resources)],
        base, base.image, base.source, named, (base.provider, *(one.provider for one in others.values())),
    )  # fmt: skip


def _described(wanted: NamedEnvironment, base: Environment) -> ServerEnvironment:
    return ServerEnvironment(base.image, wanted.title or "", wanted.description or "", wanted.groups)
