"""Runs in a person's server: what the container is, and what cannot be had from it. Prints JSON."""

import errno
import json
import os
import resource
import stat
from collections.abc import Callable
from pathlib import Path

BLOCK, CHARACTER = os.makedev(8, 0), os.makedev(1, 1)
LIMITS = {"core": resource.RLIMIT_CORE, "files": resource.RLIMIT_NOFILE}
WRITES = (
    "/x", "/usr/x", "/usr/local/bin/x", "/etc/x", "/etc/passwd", "/bin/x", "/opt/x", "/sys/x", "/sys/fs/cgroup/x",
    "/sys/kernel/mm/transparent_hugepage/enabled", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname",
    "/proc/sys/net/ipv4/ip_forward", "/proc/sys/vm/drop_caches", "/proc/sys/fs/file-max", "/proc/sysrq-trigger",
    "/srv/data/x", "/srv/x", "/home/x", "/root/x", "/var/lib/x", "/dev/x",
)  # fmt: skip
READS = (
    "/etc/shadow", "/etc/gshadow", "/root/.bashrc", "/proc/kcore", "/proc/kmsg", "/proc/keys", "/proc/timer_list",
    "/proc/sched_debug", "/sys/firmware/dmi/tables/DMI", "/dev/mem", "/dev/kmsg",
    "/dev/sda", "/dev/vda", "/dev/fuse", "/dev/kvm", "/dev/vsock", "/dev/vhost-net", "/dev/net/tun", "/dev/loop0",
    "/dev/loop-control", "/dev/mapper/control", "/run/docker.sock", "/var/run/docker.sock",
    "/run/containerd/containerd.sock", "/run/hubinstall", "/var/lib/hubinstall", "/etc/hubinstall", "/opt/hubinstall",
    "/var/log/hubinstall", "/home/ada", "/var/lib/docker",
)  # fmt: skip


def error(act: Callable[[], object]) -> str:
    """The error's name; empty if it worked."""
    try:
        act()
    except OSError as refusal:
        return errno.errorcode.get(refusal.errno or 0, str(refusal))
    except ValueError as refusal:  # setrlimit(2) of Python says so
        return str(refusal)
    return ""


def write(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY | (0 if Path(path).exists() else os.O_CREAT)))


def read(path: str) -> None:
    """Docker shows empty files in the place of some of the kernel's."""
    found = os.listdir(path) if Path(path).is_dir() else os.read(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 1)
    if not found:
        raise OSError(errno.ENODATA, "empty")


def device(path: str, kind: int, number: int) -> str:
    return error(lambda: os.mknod(path, kind | 0o666, number))


def devices(folder: str) -> dict[str, str]:
    return {
        f"block in {folder}": device(f"{folder}/disk", stat.S_IFBLK, BLOCK),
        f"character in {folder}": device(f"{folder}/memory", stat.S_IFCHR, CHARACTER),
    }


def adjust(change: int) -> None:
    """The kernel's preference for ending this process first (oom_score_adj, proc(5)), changed by so much."""
    path = Path("/proc/self/oom_score_adj")
    path.write_text(str(int(path.read_text()) + change), encoding="ascii")


def of_planted(home: str) -> dict[str, str]:
    """What root has put into the home for this test: a program that is root's with the bit, and devices."""
    found = {}
    for path in sorted(Path(home, "planted").glob("*")):
        if path.name == "suid":
            found[path.name] = os.popen(f"{path} -u").read().strip()  # noqa: S605 - its name is known
        else:
            found[path.name] = error(lambda path=path: read(str(path)))  # type: ignore[misc]
    return found


def limits() -> dict[str, str]:
    most = resource.getrlimit(LIMITS["files"])[1]
    return {
        "a core file": error(lambda: resource.setrlimit(LIMITS["core"], (1, 1))),
        "more files": error(lambda: resource.setrlimit(LIMITS["files"], (most, most + 1))),
        "nice": error(lambda: os.nice(-1)),
        "real time": error(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))),
    }


def main() -> None:
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    home = str(Path.home())
    found = {
        "status": {key: status[key].strip() for key in status if key.startswith(("Cap", "NoNew", "Seccomp"))},
        "limits": {name: resource.getrlimit(number) for name, number in LIMITS.items()},
        "oom_score_adj": int(Path("/proc/self/oom_score_adj").read_text()),
        "a lower oom_score_adj": error(lambda: adjust(-1)),
        "refused": {
            **{f"write {path}": error(lambda path=path: write(path)) for path in WRITES},  # type: ignore[misc]
            **{f"read {path}": error(lambda path=path: read(path)) for path in READS},  # type: ignore[misc]
            "oom_score_adj -1": error(lambda: Path("/proc/self/oom_score_adj").write_text("-1", encoding="ascii")),
            **devices(home), **devices("/tmp"), **limits(),
        },
        "planted": of_planted(home),
    }  # fmt: skip
    print(json.dumps(found))


if __name__ == "__main__":
    main()
