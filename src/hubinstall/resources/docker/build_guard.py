"""Ends a build that takes too much of the disk, or goes on for ever: Docker limits neither.

And one that has ended, which Docker has missed: a container ends unseen while containerd is away, and the docker
command would wait for ever.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from hubinstall.machine.docker import asked, docker, info
from hubinstall.machine.host import Host
from hubinstall.resources.docker.build_place import AGAIN

EVERY = 1.0
"""Seconds between two looks."""
LONGEST = 2 * 3600.0
"""Seconds. What downloads is ended by itself when it is silent (machine/activity.py); what computes is not."""
KEPT_FREE = 1 << 30
"""Bytes of the disk that are left for the rest of the machine."""
MISSED = 10
"""Looks in a row that find no process of the container. Docker is asked only before and after so many: questions are
work of its daemon, by which a command that hangs would seem to get further (machine/activity.py).
"""


@dataclass
class Guard:
    """`why`: it was ended, in words; empty: it was not."""

    why: str = ""
    hint: str = ""


@contextlib.contextmanager
def guarded(host: Host, container: str, path: str = "") -> Iterator[Guard]:
    """Within the block, a container is at work that may be ended. `path`: the directory that it may write to."""
    guard, over = Guard(), threading.Event()
    places = [str(host.path(place)) for place in (info(host).get("DockerRootDir", ""), path) if place]
    watch = threading.Thread(target=_watch, args=(host, container, places, guard, over), daemon=True)
    watch.start()
    try:
        yield guard
    finally:
        over.set()
        watch.join()


def _watch(host: Host, container: str, places: list[str], guard: Guard, over: threading.Event) -> None:
    begun, before = time.monotonic(), {place: free(place) for place in places}
    pid = missed = 0
    while not over.wait(EVERY):
        pid = pid or process(host, container)
        missed = missed + 1 if pid and not host.exists(f"/proc/{pid}") else 0
        if time.monotonic() - begun > LONGEST:
            guard.why = f"it did not end within {LONGEST / 3600:g} hours"
        elif full := next((place for place in places if not has_room(before[place], free(place))), ""):
            guard.why = f"it has written {(before[full] - free(full)) / 1e9:.1f} GB, and needs the same again"
            guard.hint = (
                f"Free some space on the disk of {full} (`df -h {full}`), or take packages that need less of it."
            )
        elif missed and missed % MISSED == 0 and process(host, container) == pid:
            guard.why, guard.hint = "Docker missed that their container has ended", AGAIN
        if guard.why:
            docker(host, "kill", container, check=False)
            return


def process(host: Host, container: str) -> int:
    """The number of the first process of a container that runs, as Docker says; 0 if it says otherwise."""
    state = asked(host, f"/containers/{container}/json").get("State", {})
    return int(state["Pid"]) if state.get("Running") else 0


def has_room(before: int, now: int) -> bool:
    """Whether what a build has written fits once more: Docker copies it into the image. Both in free bytes."""
    return now - (before - now) > KEPT_FREE


def free(path: str) -> int:
    """The free bytes of a disk; without end if there is no such path."""
    try:
        found = os.statvfs(path)
    except OSError:
        return 1 << 62
    return found.f_bavail * found.f_frsize
