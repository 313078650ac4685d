"""The offline bundle of this checkout, for machines on which an installation from the network would take hours."""

from pathlib import Path

from harness import checkout, installed, store
from harness.machine import Machine
from harness.nspawn import ProcessManager

STICK = "/dev/vdb"
"""Where a virtual machine finds it: as a USB stick would be, but for the file system on it."""
FLAGS = f"--bundle bundle.tar --admin {installed.ADMIN}:{installed.ADMIN_PASSWORD}"


def made() -> Path:
    """The file: made by a machine on this host's kernel, once for each state of the sources."""
    ours = f"{checkout.place()}-{store.RELEASE}-"
    target = store.folder("bundles") / f"{ours}{checkout.digest()}.tar"
    if not target.exists():
        for outdated in target.parent.glob(f"{ours}*"):
            outdated.unlink()
        with Machine(ProcessManager.SYSTEMD) as machine:
            installed.install(machine)
            machine.run(["hubinstall", "bundle", "/root/bundle.tar"])
            store.copy(machine.root / "root/bundle.tar", unfinished := target.with_suffix(".new"))
        unfinished.rename(target)
    return target


def build_installed(machine: Machine) -> None:
    """As `installed.build_installed`, by the manual's commands for a machine that has no network."""
    with machine.offline():
        machine.run(f"cat {STICK} >bundle.tar; tar -xf bundle.tar bootstrap.py")
        machine.run(f"python3 bootstrap.py {FLAGS}", timeout=1200, env={"UV_CACHE_DIR": ""})
        machine.run("rm bundle.tar bootstrap.py")
        installed.add_person(machine)
