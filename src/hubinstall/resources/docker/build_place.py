"""What a container that resolves or builds packages sees of this machine: its way to the network, uv, and limits; and
what is said if it, or Docker, ends before its work is done.
"""

import re

from hubinstall.errors import NO_WAY_OUT, CommandError, StalledError, UserError
from hubinstall.machine.docker import DAEMONS, answering, is_stopped
from hubinstall.machine.host import Host
from hubinstall.machine.way_out import AUTHORITIES
from hubinstall.resources.packages.virtualenv import uv_environment

PLACE = "/mnt"
AT_WORK = (*DAEMONS, "containerd-shim", "uv", "apt-get", "http", "https", "dpkg", "cc1plus", "cc1", "R")
"""The programs that do what a container of ours is for; the kernel cuts their names after 15 bytes."""


TIMEOUTS = {
    "UV_HTTP_TIMEOUT": "60", "UV_HTTP_CONNECT_TIMEOUT": "20", "UV_HTTP_RETRIES": "3",
    "PIP_DEFAULT_TIMEOUT": "60", "PIP_RETRIES": "2",
}  # fmt: skip
"""Seconds without a byte, and tries. Somebody waits for the end, and can type the same again; an installation, which
nobody watches, has more patience (virtualenv.py).
"""


def files(host: Host, cache: str) -> dict[str, str]:
    """Name → text of the files in the place. `cache`: uv's, as the container sees it.

    The variables are a file of root's for the shell, not an environment: `docker commit` would keep that, with
    passwords.
    """
    found = {**uv_environment(host, ""), **host.way_out, **TIMEOUTS} | dict.fromkeys(AUTHORITIES, f"{PLACE}/ca.pem")
    found |= {"UV_CACHE_DIR": cache, "UV_LINK_MODE": "copy"}
    return {
        "uv": "",  # what it is mounted upon
        "variables": "".join(f"export {name}='{value}'\n" for name, value in found.items()),
        "ca.pem": host.text(uv_environment(host, "")["SSL_CERT_FILE"]),
    }


AGAIN = "Nothing was changed. Run it again: what was downloaded completely is not downloaded again."
DOCKER_GONE = re.compile(
    r"error (waiting for container|during connect)|Cannot connect to the Docker daemon|unexpected EOF"
    r"|Error response from daemon: .*: unavailable"
)
"""How the docker command says that dockerd has ended while it waited, or containerd, which dockerd asks."""


def cut_short(host: Host, error: CommandError, message: str) -> UserError:
    """What to say of a command that has not ended by itself; the error itself if it has. An Engine that starts again is
    waited for: what was at work may still run, and is to be removed.
    """
    if isinstance(error, StalledError):
        return UserError(
            f"{message}: nothing happened for minutes, not on the network either", f"{AGAIN}\n  {NO_WAY_OUT}"
        )
    if not DOCKER_GONE.search(error.output):
        return error
    if not is_stopped(host):
        answering(host)
    return UserError(f"{message}: Docker ended while it was at work", AGAIN)


def for_shell(program: str) -> str:
    """What a shell is told, to run a program from its standard input, which the commands of that program do not see.

    By its length: that the input has ended reaches a container through containerd alone, and not if that restarts then.
    """
    return f'eval "$(head -c {len(program.encode())})"'


def for_python(program: str) -> str:
    """The same for Python."""
    return f"import sys; exec(sys.stdin.buffer.read({len(program.encode())}))"


def limits(memory: int, cpus: float = 0, cgroup_parent: str = "") -> list[str]:
    """The words of `docker run`. `memory`: in bytes, `cpus`: in cores; 0: no limit."""
    words = ["--security-opt=no-new-privileges", "--pids-limit=4096", "--log-driver=none"]
    words += [f"--memory={memory}", f"--memory-swap={memory}"] if memory else []
    words += [f"--cpus={cpus:g}"] if cpus else []
    return [*words, *([f"--cgroup-parent={cgroup_parent}"] if cgroup_parent else [])]
