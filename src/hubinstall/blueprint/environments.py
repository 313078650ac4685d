"""The environments that servers can have: for each of them an image, from which the hub starts it."""

import functools
import re
from dataclasses import dataclass, replace

from hubinstall import layout
from hubinstall.blueprint import user_image
from hubinstall.blueprint.docker import users_cgroup
from hubinstall.blueprint.templating import DATA
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

SCRIPTS = DATA / "templates" / "layer"
FOR_R = ("r-base-core", "r-cran-irkernel")
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
    added = {
        name: layer(name, bases[one.base], settings, facts, docker)
        for name, one in wanted.items()
        if made_of(facts.environments.get(name, {}))
    }
    images = {name: added[name].reference if name in added else bases[one.base].image for name, one in wanted.items()}
    named = {
        name: ServerEnvironment(images[name], one.title or "", one.description or "", one.groups)
        for name, one in wanted.items()
    }
    providers = (base.provider, *(one.provider for one in others.values()), *added.values())
    resources = [*base.resources, *(resource for one in others.values() for resource in one.resources)]
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
    name: str, base: Environment, settings: Settings, facts: Facts, docker: tuple[str, ...] = ()
) -> ImageLayer:  # fmt: skip
    """The image of an environment with packages."""
    ours = base.image.startswith(f"{layout.IMAGE_REPOSITORY}:")
    lists = facts.environments[name]
    r = words(lists.get(layout.R_LIST, ""))
    build = LayerBuild(
        title=name,
        scripts=str(SCRIPTS),
        uv=layout.UV,
        requirements=lists.get(layout.REQUIREMENTS, ""),
        apt=(*words(lists.get(layout.APT_LIST, "")), *(FOR_R if r else ()), *map(r_package, r)),
        kernels=("R",) if r else (),
        codename=facts.codename if ours else "",
        cgroup_parent=users_cgroup(facts),
    )
    tag = digest(base.image, build_files(), *(f"{file}\0{text}" for file, text in sorted(made_of(lists).items())))[:12]
    repository = f"{base.image.rpartition(':')[0]}/{name}"
    needs = ids(base.provider, id_of(Directory, layout.IMAGES), *docker)
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


def made_of(lists: dict[str, str]) -> dict[str, str]:
    """The lists that the image follows from: what was asked for is in the one that uv has made of it."""
    return {file: text for file, text in lists.items() if file != layout.REQUIRED}


def words(text: str) -> tuple[str, ...]:
    """The names in a list, one a line; `#` begins a comment."""
    return tuple(word for line in text.splitlines() if (word := line.partition("#")[0].strip()))


def r_package(name: str) -> str:
    """The distribution's package with one of CRAN's, such as `data.table` (Debian's R policy, 2)."""
    return f"r-cran-{name.lower()}"


@functools.cache
def build_files() -> str:
    """A digest of the programs that make a layer."""
    return digest(*(path.read_bytes() for path in sorted(SCRIPTS.iterdir()) if path.suffix == ".sh"))
