"""What a user's container looks like: the arguments of Docker's `create`, made from plain values.

The container runs as the person's own account, without a capability, on a root that it cannot write to. What it can
write to is the home, the shares of its groups, and memory (tmpfs), which counts against its limit.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubinstall import layout
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.limits import MIB, ServerLimits, of_docker

Mount = dict[str, Any]
"""One of HostConfig's Mounts, as Docker's API has it."""
# Libraries that start a thread for every core of the machine unless they are told otherwise.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS",
    "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
INITS = frozenset({"catatonit", "docker-init", "dumb-init", "tini"})
# What docker-stacks images write to besides the home belongs to their group `users`.
DOCKER_STACKS_GROUP = 100


@dataclass(frozen=True)
class AccountFiles:
    """Where the generated passwd and group files of this person stand on the host."""

    passwd: str
    group: str


def mounts(account: Account, files: AccountFiles, shares: Iterable[str], propagation: str) -> list[Mount]:
    """Mounts, not binds: a missing source is an error, where Docker would make a bind's source as root's folder.

    `shares`: those that this person may write to. All the others are readable through the one mount of the whole
    folder, so that a share that is added later is seen by servers that run.
    """
    everything = bind(layout.SHARED_DATA, layout.SHARED_DATA, read_only=True, propagation=propagation)
    return [
        bind(account.home, account.home),
        bind(files.passwd, "/etc/passwd", read_only=True),
        bind(files.group, "/etc/group", read_only=True),
        everything,
        *(bind(f"{layout.SHARED_DATA}/{share}", f"{layout.SHARED_DATA}/{share}") for share in sorted(shares)),
    ]


def bind(source: str, target: str, *, read_only: bool = False, propagation: str = "rprivate") -> Mount:
    options = {"Propagation": propagation}
    return {"Type": "bind", "Source": source, "Target": target, "ReadOnly": read_only, "BindOptions": options}


def host_config(limits: ServerLimits, cgroup_parent: str, groups: Iterable[int], *, init: bool) -> dict[str, Any]:
    """Everything of Docker's HostConfig but mounts and network."""
    # A kernel and a few libraries in /tmp must fit, and more than half of the limit there would starve the kernels.
    room = f"size={max(64 * MIB, (limits.memory or 2048 * MIB) // 2)}"
    return of_docker(limits) | {
        # Docker's own removal at exit loses containers over a restart of dockerd (moby#46308); the hub removes them.
        "auto_remove": False,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "read_only": True,
        "tmpfs": {
            "/tmp": f"rw,exec,nosuid,nodev,mode=1777,{room}",  # noqa: S108
            "/var/tmp": f"rw,exec,nosuid,nodev,mode=1777,{room}",  # noqa: S108
            "/run": f"rw,nosuid,nodev,mode=1777,size={16 * MIB}",
        },
        "group_add": [str(gid) for gid in sorted(groups)],
        "init": init,
        "oom_score_adj": 500,
        "cgroup_parent": cgroup_parent,
        "log_config": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "1"}},
    }


def environment(account: Account, cpus: float | None, *, shares: bool = False) -> dict[str, str]:
    """What docker-stacks images, shells and numerical libraries want to know.

    `shares`: this person may write to shared folders. What is made there must be changeable by the other members;
    in the home it stays the person's, whose own group nobody else is in (as pam_umask(8) decides with `usergroups`).
    """
    person = {
        "HOME": account.home,
        "USER": account.name,
        "LOGNAME": account.name,
        "SHELL": "/bin/bash",
        "NB_USER": account.name,
        "NB_UID": str(account.uid),
        "NB_GID": str(account.gid),
        "JUPYTERHUB_ROOT_DIR": account.home,
    }
    threads = {} if cpus is None else dict.fromkeys(THREAD_VARIABLES, str(max(1, math.ceil(cpus))))
    umask = {"NB_UMASK": "0002"} if shares and account.group == account.name else {}
    return person | threads | umask


def has_init(entrypoint: Iterable[str] | None) -> bool:
    """Whether the image's own first process collects orphans, so that Docker's init is not needed."""
    first = next(iter(entrypoint or ()), "")
    return first.rpartition("/")[2] in INITS


def further_groups(image: str, share_groups: Iterable[int]) -> set[int]:
    """The groups besides the account's own."""
    ours = image.startswith((f"{layout.IMAGE_REPOSITORY}:", f"{layout.IMAGE_REPOSITORY}@"))
    return set(share_groups) | (set() if ours else {DOCKER_STACKS_GROUP})


def propagation(mountinfo: str, path: str) -> str:
    """How mounts below `path` that come later reach a container: `rslave` where the host's mounts are shared.

    Docker refuses rslave for the others (a host whose first process is not systemd keeps its mounts private).
    `mountinfo`: the text of /proc/self/mountinfo (proc(5)): field 5 is the mount point, the optional fields from 7
    on end at "-".
    """
    best, found = "", "rprivate"
    for line in mountinfo.splitlines():
        fields = line.split(" ")
        point = fields[4].rstrip("/")
        if (f"{path}/").startswith(f"{point}/") and len(point) >= len(best):
            optional = fields[6 : fields.index("-")]
            best, found = point, "rslave" if any(o.startswith(("shared:", "master:")) for o in optional) else "rprivate"
    return found


def is_folder(share: str) -> bool:
    """Whether the share is there. Only root makes entries in this folder, so the answer holds."""
    path = Path(layout.SHARED_DATA, share)
    return path.is_dir() and not path.is_symlink()


def propagation_here() -> str:
    return propagation(Path("/proc/self/mountinfo").read_text(encoding="utf-8"), layout.SHARED_DATA)
