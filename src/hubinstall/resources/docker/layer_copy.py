"""A copy of a layer alone, for when somebody removes its image (`docker system prune --all`).

The hub loads it, too, after the image that it is built upon. Where Docker does not store images as overlay2 does, there
is no copy: then `apply` builds the layer again.
"""

import re

from hubinstall import layout
from hubinstall.errors import CommandError
from hubinstall.machine.docker import DAEMONS, info
from hubinstall.machine.host import Host
from hubinstall.resources.docker.image_copy import UNFINISHED, ZSTD

DRIVER = "overlay2"
SAVE = 'rm -f "$1" && /usr/bin/python3 -I "${@:2}" | zstd -q -T0 >"$1" && chmod 0644 "$1" && sync -f "$1"'


def path_of(name: str, tag: str) -> str:
    """`name`: of the layer's repository."""
    return f"{layout.IMAGES}/layer-{name.replace('/', '-')}-{tag}{ZSTD}"


def keep(host: Host, script: str, id_: str, reference: str) -> None:
    """Write the copy of an image, completely or not at all. `reference`: the name that it gets when it is loaded."""
    name, _, tag = reference.rpartition(":")
    path, found = path_of(name, tag), info(host)
    if found.get("Driver") != DRIVER:
        return
    unfinished = str(host.path(path + UNFINISHED))
    words = [script, found["DockerRootDir"], DRIVER, id_, reference]
    try:
        host.run(["bash", "-o", "pipefail", "-c", SAVE, "save", unfinished, *words], daemons=DAEMONS)
    except CommandError as error:
        host.log(f"the layer {reference} has no copy: {error}")
        host.remove(path + UNFINISHED)
    else:
        host.rename(path + UNFINISHED, path)


def drop_others(host: Host, name: str, tags: list[str]) -> None:
    """Remove the copies of a repository's layers that have none of these tags, and what a killed run has left."""
    kept = {path_of(name, tag).rpartition("/")[2] for tag in tags}
    ours = re.compile(
        rf"{re.escape(path_of(name, '').removesuffix(ZSTD))}[0-9a-f]{{12}}{re.escape(ZSTD)}({UNFINISHED})?"
    )
    for file in host.names(layout.IMAGES):
        if file not in kept and ours.fullmatch(path := f"{layout.IMAGES}/{file}"):
            host.remove(path)
