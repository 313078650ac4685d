"""The disk of a virtual machine: a root that was made on this host's kernel, with a kernel and sshd of its own."""

import shutil
from pathlib import Path

from harness import store
from harness.commands import execute

KERNEL, INITRD, IMAGE, KEY = "vmlinuz", "initrd.img", "disk.img", "key"
"""The files of a virtual machine. There is no boot loader: QEMU loads the kernel."""
WRITTEN = "written.qcow2"
"""What a machine that was started from a snapshot has written."""
SIZE = 30 << 30
"""Bytes; the file is sparse."""
PACKAGES = (
    *store.PACKAGES, "adduser", "apparmor", "initramfs-tools", "kmod", "libpam-systemd", "linux-image-cloud-amd64",
    "openssh-server", "systemd-resolved", "udev",
)  # fmt: skip
"""What a cloud provider's image of the distribution has. A root must have been made of them to become a disk."""
SERVICES = ("systemd-networkd", "systemd-resolved", "ssh")


def write(root: Path, files: Path) -> None:
    """Make the root of a machine that is shut down the files of a virtual machine, in the new directory `files`."""
    store.remove(files)
    files.mkdir(parents=True)
    execute(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(files / KEY)])
    configure(root)
    authorize(root, "root", (files / f"{KEY}.pub").read_text())
    shutil.copy(_only(root / "boot", "vmlinuz-*"), files / KERNEL)
    shutil.copy(_only(root / "boot", "initrd.img-*"), files / INITRD)
    with (files / IMAGE).open("wb") as image:
        image.truncate(SIZE)
    execute(["mkfs.ext4", "-q", "-F", "-d", str(root), str(files / IMAGE)], timeout=1200)


def lose_what_is_not_flushed(files: Path) -> None:
    """From now on a failure of power loses what the machine has written and not flushed to its disk.

    QEMU keeps the table of newly written clusters of a qcow2 file in its memory until the machine flushes, so killing
    it does what a failure of power does to a disk with a cache. A raw file would have it all, flushed or not.
    """
    execute(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", IMAGE, str(files / WRITTEN)])


def drive(files: Path) -> str:
    """QEMU's words for the disk. What is only being made pays for no flush: it is made again if it fails."""
    written = files / WRITTEN
    if written.exists():
        return f"file={written},format=qcow2,if=virtio,cache=writeback,l2-cache-size=8M"
    return f"file={files / IMAGE},format=raw,if=virtio,cache=unsafe,discard=unmap"


def configure(root: Path) -> None:
    """What makes a root a machine that boots and that can be entered over ssh.

    Its address, name and resolver are in the kernel's command line (systemd-network-generator(8)), so that copies of a
    disk are different machines.
    """
    for service in SERVICES:
        execute(["chroot", str(root), "systemctl", "--quiet", "enable", service])
    (root / "etc/hostname").unlink(missing_ok=True)
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    (root / "etc/fstab").write_text("/dev/vda / ext4 defaults 0 1\n")
    resolv = root / "etc/resolv.conf"
    resolv.unlink(missing_ok=True)
    resolv.symlink_to("../run/systemd/resolve/stub-resolv.conf")
    # A host key of its own would be made at the first boot, which takes an emulated machine many seconds.
    execute(["chroot", str(root), "ssh-keygen", "-A"])


def authorize(root: Path, account: str, public_key: str) -> None:
    """Let whoever has the key enter as this account."""
    ssh = Path("root" if account == "root" else f"home/{account}", ".ssh")
    (root / ssh).mkdir(mode=0o700, exist_ok=True)
    keys = root / ssh / "authorized_keys"
    keys.write_text(public_key)
    keys.chmod(0o600)
    execute(["chroot", str(root), "chown", "-R", f"{account}:", f"/{ssh}"])


def _only(folder: Path, pattern: str) -> Path:
    [found] = folder.glob(pattern)
    return found
