"""Where Vagrant runs: on the test host, if it is there, or on a machine of its own, which has it with libvirt.

Vagrant and libvirt want a system with services, bridges and rules of a firewall of their own; the machine keeps them
apart from the test host. What Vagrant brings up there is emulated.
"""

import re
import shutil
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from checkout_path import CHECKOUT
from harness import store
from harness.machine import Machine
from harness.nspawn import ProcessManager
from harness.vagrant import Vagrant

VAGRANTFILE = CHECKOUT / "Vagrantfile"
PACKAGES = (
    *store.PACKAGES, "vagrant", "vagrant-libvirt", "libvirt-daemon-system", "libvirt-clients", "qemu-system-x86",
    "qemu-utils", "dnsmasq-base", "iptables", "openssh-client", "rsync",
)  # fmt: skip
FOLDER, BOX, BOX_NAME = "/root/hubinstall", "/root/hub.box", "hub"
# libvirt rejects what comes from outside to a network that it translates addresses for, so its rules are passed by.
PASS_ON = """
iptables -I FORWARD -d {guest} -j ACCEPT
iptables -t nat -A PREROUTING -d {here} -p tcp -m multiport --dports 80,443 -j DNAT --to-destination {guest}
iptables -t nat -A POSTROUTING -d {guest} -j MASQUERADE
"""


class Place(Protocol):
    """Where Vagrant runs, and how the test host gets to what it has brought up."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @property
    def vagrant(self) -> Vagrant: ...

    @property
    def address(self) -> str:
        """Where people reach the machine's web server."""

    @property
    def through(self) -> tuple[str, ...]:
        """The prefix for an argv that runs in the network that the machine is in."""

    def ssh_config(self) -> str:
        """Vagrant's, as a program on the test host reads it."""

    def connect(self) -> None:
        """When the machine's network is there: let `address` lead to it."""

    def keep(self) -> None:
        """Something failed: with HUBINSTALL_KEEP=1 what is running keeps running."""


def is_here() -> bool:
    """Whether the test host has Vagrant itself."""
    return shutil.which("vagrant") is not None


def guest_address() -> str:
    """The address that the Vagrantfile gives the machine in a network of its own."""
    [found] = re.findall(r'^ADDRESS = "([\d.]+)"', VAGRANTFILE.read_text(), re.MULTILINE)
    return str(found)


class Here:
    """On the test host, with its providers and boxes; RELEASE, BOX and DRIVER are the caller's."""

    vagrant = Vagrant(str(CHECKOUT))
    through: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @property
    def address(self) -> str:
        return guest_address()

    def ssh_config(self) -> str:
        return self.vagrant.ssh_config()

    def connect(self) -> None: ...

    def keep(self) -> None: ...


class Inside:
    """On a machine of nspawn's, out of the distribution's packages. `box`: the file to make the machine of."""

    def __init__(self, box: Path) -> None:
        self._box = box
        self._machine = Machine(ProcessManager.SYSTEMD, packages=PACKAGES)

    def __enter__(self) -> Self:
        machine = self._machine.__enter__()
        try:
            machine.push_checkout(FOLDER)
            store.copy(self._box, machine.root / BOX.lstrip("/"))
            self.vagrant.add_box(BOX_NAME, BOX)
        except BaseException as error:
            machine.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._machine.__exit__(kind, error, trace)

    @property
    def vagrant(self) -> Vagrant:
        settings = {"BOX": BOX_NAME, "DRIVER": "qemu", "VAGRANT_DEFAULT_PROVIDER": "libvirt"}
        return Vagrant(FOLDER, tuple(self._machine.prefix()), settings)

    @property
    def address(self) -> str:
        return self._machine.address

    @property
    def through(self) -> tuple[str, ...]:
        return ("nsenter", f"--net={self._machine.link.namespace}")

    def ssh_config(self) -> str:
        """The keys are named by their paths on the test host."""
        return re.sub(r"(IdentityFile )(/.*)", rf"\1{self._machine.root}\2", self.vagrant.ssh_config())

    def connect(self) -> None:
        self._machine.run("set -e" + PASS_ON.format(here=self.address, guest=guest_address()))

    def keep(self) -> None:
        self._machine.keep()
