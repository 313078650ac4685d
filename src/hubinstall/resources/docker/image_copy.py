"""A copy of an image on the disk, for when somebody removes the image (`docker system prune --all`).

Building it again takes minutes and the network; loading the copy takes seconds. The hub loads it, too. A bundle brings
an image as such a copy.
"""

import contextlib
import os
import shutil

from hubinstall.errors import CommandError
from hubinstall.machine.docker import AT_SOCKET, DAEMONS
from hubinstall.machine.host import Host

ZSTD, GZIP = ".tar.zst", ".tar.gz"
"""What is written, and what versions before wrote, which stays good."""
UNFINISHED = ".unfinished"
# A killed run's pipeline may still be writing: it keeps the file that has lost its name.
SAVE = 'rm -f "$2" && docker image save "$1" | zstd -q -T0 >"$2" && chmod 0644 "$2" && sync -f "$2"'
# dockerd 20.10 itself reads no zstd. Decompressing takes a sixth of the time that gzip takes.
LOAD = 'zstd -q -d -c -f "$1" | docker image load -q'


def copy_of(root: str) -> str:
    """The path of the copy of the image that was made of this root file system."""
    return root + ZSTD


def kept(host: Host, root: str) -> str:
    """The path of the copy that is there; empty if there is none."""
    return next((path for path in (root + ZSTD, root + GZIP) if host.exists(path)), "")


def keep(host: Host, reference: str, path: str) -> None:
    """Write the copy, completely or not at all."""
    unfinished = path + UNFINISHED
    host.run(
        ["bash", "-o", "pipefail", "-c", SAVE, "save", reference, str(host.path(unfinished))],
        env=AT_SOCKET,
        daemons=DAEMONS,
    )
    host.rename(unfinished, path)


def take(host: Host, source: str, path: str) -> None:
    """Take a file for the copy; a second name for it is enough if it is on the same disk."""
    unfinished = path + UNFINISHED
    host.remove(unfinished)
    with contextlib.suppress(OSError):
        os.link(host.path(source), host.path(unfinished))
    if not host.exists(unfinished):
        with host.changing(unfinished):
            shutil.copyfile(host.path(source), host.path(unfinished))
    host.rename(unfinished, path)


def load(host: Host, path: str) -> bool:
    """Whether the image is there again. A copy that Docker cannot read is removed."""
    if not path or not host.exists(path):
        return False
    try:
        host.run(["bash", "-o", "pipefail", "-c", LOAD, "load", str(host.path(path))], env=AT_SOCKET, daemons=DAEMONS)
    except CommandError:
        host.remove(path)
        return False
    return True


def forget(host: Host, root: str) -> None:
    for path in (root + ZSTD, root + GZIP):
        for name in (path, path + UNFINISHED):
            host.remove(name)
