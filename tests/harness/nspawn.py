"""A booted root directory: systemd-nspawn with systemd as PID 1, or with an init that only reaps orphans.

If PID 1 is not systemd, nothing starts services automatically, as in many containers and some virtual machines.
"""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from harness import cgroups
from harness.commands import CommandFailedError, execute

BOOT_SECONDS = 300
SHUTDOWN_SECONDS = 180


class ProcessManager(StrEnum):
    """What PID 1 of a machine is."""

    SYSTEMD = "systemd"
    PLAIN = "plain"


# PID 2 only keeps PID 1 running; it survives the TERM that a shutdown sends to every process.
IDLE = ("/bin/sh", "-c", 'trap "" TERM; exec sleep infinity')
# Since release 256 systemd refuses a host with control groups of version 1, unless this is set (see its NEWS).
OLD_CGROUPS = "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"
# nspawn mounts the kernel's controllers (v1) and settings read-only, but Docker needs to write to both.
OPEN_KERNEL = """
for path in /sys/fs/cgroup/* /proc/sys; do
    if mountpoint -q "$path"; then mount -o remount,rw,bind "$path"; fi
done
"""
# The /proc/meminfo of a machine with `memory` bytes; the kernel would show the test host's.
SMALL_MEMORY = """
kib=$(($1 / 1024))
awk -v kib="$kib" '/^(MemTotal|MemFree|MemAvailable):/ && $2 > kib { $2 = kib; print $1, $2, "kB"; next }
    /^Swap(Total|Free):/ { print $1, 0, "kB"; next } { print }' /proc/meminfo >/run/meminfo
mount --bind /run/meminfo /proc/meminfo
"""
TERMINATE_ALL = """
kill -TERM -1
for turn in $(seq 100); do
    set -- /proc/[0-9]*
    [ $# -le 3 ] && exit
    sleep 0.1
done
"""


class BootError(RuntimeError):
    """The machine did not come up; carries the end of its console."""


@dataclass(frozen=True)
class Booted:
    """A running machine. `leader` is the id of its PID 1 on the test host."""

    process: "subprocess.Popen[bytes]"
    leader: int
    process_manager: ProcessManager
    pace: float = 1.0
    """It runs on the test host's own kernel and processors."""

    def prefix(self) -> list[str]:
        """The prefix for an argv that runs it inside the machine, under its limits."""
        join = "".join(f"echo $$ >{file}; " for file in cgroups.joining(self.leader))
        enter = ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w"]
        return ["sh", "-c", f'{join}exec "$@"', "sh", *enter]

    def shut_down(self) -> None:
        """Shut down cleanly, as with the power button; kill it if that takes too long."""
        with contextlib.suppress(CommandFailedError):
            if self.process_manager is ProcessManager.SYSTEMD:
                execute([*self.prefix(), "systemctl", "poweroff"], timeout=30)
                self.process.wait(SHUTDOWN_SECONDS)
            else:
                execute([*self.prefix(), "sh", "-c", TERMINATE_ALL], timeout=60)
        self.cut_power()

    def cut_power(self) -> None:
        """Kill every process at once."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.leader, signal.SIGKILL)
        self.process.wait(30)


@dataclass(frozen=True)
class Boot:
    """The options of a boot. `outlive`: the machine keeps running after the test run has ended."""

    name: str
    root: Path
    namespace: Path
    cgroup: cgroups.Cgroup
    process_manager: ProcessManager
    console: Path
    binds: tuple[tuple[Path, str], ...] = ()
    outlive: bool = False

    def start(self) -> Booted:
        """Boot, and wait until the machine is ready.

        :raises BootError: it ended, or was not ready in time.
        """
        self.cgroup.create()
        process = self._spawn()
        try:
            return self._ready(process)
        except BaseException:
            process.kill()
            process.wait()
            raise

    def _spawn(self) -> "subprocess.Popen[bytes]":
        join = "".join(f"echo $$ >{group / 'cgroup.procs'}; " for group in self.cgroup.folders)
        bond = [] if self.outlive else ["setpriv", "--pdeathsig=KILL"]
        argv = [*bond, "systemd-nspawn", *self._options(), *(IDLE if self._plain else (OLD_CGROUPS,))]
        # The environment of a test run would otherwise appear in that of the machine's first process.
        env = {name: value for name, value in os.environ.items() if not name.startswith("HUBINSTALL_")}
        with self.console.open("ab") as console:
            return subprocess.Popen(
                ["sh", "-c", f'{join}exec "$@"', "sh", *argv],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env=env,
                start_new_session=True,
            )

    @property
    def _plain(self) -> bool:
        return self.process_manager is ProcessManager.PLAIN

    def _options(self) -> list[str]:
        return [
            "--quiet", "--register=no", "--keep-unit", f"--directory={self.root}", f"--machine={self.name}",
            "--as-pid2" if self._plain else "--boot", "--console=pipe", "--resolv-conf=off",
            f"--network-namespace-path={self.namespace}", "--capability=all",
            "--system-call-filter=add_key keyctl bpf", "--bind=/dev/fuse",
            *(f"--bind={source}:{target}" for source, target in self.binds),
        ]  # fmt: skip

    def _ready(self, process: "subprocess.Popen[bytes]") -> Booted:
        until = time.monotonic() + BOOT_SECONDS
        booted = None
        while time.monotonic() < until and process.poll() is None:
            leader = _leader(process.pid)
            booted = Booted(process, leader, self.process_manager) if leader else None
            if booted and self._is_up(booted):
                self._open(booted)
                return booted
            time.sleep(0.1)
        console = self.console.read_text(errors="replace")[-3000:]
        raise BootError(f"{self.name} ({self.process_manager}) did not come up:\n{console}")

    def _is_up(self, booted: Booted) -> bool:
        if self._plain:
            return execute([*booted.prefix(), "true"], check=False).code == 0
        state = execute([*booted.prefix(), "systemctl", "is-system-running"], check=False).out.strip()
        return state in {"running", "degraded"}

    def _open(self, booted: Booted) -> None:
        execute([*booted.prefix(), "sh", "-ec", OPEN_KERNEL])
        if self.cgroup.memory:
            execute([*booted.prefix(), "sh", "-ec", SMALL_MEMORY, "sh", str(self.cgroup.memory)])


def _leader(nspawn: int) -> int | None:
    """The child that is PID 1 of its own process namespace."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for child in Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split():
            status = Path(f"/proc/{child}/status").read_text()
            if any(line.split()[2:] == ["1"] for line in status.splitlines() if line.startswith("NSpid:")):
                return int(child)
    return None
