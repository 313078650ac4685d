"""A booted disk: a virtual machine of QEMU, with the distribution's own kernel, and so with what only a kernel of one's
own has: control groups of version 2, AppArmor, modules that are loaded by name.

It is emulated (TCG), because a machine that is itself virtual often has no KVM that an ordinary kernel boots with.
"""

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness import cgroups, pace, vm_disk
from harness.commands import CommandFailedError, EndlessError, execute
from harness.network import CARD, Link, resolvers
from harness.nspawn import BootError
from harness.ssh import Connection

BOOT_SECONDS = 600
"""An emulated kernel beside other work; there is no machine yet whose pace could be measured."""
SHUTDOWN_SECONDS = 300
MEMORY = 3 << 30
MIB = 1 << 20


@dataclass(frozen=True)
class Running:
    """A virtual machine that is up."""

    process: "subprocess.Popen[bytes]"
    connection: Connection
    pace: float
    """How many times as long as on the test host Python takes here."""

    @property
    def leader(self) -> int:
        """The process on the test host that is the machine."""
        return self.process.pid

    def prefix(self) -> list[str]:
        return self.connection.prefix()

    def shut_down(self) -> None:
        with contextlib.suppress(CommandFailedError, EndlessError, subprocess.TimeoutExpired):
            execute([*self.prefix(), "systemctl", "poweroff"], check=False, timeout=60)
            self.process.wait(SHUTDOWN_SECONDS)
        self.cut_power()

    def cut_power(self) -> None:
        """What the machine's kernel had not written to its disk yet is lost, as in a power failure."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)
        self.connection.close()


@dataclass(frozen=True)
class Boot:
    """The options of a boot. `files`: the directory of its disk, kernel and key; `outlive`: as for other machines."""

    link: Link
    files: Path
    console: Path
    memory: int | None = None
    outlive: bool = False

    def start(self) -> Running:
        """Boot, and wait until the machine lets us in and all its services have started.

        :raises BootError: it ended, or was not ready in time.
        """
        group = cgroups.Cgroup(self.link.name)
        group.create()
        process = self._spawn(group)
        key = ("-i", str(self.files / vm_disk.KEY))
        connection = Connection(f"root@{self.link.address}", self.files.parent / "ssh", key)
        try:
            if connection.open(BOOT_SECONDS) and _is_up(connection):
                return Running(process, connection, pace.of(connection.prefix()))
        except BaseException:
            _end(process, connection)
            raise
        _end(process, connection)
        raise BootError(f"{self.link.name} did not come up:\n{self.console.read_text(errors='replace')[-3000:]}")

    def _spawn(self, group: cgroups.Cgroup) -> "subprocess.Popen[bytes]":
        join = "".join(f"echo $$ >{folder / 'cgroup.procs'}; " for folder in group.folders)
        bond = [] if self.outlive else ["setpriv", "--pdeathsig=KILL"]
        argv = [*bond, "nsenter", f"--net={self.link.namespace}", "qemu-system-x86_64", *self._options()]
        said = self.console.with_suffix(".qemu").open("ab")
        with said:
            return subprocess.Popen(
                ["sh", "-c", f'{join}exec "$@"', "sh", *argv],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip

    def _options(self) -> list[str]:
        return [
            "-accel", "tcg,thread=multi,tb-size=1024", "-cpu", "max", "-machine", "q35", "-smp", "2",
            "-m", str((self.memory or MEMORY) // MIB), "-nodefaults", "-display", "none",
            "-serial", f"file:{self.console}", "-drive", vm_disk.drive(self.files), "-device", "virtio-rng-pci",
            "-netdev", f"tap,id=card,ifname={CARD},script=no,downscript=no", "-device", "virtio-net-pci,netdev=card",
            "-kernel", str(self.files / vm_disk.KERNEL), "-initrd", str(self.files / vm_disk.INITRD),
            "-append", " ".join(self._kernel_words()),
        ]  # fmt: skip

    def _kernel_words(self) -> list[str]:
        link = self.link
        return [
            "root=/dev/vda", "rw", "console=ttyS0", "net.ifnames=0", "quiet", "mitigations=off",
            f"systemd.default_timeout_start_sec={BOOT_SECONDS}",  # a service may take minutes where all is slow
            f"systemd.hostname={link.name}",
            f"ip={link.address}::{link.host_address}:255.255.255.0::eth0:off",
            *(f"nameserver={address}" for address in resolvers()),
        ]  # fmt: skip


def _is_up(connection: Connection) -> bool:
    state = [*connection.prefix(), "systemctl", "is-system-running", "--wait"]
    return execute(state, check=False, timeout=BOOT_SECONDS).out.strip() in {"running", "degraded"}


def _end(process: "subprocess.Popen[bytes]", connection: Connection) -> None:
    connection.close()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)
