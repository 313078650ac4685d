"""The image of user servers: the default image, which is built here, or another image by name."""

import functools
from dataclasses import dataclass, replace
from pathlib import Path

from hubinstall import layout
from hubinstall.blueprint.packages import BASE_PACKAGES
from hubinstall.blueprint.templating import DATA
from hubinstall.hubside.images import ImageSource
from hubinstall.machine.facts import Facts
from hubinstall.resources.base import Resource, digest, id_of, ids
from hubinstall.resources.docker.image import LABEL, Image, ImageRoot, Recipe
from hubinstall.resources.docker.image_copy import copy_of
from hubinstall.resources.docker.prebuilt import Prebuilt
from hubinstall.resources.docker.pulled_image import PulledImage
from hubinstall.resources.files.file import Directory
from hubinstall.settings.model import Settings

SCRIPTS = DATA / "templates" / "image"
LOCK = Path(__file__).parents[1] / "locks" / "image.txt"
# What docker-stacks images promise, as far as an image's configuration can say it.
CHANGES = (
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV LANG=C.UTF-8 SHELL=/bin/bash HOME=/home/jovyan NB_USER=jovyan NB_UID=1000 NB_GID=100",
    f"ENV JUPYTER_PORT={layout.SERVER_PORT} PIP_DISABLE_PIP_VERSION_CHECK=1",
    "USER 1000",
    "WORKDIR /home/jovyan",
    f"EXPOSE {layout.SERVER_PORT}",
    'ENTRYPOINT ["tini", "-g", "--", "start.sh"]',
    'CMD ["start-notebook.py"]',
)


@dataclass(frozen=True)
class Environment:
    """The resources, Docker's name for the image of user servers, and the resource that provides it.

    `source`: where the hub finds the image again if somebody removes it. `pin`: the path of the file that says which
    image it is, if the name does not.
    """

    resources: list[Resource]
    image: str
    provider: Resource
    source: ImageSource
    pin: str = ""


def environment(settings: Settings, facts: Facts, docker: tuple[str, ...]) -> Environment:
    """`docker`: the ids of the resources that make the Docker Engine run."""
    folder = Directory(layout.IMAGES, needs=(id_of(Directory, layout.STATE),))
    if settings.environment.image:
        found = by_name(settings.environment.image, docker)
        return replace(found, resources=[folder, *found.resources])
    archive = settings.environment.archive
    prebuilt = Prebuilt(archive.url, archive.sha256, reference(facts)) if archive.url and archive.sha256 else None
    root = default_root(facts, prebuilt, needs=ids(folder, BASE_PACKAGES))
    image = default_image(facts, prebuilt, docker)
    source = ImageSource(label=f"{LABEL}={image.tag}", archive=copy_of(root.name), pin="")
    return Environment([folder, root, image], reference(facts), image, source)


def by_name(name: str, docker: tuple[str, ...]) -> Environment:
    """An image of a registry, or one that an administrator has built; without the directory for its note."""
    key = digest(name)[:12]
    tag = f"{layout.PULLED_REPOSITORY}:{key}"
    needs = (id_of(Directory, layout.IMAGES), *docker)
    pulled = PulledImage(name, tag=tag, pin=f"{layout.IMAGES}/{key}.json", needs=needs)
    return Environment([pulled], tag, pulled, ImageSource(label="", archive="", pin=pulled.pin), pulled.pin)


def default_root(facts: Facts, prebuilt: Prebuilt | None = None, needs: tuple[str, ...] = ()) -> ImageRoot:
    """The root file system of the default image."""
    recipe = Recipe(
        scripts=str(SCRIPTS), codename=facts.codename, packages=packages(), lockfile=str(LOCK), uv=layout.UV,
        prebuilt=prebuilt,
    )  # fmt: skip
    return ImageRoot(f"{layout.IMAGES}/{default_tag(facts)}", recipe, needs=needs)


def default_image(facts: Facts, prebuilt: Prebuilt | None = None, docker: tuple[str, ...] = ()) -> Image:
    root = default_root(facts, prebuilt)
    return Image(
        layout.IMAGE_REPOSITORY, tag=default_tag(facts), root=root.name, recipe=root.recipe, changes=CHANGES,
        needs=ids(root, *docker),
    )  # fmt: skip


def reference(facts: Facts) -> str:
    """The name of the default image."""
    return f"{layout.IMAGE_REPOSITORY}:{default_tag(facts)}"


def default_tag(facts: Facts) -> str:
    """The tag of the default image, which follows from all that it is made of."""
    return digest(built_from(), *CHANGES, facts.codename, facts.arch, facts.python)[:12]


@functools.cache
def packages() -> tuple[str, ...]:
    """The distribution's packages of the default image."""
    lines = (SCRIPTS / "packages.txt").read_text(encoding="utf-8").splitlines()
    return tuple(word for line in lines if (word := line.partition("#")[0].strip()))


@functools.cache
def built_from() -> str:
    """A digest of every file that goes into the default image or says how to build it."""
    files = sorted(path for path in SCRIPTS.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    parts = [part for path in files for part in (str(path.relative_to(SCRIPTS)), path.read_bytes())]
    return digest(LOCK.read_bytes(), *parts)
