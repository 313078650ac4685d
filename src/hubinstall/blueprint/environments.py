"""The environments that servers can have: for each of them an image, from which the hub starts it."""

import functools
import re
from dataclasses import dataclass, replace

from hubinstall import layout
from hubinstall.blueprint import added_packages, apps, user_image
from hubinstall.blueprint.added_packages import Wanted, made_of
from hubinstall.blueprint.docker import users_cgroup
from hubinstall.blueprint.user_image import Environment
from hubinstall.hubside.environments import DEFAULT, ServerEnvironment
from hubinstall.hubside.images import ImageSource
from hubinstall.machine.facts import Facts
from hubinstall.resources.base import Resource, digest, id_of, ids
from hubinstall.resources.docker.layer import ImageLayer
from hubinstall.resources.docker.layer_build import LayerBuild
from hubinstall.resources.docker.layer_copy import path_of
from hubinstall.resources.files.file import Directory
from hubinstall.settings.environments import NamedEnvironment
from hubinstall.settings.model import Settings
from hubinstall.settings.values.names import ENVIRONMENT

LEAST_MEMORY, LEAST_CPUS = 1 << 30, 1.0
"""A build may use what a server may, but no less than this: compilers need it."""


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
    other_sources: dict[str, ImageSource]
    """The same for all other images of environments, and for those that images are layers upon."""
    layers: dict[str, str]
    """Image → the one that it is a layer upon."""
    providers: tuple[Resource, ...]
    """What provides the images."""


def environments(settings: Settings, facts: Facts, docker: tuple[str, ...]) -> Environments:
    """`docker`: the ids of the resources that make the Docker Engine run."""
    base = user_image.environment(settings, facts, docker)
    wanted = everything(settings, facts)
    others = {
        name: user_image.by_name(name, docker)
        for name in sorted({one.base for one in wanted.values()} - {DEFAULT, settings.environment.image})
    }
    bases = {DEFAULT: base, settings.environment.image: base} | others
    packages = {name: added_packages.wanted(name, one, facts) for name, one in wanted.items()}
    added = {
        name: layer(name, packages[name], bases[one.base], settings, facts, docker=docker)
        for name, one in wanted.items()
        if packages[name].has_any()
    }
    images = {name: added[name].reference if name in added else bases[one.base].image for name, one in wanted.items()}
    named = {
        name: ServerEnvironment(images[name], one.title or "", one.description or "", one.groups)
        for name, one in wanted.items()
    }
    providers = (base.provider, *(one.provider for one in others.values()), *added.values())
    locks = [Directory(layout.ENVIRONMENT_LOCKS)] if any(one.build.unlocked for one in added.values()) else []
    resources = [*base.resources, *locks, *(resource for one in others.values() for resource in one.resources)]
    sources = {one.image: one.source for one in bases.values()} | {
        one.reference: ImageSource(label="", archive=path_of(one.name, one.tag), pin="") for one in added.values()
    }
    used = {*images.values(), *(one.base for one in added.values())}
    return Environments(
        [*resources, *added.values()], base, images[DEFAULT], sources[images[DEFAULT]], named,
        {image: sources[image] for image in sorted(used - {images[DEFAULT]})},
        {one.reference: one.base for one in added.values()}, providers,
    )  # fmt: skip


def base_images(settings: Settings, facts: Facts, *more: str) -> dict[str, str]:
    """Environment → Docker's name for its base; `more`: names of some that do not exist yet."""
    base = user_image.environment(settings, facts, docker=())
    wanted = {name: NamedEnvironment() for name in more} | everything(settings, facts)
    return {
        name: base.image if one.base == DEFAULT else user_image.by_name(one.base, docker=()).image
        for name, one in wanted.items()
    }


def everything(settings: Settings, facts: Facts) -> dict[str, NamedEnvironment]:
    """All environments: the one that everyone gets, those in config.yaml, and those that have packages."""
    folders = {name: NamedEnvironment() for name in facts.environments if re.fullmatch(ENVIRONMENT, name)}
    return {DEFAULT: NamedEnvironment()} | folders | settings.environments


def layer(
    name: str, added: Wanted, base: Environment, settings: Settings, facts: Facts, *, docker: tuple[str, ...] = ()
) -> ImageLayer:  # fmt: skip
    """The image of an environment with packages."""
    ours = base.image.startswith(f"{layout.IMAGE_REPOSITORY}:")
    unlocked = added.unlocked()
    build = LayerBuild(
        title=name,
        scripts=str(apps.SCRIPTS),
        uv=layout.UV,
        requirements="" if unlocked else added.lists.get(layout.REQUIREMENTS, ""),
        unlocked=unlocked,
        apt=added.of_distribution(),
        kernels=added.languages(),
        programs=tuple(apps.program(app) for app in added.apps),
        files=tuple(file for app in added.apps for file in apps.files(app)),
        folder=added.folder.path,
        lines=added.lines(),
        codename=facts.codename if ours else "",
        cgroup_parent=users_cgroup(facts),
    )
    lists = sorted(made_of(added.lists).items())
    parts = (*(f"{file}\0{text}" for file, text in lists), *added.beside_lists())
    repository = f"{base.image.rpartition(':')[0]}/{name}"
    needs = ids(base.provider, *(id_of(Directory, path) for path in (layout.IMAGES, layout.BUILDS_DIR)), *docker)
    needs += (id_of(Directory, layout.ENVIRONMENT_LOCKS),) if unlocked else ()
    tag = digest(base.image, build_files(), *parts)[:12]
    return ImageLayer(repository, tag=tag, base=base.image, build=limited(build, settings, facts), needs=needs)


def limited(build: LayerBuild, settings: Settings, facts: Facts) -> LayerBuild:
    """Within the limits of a server, so that people do not feel it."""
    everyones = settings.limits.everyones(facts.memory)
    memory, cpus = everyones["memory"], everyones["cpu"]
    return replace(
        build,
        memory=max(memory, LEAST_MEMORY) if memory else 0,
        cpus=min(max(cpus, LEAST_CPUS), facts.cpus) if cpus else 0,
    )


@functools.cache
def build_files() -> str:
    """A digest of the program that makes a layer."""
    return digest((apps.SCRIPTS / "build.sh").read_bytes())
