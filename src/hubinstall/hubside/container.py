"""What a user's container looks like: the arguments of Docker's `create`, from plain values.

The container runs as the person's own account, without capabilities, on a read-only root file system. It can write to
the home, to the shares of its groups, and to memory (tmpfs), which counts towards its memory limit.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubinstall import layout
from hubinstall.hubside import region, seccomp
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.limits import MIB, ServerLimits, of_docker

Mount = dict[str, Any]
"""One item of HostConfig.Mounts in Docker's API."""
# These stop numerical libraries from starting a thread for every core of the machine.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS",
    "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
INITS = frozenset({"catatonit", "docker-init", "dumb-init", "tini"})
# Every container first checks its home, then starts the program of its image. So the person's own rights decide, with
# groups, access lists and network file systems where root has no rights. The hub itself cannot see homes.
HOME_CHECK = 'test -O "$0" || test -w "$0" || { echo "owner=$(stat -c %u "$0")"; exit 79; }; exec "$@"'
# For one start what is in the home is moved into a folder of it, with the person's own rights: nothing is lost,
# whenever it is interrupted. Earlier folders of the kind stay where they are.
OLD_HOMES = "old-home-"
EMPTY_HOME = (
    'empty() { old=$1/$2; home=$1; shift 2; mkdir -- "$old" || exit 78; '
    'for one in "$home"/* "$home"/.[!.]* "$home"/..?*; do case $one in "$home/' + OLD_HOMES + '"*) continue;; esac; '
    '[ ! -e "$one" ] && [ ! -L "$one" ] || mv -- "$one" "$old/" || exit 78; done; cd "$home"; exec "$@"; }; '
)
ANOTHERS_HOME = 79
"""Its exit code if the home is somebody else's and cannot be written to."""
OPEN_FILES = 16384
"""Of one process: four times what Jupyter's server asks for, and enough for a dataset of thousands of files. Docker's
own limit is the daemon's, a million or more: programs that close whatever may be open would take seconds to start.
"""
ULIMITS = ({"Name": "core", "Soft": 0, "Hard": 0}, {"Name": "nofile", "Soft": OPEN_FILES, "Hard": OPEN_FILES})
# docker-stacks images also write to directories outside the home; these belong to their group `users`.
USERS_GROUP = 100


@dataclass(frozen=True)
class AccountFiles:
    """The paths, on the host, of the generated passwd and group files of this person."""

    passwd: str
    group: str


def mounts(
    account: Account, files: AccountFiles, shares: Mapping[str, bool], mountinfo: str, trust_store: str = ""
) -> list[Mount]:  # fmt: skip
    """Mounts, not binds: a missing source is an error, while Docker creates a bind's source as a directory of root.

    `shares`: the directory of each that is elsewhere, or that this person may write to → whether it is read-only. All
    others are readable through the one mount of the whole directory, so that running servers also see shares that are
    added later. `trust_store`: the certificates to trust: they
    replace those in the file where Debian, Ubuntu and most images have their own. `mountinfo`: the text of
    /proc/self/mountinfo.
    """
    everything = shared(layout.SHARED_DATA, mountinfo, read_only=True)
    return [
        bind(account.home, account.home),
        bind(files.passwd, "/etc/passwd", read_only=True),
        bind(files.group, "/etc/group", read_only=True),
        bind(f"{layout.HUBSIDE}/hubinstall/hubside/home.sh", layout.HOME_HOOK, read_only=True),
        *([bind(trust_store, layout.TRUST_STORE, read_only=True)] if trust_store else []),
        everything,
        *(shared(folder, mountinfo, read_only=shares[folder]) for folder in sorted(shares)),
    ]


def shared(folder: str, mountinfo: str, *, read_only: bool) -> Mount:
    """What is mounted below it later is seen, too, as autofs does at the first look."""
    return bind(folder, folder, read_only=read_only, propagation=propagation(mountinfo, folder))


def bind(source: str, target: str, *, read_only: bool = False, propagation: str = "rprivate") -> Mount:
    options = {"Propagation": propagation}
    return {"Type": "bind", "Source": source, "Target": target, "ReadOnly": read_only, "BindOptions": options}


def host_config(limits: ServerLimits, cgroup_parent: str, groups: Iterable[int], *, init: bool) -> dict[str, Any]:
    """Docker's HostConfig without mounts and network."""
    # /tmp must have room for a kernel's files and a few libraries; with more than half of the limit it would starve
    # the kernels.
    room = f"size={max(64 * MIB, (limits.memory or 2048 * MIB) // 2)}"
    return of_docker(limits) | {
        # Docker's own removal at exit loses containers when dockerd restarts (moby#46308); the hub removes them.
        "auto_remove": False,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges", f"seccomp={seccomp.profile()}"],
        # A core file is as large as the memory of the process, and would be written into the home.
        "ulimits": [dict(limit) for limit in ULIMITS],
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


def environment(
    account: Account,
    cpus: float | None,
    *,
    shares: bool = False,
    links: Iterable[str] = (),
    given: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The variables that docker-stacks images, shells and numerical libraries read.

    `given`: what JupyterHub and drop-ins say. It comes before ours, except for who runs the server. `shares`: this
    person may write to shares. Other members must be able to change the files created there. Files in the home stay
    private, because nobody else is in the person's own group (the rule of pam_umask(8)'s `usergroups`). `links`: the
    shares to which home.sh makes links.
    """
    person = {
        "USER": account.name,
        "LOGNAME": account.name,
        "NB_USER": account.name,
        "NB_UID": str(account.uid),
        "NB_GID": str(account.gid),
    }
    usual = {
        "HOME": account.home,
        "SHELL": "/bin/bash",
        "JUPYTERHUB_ROOT_DIR": account.home,
        # What a running server writes for itself: a home that is full, read-only or partly root's must not stop it.
        "JUPYTER_RUNTIME_DIR": "/tmp/.jupyter-runtime",  # noqa: S108 - memory of its own, empty at each start
    }
    threads = {} if cpus is None else dict.fromkeys(THREAD_VARIABLES, str(max(1, math.ceil(cpus))))
    linked = {"HUBINSTALL_SHARES": " ".join(links)} if links else {}
    umask = {"NB_UMASK": "0002"} if shares and account.group == account.name else {}
    found = {**usual, **threads, **umask, **linked, **(given or {}), **person}
    folder = found["JUPYTERHUB_ROOT_DIR"]
    if folder == "~" or folder.startswith("~/"):
        found["JUPYTERHUB_ROOT_DIR"] = account.home + folder[1:]
    return found


def entrypoint(home: str, images: Iterable[str] | None, old_home: str = "") -> list[str]:
    """HOME_CHECK before `images`, the entry point of the image. `old_home`: see EMPTY_HOME; empty: the home stays."""
    if not old_home:
        return ["/bin/sh", "-c", HOME_CHECK, home, *(images or ())]
    return [
        "/bin/sh",
        "-c",
        EMPTY_HOME + HOME_CHECK.replace('exec "$@"', 'empty "$0" "$@"'),
        home,
        old_home,
        *(images or ()),
    ]


def started_with(config: Mapping[str, Any]) -> int | None:
    """The UID of the account that a container was made for; None if it does not say. `config`: `Config` of Docker's
    container inspect.

    Not its user: a drop-in may have set another. Containers of older versions have no label, but NB_UID.
    """
    variables = dict(line.partition("=")[::2] for line in config.get("Env") or ())
    uid = (config.get("Labels") or {}).get(layout.UID_LABEL) or variables.get("NB_UID", "")
    return int(uid) if uid.isdecimal() else None


def has_init(entrypoint: Iterable[str] | None) -> bool:
    """Whether the image's own first process reaps orphans, so that Docker's init is not needed."""
    first = next(iter(entrypoint or ()), "")
    return first.rpartition("/")[2] in INITS


def further_groups(image: str, share_groups: Iterable[int], *, drop_boxes: bool = False) -> set[int]:
    """The GIDs of the supplementary groups. What is in a drop-box is barred to `users`, so all people must be in it."""
    return set(share_groups) | (set() if is_ours(image) and not drop_boxes else {USERS_GROUP})


def is_ours(image: str) -> bool:
    """Whether it is the default image, or one with more packages upon it."""
    return image.startswith(tuple(f"{layout.IMAGE_REPOSITORY}{sign}" for sign in ":@/"))


def machines_region(image: str) -> dict[str, str]:
    """The machine's time zone, and its language where the image is known to have every one: programs would complain."""
    return region.time_zone() | (region.language() if is_ours(image) else {})


def propagation(mountinfo: str, path: str) -> str:
    """How later mounts below `path` reach a container: `rslave` if the host's mounts are shared, else `rprivate`.

    Docker refuses rslave for private mounts (a host whose PID 1 is not systemd keeps its mounts private).
    `mountinfo`: the text of /proc/self/mountinfo (proc(5)). Field 5 is the mount point; the optional fields start at 7
    and end at "-".
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
    """Whether the share's directory exists. Only root can create entries in /srv/data, so the answer stays true."""
    path = Path(share)
    return path.is_dir() and not path.is_symlink()


def mountinfo_here() -> str:
    return Path("/proc/self/mountinfo").read_text(encoding="utf-8")
