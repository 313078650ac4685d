"""What a container that resolves or builds packages sees of this machine: its way to the network, uv, and limits."""

from hubinstall.machine.docker import DAEMONS
from hubinstall.machine.host import Host
from hubinstall.machine.way_out import AUTHORITIES
from hubinstall.resources.packages.virtualenv import uv_environment

PLACE = "/mnt"
ALL_OF_IT = 'eval "$(cat)"'
"""What a shell is told to do with a program on its standard input, which the commands of that program do not see."""


AT_WORK = (*DAEMONS, "containerd-shim", "uv", "apt-get", "http", "https", "dpkg", "cc1plus", "cc1", "R")
"""The programs that do what a container of ours is for; the kernel cuts their names after 15 bytes."""


def files(host: Host, cache: str) -> dict[str, str]:
    """Name → text of the files in the place. `cache`: uv's, as the container sees it.

    The variables are a file of root's for the shell, not an environment: `docker commit` would keep that, with
    passwords.
    """
    found = {**uv_environment(host, ""), **host.way_out} | dict.fromkeys(AUTHORITIES, f"{PLACE}/ca.pem")
    found |= {"UV_CACHE_DIR": cache, "UV_LINK_MODE": "copy"}
    return {
        "uv": "",  # what it is mounted upon
        "variables": "".join(f"export {name}='{value}'\n" for name, value in found.items()),
        "ca.pem": host.text(uv_environment(host, "")["SSL_CERT_FILE"]),
    }


def limits(memory: int, cpus: float = 0, cgroup_parent: str = "") -> list[str]:
    """The words of `docker run`. `memory`: in bytes, `cpus`: in cores; 0: no limit."""
    words = ["--security-opt=no-new-privileges", "--pids-limit=4096", "--log-driver=none"]
    words += [f"--memory={memory}", f"--memory-swap={memory}"] if memory else []
    words += [f"--cpus={cpus:g}"] if cpus else []
    return [*words, *([f"--cgroup-parent={cgroup_parent}"] if cgroup_parent else [])]
