"""What the kernel says about a container's memory, through both of its interfaces (control groups v1 and v2)."""

from harness.machine import Machine

MOUNT = "/sys/fs/cgroup"


def group(machine: Machine, container: str) -> str:
    """The directory of the control group that limits the container's memory."""
    pid = machine.run(["docker", "inspect", "--format", "{{.State.Pid}}", container]).out.strip()
    path = ""
    for line in machine.read(f"/proc/{pid}/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            return f"{MOUNT}/memory{path}"
    return f"{MOUNT}{path}"


def limit(machine: Machine, folder: str) -> int:
    """How many bytes the group may use."""
    return int(machine.run(f"cd {folder}; cat memory.max 2>/dev/null || cat memory.limit_in_bytes").out)


def kills(machine: Machine, folder: str) -> int:
    """How many processes of exactly this group the kernel has killed for lack of memory."""
    said = machine.run(f"cd {folder}; cat memory.events 2>/dev/null || cat memory.oom_control").out
    return int(dict(line.split() for line in said.splitlines())["oom_kill"])


def first_process(machine: Machine, account: str) -> int:
    """The oldest process of an account: the service itself, not its children."""
    return int(machine.run(["pgrep", "--oldest", "--uid", account]).out)


def proportional(machine: Machine, pid: int) -> float:
    """The process's memory in MiB, with its share of shared pages: PSS in smaps_rollup (proc(5))."""
    lines = dict(line.split(":", 1) for line in machine.read(f"/proc/{pid}/smaps_rollup").splitlines()[1:])
    return int(lines["Pss"].split()[0]) / 1024


def open_files(machine: Machine, pid: int) -> int:
    """How many files and sockets the process has open."""
    return int(machine.run(f"ls /proc/{pid}/fd | wc -l").out)
