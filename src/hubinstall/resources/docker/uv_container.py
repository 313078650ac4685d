"""uv in a container, for what may run a program that came with a package.

To learn what a package needs, uv runs the `setup.py` of one that has no wheel: never as root on this machine, nor where
it could write to a cache that is used again. The container has less rights than one that builds (layer_build.py).
"""

import re
from collections.abc import Mapping, Sequence

from hubinstall import layout
from hubinstall.errors import CommandError, UserError
from hubinstall.machine.docker import AT_SOCKET, docker
from hubinstall.machine.host import Completed, Host
from hubinstall.resources.docker.build_guard import guarded
from hubinstall.resources.docker.build_place import AT_WORK, PLACE, files, for_shell, limits

CONTAINER = "hubinstall-resolve"
MEMORY = 2 << 30
"""Bytes; what is on the container's /tmp counts, too."""
KILLED = 137
"""The exit code of a program that SIGKILL has ended, as the kernel does for memory."""
SIGKILL = "(SIGKILL)"
FAILED = re.compile(r"Failed to build `[^`]+`|The build backend returned an error")
"""How uv says that a program of a package has failed, and not the search for versions."""
CACHE = "/tmp/uv"  # noqa: S108 - of the container
UV = f"""
. {PLACE}/variables
export HOME=/tmp/home
cp -R {PLACE}/work /tmp/work
cd /tmp/work
exec {PLACE}/uv "$@" -p "$(command -v python3)"
"""


def run(host: Host, base: str, texts: Mapping[str, str], words: Sequence[str]) -> str:
    """What uv prints. `base`: the image; `texts`: the files in its working directory.

    Raises CommandError with uv's own words, or UserError if it was ended.
    """
    folder = f"{layout.CACHE}/resolve"
    host.remove_tree(folder)
    host.mkdir(folder, mode="0700")
    try:
        _bring(host, f"{folder}/place", texts)
        with guarded(host, CONTAINER, folder) as guard:
            done = _run(host, base, f"{folder}/place", words)
    finally:
        docker(host, "rm", "--force", "--volumes", CONTAINER, check=False)
        host.remove_tree(folder)
    if done.returncode == KILLED or SIGKILL in done.stderr:
        guard.why = guard.why or f"a program that came with one of them needs more than {MEMORY >> 30} GB of memory"
    elif done.returncode and (failed := FAILED.search(done.stderr)):
        guard.why, guard.hint = failed[0], "\n  ".join([*done.stderr.split("\n")[-8:], "Nothing was changed."])
    if guard.why:
        hint = guard.hint or "Nothing was changed."
        raise UserError(f"what these packages need could not be found out: {guard.why}", hint)
    if done.returncode:
        raise CommandError(["uv", *words], done.returncode, done.stderr)
    return done.stdout


def _bring(host: Host, place: str, texts: Mapping[str, str]) -> None:
    """Only root can come to the place, from this machine."""
    for path in (place, f"{place}/work"):
        host.mkdir(path)
    work = {f"work/{name}": text for name, text in texts.items()}
    for name, text in {**files(host, CACHE), **work}.items():
        host.write(f"{place}/{name}", text.encode())


def _run(host: Host, base: str, place: str, words: Sequence[str]) -> Completed:
    docker(host, "rm", "--force", "--volumes", CONTAINER, check=False)
    argv = [
        "docker", "run", "--rm", "--interactive", "--name", CONTAINER, "--network=host", "--user=65534:65534",
        "--read-only", "--cap-drop=ALL", "--tmpfs=/tmp:exec,mode=1777", "--workdir=/", *limits(MEMORY),
        f"--volume={host.path(place)}:{PLACE}:ro", f"--volume={layout.UV}:{PLACE}/uv:ro",
        "--entrypoint=/bin/sh", base, "-c", for_shell(UV), "uv", *words,
    ]  # fmt: skip
    return host.run(argv, input=UV, env=AT_SOCKET, check=False, daemons=AT_WORK, bound=True)
