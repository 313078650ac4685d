"""A Vagrant box for libvirt: a root of the distribution's packages, as a disk with a boot loader of its own."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import vm_disk
from harness.commands import execute

GIGABYTES = 30
"""The size of the disk, as in the Vagrantfile; what is empty takes no space."""
BEGIN = 1 << 20
"""Bytes before the only partition: the boot loader's first part is there."""
BOOT_CODE = 440
"""Bytes of a master boot record before its table of partitions."""
PACKAGES = (*vm_disk.PACKAGES, "e2fsprogs", "rsync")
# Everybody has the other half: Vagrant replaces it with a key of its own at the first `vagrant up`.
INSECURE_KEY = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAABIwAAAQEA6NF8iallvQVp22WDkTkyrtvp9eWW6A8YVr+kz4TjGYe7gHzIw+niNltGEFHzD8+v1I2YJ6oXevct1Y"
    "eS0o9HZyN1Q9qgCgzUFtdOKLv6IedplqoPkcmF0aYet2PkEDo3MlTBckFXPITAMzF8dJSIFo9D8HfdOV0IAdx4O7PtixWKn5y2hMNG0zQPyUecp4pzC6"
    "kivAIhyfHilFR61RGL+GPXQ2MWZWFYbAGjyiYJnAmCP3NOTd0jMZEnDkbUvxhMmBYSdETk1rRgm+R4LOzFUGaHqHDLKLX+FIPKcF96hrucXzcWyLbIb"
    "EgE98OHlnVYCzRdK8jlqm8tehUc9c9WhQ== vagrant insecure public key\n"
)
BOOT = """DEFAULT linux
LABEL linux
    KERNEL /vmlinuz
    INITRD /initrd.img
    APPEND root=/dev/vda1 rw console=tty0 console=ttyS0 net.ifnames=0
"""
NETWORK = "[Match]\nName=e*\n\n[Network]\nDHCP=yes\n"
VAGRANTFILE = (
    'Vagrant.configure("2") { |config| config.vm.provider("libvirt") { |libvirt| libvirt.disk_bus = "virtio" } }\n'
)


def write(root: Path, folder: Path, target: Path, *, small: bool = True) -> None:
    """Make a root that has PACKAGES, of a machine that does not run, the box `target`, by way of files in `folder`.

    `small`: compressed, which takes minutes.
    """
    image = folder / "disk"
    configure(root)
    make_disk(root, image)
    compressed = ["-c"] if small else []
    execute(["qemu-img", "convert", *compressed, "-O", "qcow2", str(image), str(folder / "box.img")], timeout=1800)
    image.unlink()
    about = {"provider": "libvirt", "format": "qcow2", "virtual_size": GIGABYTES}
    (folder / "metadata.json").write_text(json.dumps(about))
    (folder / "Vagrantfile").write_text(VAGRANTFILE)
    target.parent.mkdir(parents=True, exist_ok=True)
    kind = "-czf" if small else "-cf"
    members = ["metadata.json", "Vagrantfile", "box.img"]
    execute(["tar", "-C", str(folder), kind, str(target), *members], timeout=1800)


def configure(root: Path) -> None:
    """What Vagrant expects of a box: a user with its key and with sudo, sshd, and an address by DHCP."""
    vm_disk.configure(root)
    execute(["chroot", str(root), "useradd", "--create-home", "--shell=/bin/bash", "vagrant"])
    vm_disk.authorize(root, "vagrant", INSECURE_KEY)
    (root / "etc/sudoers.d/vagrant").write_text("vagrant ALL=(ALL) NOPASSWD: ALL\n")
    (root / "etc/systemd/network/80-dhcp.network").write_text(NETWORK)
    (root / "etc/fstab").write_text("/dev/vda1 / ext4 defaults 0 1\n")
    boot = root / "boot/extlinux"
    boot.mkdir()
    (boot / "extlinux.conf").write_text(BOOT)


def make_disk(root: Path, image: Path) -> None:
    """A disk with one partition, which boots by itself."""
    size = GIGABYTES << 30
    with image.open("wb") as file:
        file.truncate(size)
    execute(["sfdisk", "--quiet", str(image)], stdin=f"start={BEGIN // 512}, type=83, bootable\n".encode())
    kibibytes = (size - BEGIN) >> 10
    options = ["-E", f"offset={BEGIN}", "-O", "^64bit,^metadata_csum"]  # as extlinux can write to it
    execute(["mkfs.ext4", "-q", "-F", *options, "-d", str(root), str(image), f"{kibibytes}k"], timeout=1200)
    with mounted(image) as there:
        execute(["extlinux", "--install", str(there / "boot/extlinux")])
    with image.open("r+b") as file:
        file.write(Path("/usr/lib/EXTLINUX/mbr.bin").read_bytes()[:BOOT_CODE])


@contextmanager
def mounted(image: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        execute(["mount", "-o", f"loop,offset={BEGIN}", str(image), name])
        try:
            yield Path(name)
        finally:
            execute(["umount", name])
