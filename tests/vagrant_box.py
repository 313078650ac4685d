"""Make a Vagrant box for libvirt out of the distribution's packages, where no public box can be downloaded (root).

    tests/run box [bookworm | trixie]

writes build/RELEASE.box, boots it emulated, and says what it took; CONTRIBUTING.md says how the Vagrantfile takes it.
"""

import tempfile
import time
from pathlib import Path

from checkout_path import CHECKOUT
from harness import box, box_boot, store


def make(target: Path) -> None:
    """Write the box."""
    with tempfile.TemporaryDirectory(dir=store.folder("building")) as name:
        root = Path(name, "root")
        store.bootstrap(root, box.PACKAGES)
        box.write(root, Path(name), target)


if __name__ == "__main__":
    target = CHECKOUT / f"build/{store.RELEASE}.box"
    began = time.monotonic()
    make(target)
    print(f"{target}: {target.stat().st_size >> 20} MiB, made in {time.monotonic() - began:.0f} s", flush=True)
    print(f"booted, and let the user vagrant in, in {box_boot.check(target):.0f} s")
