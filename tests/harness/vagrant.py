"""Vagrant: it brings up the machine of a Vagrantfile, stops and removes it, and says how ssh gets in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.commands import Result, execute

UP_SECONDS = 3600
"""An emulated machine beside other work: the copy of the disk, the boot and a key."""
END_SECONDS = 900
KEY = "root's key"
"""The provisioner of our Vagrantfile that lets root in. The other one installs the hub, which is the tests' to do."""


@dataclass(frozen=True)
class Vagrant:
    """`folder`: where the Vagrantfile is; `prefix`: for an argv that runs it where that is; `settings`: what the
    Vagrantfile reads of the environment.
    """

    folder: str
    prefix: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)

    def add_box(self, name: str, path: str) -> None:
        """Make the file of a box known as `name`, in the place of an earlier one."""
        self._do("box", "add", "--force", "--name", name, path)

    def up(self) -> None:
        """Boot the machine, which is created if it is not there; its root may log in."""
        self._do("up", "--provision-with", KEY, timeout=UP_SECONDS)

    def ssh_config(self) -> str:
        """The text of a file for `ssh -F`, in which the machine is the host `default`."""
        return self._do("ssh-config").out

    def halt(self, *, power_cut: bool = False) -> None:
        """Shut down cleanly, or as in a power failure."""
        self._do("halt", *(["--force"] if power_cut else []))

    def destroy(self) -> None:
        """Remove the machine with its disk; nothing if there is none."""
        self._do("destroy", "--force")

    def _do(self, *words: str, timeout: float = END_SECONDS) -> Result:
        settings = [f"{name}={value}" for name, value in self.settings.items()]
        return execute([*self.prefix, "env", "-C", self.folder, *settings, "vagrant", *words], timeout=timeout)
