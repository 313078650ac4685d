"""A box boots by its own boot loader, and lets Vagrant in: what `vagrant up` needs of it, without Vagrant."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from harness import numbers, store
from harness.commands import execute
from harness.network import Link
from harness.nspawn import BootError
from harness.ssh import Connection

BOOT_SECONDS = 900
"""An emulated boot takes half a minute, and many times as long beside other work: nothing has a measured pace yet."""
PORT = 2222
"""On loopback, in a network of its own."""
WHO = "printf '%s, ' \"$(id -un)\"; sudo -n id -un"
EXPECTED = "vagrant, root\n"


def check(box: Path) -> float:
    """Return after how many seconds the user vagrant was in, with the key that every Vagrant has, and was root by sudo.

    :raises BootError: that did not come to pass in time; with the end of the console.
    """
    with tempfile.TemporaryDirectory(dir=store.folder("building")) as name:
        folder = Path(name)
        execute(["tar", "-C", name, "-xf", str(box), "box.img"], timeout=1800)
        key = everybodys_key(folder)
        with _network() as inside, _emulated(folder, inside):
            options = ("-i", str(key), "-p", str(PORT))
            connection = Connection("vagrant@127.0.0.1", folder / "ssh", options, through=inside)
            began = time.monotonic()
            try:
                if connection.open(BOOT_SECONDS):
                    said = execute([*connection.prefix(), "sh", "-c", WHO]).out
                    if said == EXPECTED:
                        return time.monotonic() - began
                    raise BootError(f"in the box the user vagrant and sudo are {said!r}")
            finally:
                connection.close()
            console = (folder / "console.log").read_text(errors="replace")
            raise BootError(f"{box} did not let Vagrant in within {BOOT_SECONDS} s:\n{console[-3000:]}")


def everybodys_key(folder: Path) -> Path:
    """The private half of the key in the box, which the distribution's package of Vagrant has."""
    download = ["env", "-C", str(folder), "apt-get", "-qq", "download", "vagrant"]
    if execute(download, check=False).code:  # where everything was installed long ago there may be no lists
        execute(["apt-get", "-qq", "update"])
        execute(download)
    [package] = folder.glob("vagrant_*.deb")
    execute(["dpkg-deb", "--extract", str(package), str(folder / "vagrant")])
    [key] = (folder / "vagrant").rglob("keys/vagrant")
    key.chmod(0o600)
    return key


@contextlib.contextmanager
def _network() -> Iterator[tuple[str, ...]]:
    """The prefix for an argv that runs in a network without anything outside."""
    claim = numbers.claim()
    link = Link(claim.number)
    link.up()
    try:
        yield ("nsenter", f"--net={link.namespace}")
    finally:
        link.down()
        claim.release()


@contextlib.contextmanager
def _emulated(folder: Path, inside: tuple[str, ...]) -> Iterator[None]:
    """The disk as in a machine of libvirt's; what it writes goes nowhere."""
    argv = [
        *inside, "setpriv", "--pdeathsig=KILL", "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max",
        "-smp", "2", "-m", "1024", "-display", "none", "-serial", f"file:{folder / 'console.log'}", "-snapshot",
        "-drive", f"file={folder / 'box.img'},format=qcow2,if=virtio", "-device", "virtio-rng-pci",
        "-netdev", f"user,id=card,hostfwd=tcp:127.0.0.1:{PORT}-:22", "-device", "virtio-net-pci,netdev=card",
    ]  # fmt: skip
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
