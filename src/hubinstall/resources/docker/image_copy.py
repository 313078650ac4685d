"""A copy of an image on the disk, for when somebody removes the image (`docker system prune --all`).

Building it again takes minutes and the network; loading the copy takes seconds. The hub loads it, too.
"""

from hubinstall.errors import CommandError
from hubinstall.machine.docker import AT_SOCKET, DAEMONS, docker
from hubinstall.machine.host import Host

UNFINISHED = ".unfinished"
# A killed run's pipeline may still be writing: it keeps the file that has lost its name.
SAVE = 'rm -f "$2" && docker image save "$1" | gzip -1 >"$2" && chmod 0644 "$2" && sync -f "$2"'


def copy_of(root: str) -> str:
    """The path of the copy of the image that was made of this root file system."""
    return f"{root}.tar.gz"


def keep(host: Host, reference: str, path: str) -> None:
    """Write the copy, completely or not at all."""
    unfinished = path + UNFINISHED
    host.run(
        ["bash", "-o", "pipefail", "-c", SAVE, "save", reference, str(host.path(unfinished))],
        env=AT_SOCKET,
        daemons=DAEMONS,
    )
    host.rename(unfinished, path)


def load(host: Host, path: str) -> bool:
    """Whether the image is there again. A copy that Docker cannot read is removed."""
    if not host.exists(path):
        return False
    try:
        docker(host, "image", "load", "--quiet", "--input", str(host.path(path)))
    except CommandError:
        host.remove(path)
        return False
    return True


def forget(host: Host, path: str) -> None:
    for name in (path, path + UNFINISHED):
        host.remove(name)
