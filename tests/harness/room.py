"""How much free space the test host's disk has for machines: a lack of space looks like a fault in what is tested."""

import shutil

from harness import store

GIGABYTE = 10**9
_least: dict[str, int] = {}


def note() -> None:
    """Check now; called when a machine ends, because that is when it is largest."""
    # The store's own disk, and the file system inside a file that machines may be on.
    for place, folder in (("the test host's disk", store.STORE), ("the machines' file system", store.home())):
        _least[place] = min(shutil.disk_usage(folder).free, _least.get(place, 1 << 62))


def least() -> str:
    """The smallest free space so far, in words; empty before the first machine."""
    return ", ".join(f"{bytes_ / GIGABYTE:.0f} GB of {place}" for place, bytes_ in _least.items())
