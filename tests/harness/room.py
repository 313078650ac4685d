"""How much room the test host's disk has left for machines: too little looks like a fault of what is tested."""

import shutil

from harness import store

GIGABYTE = 10**9
_least: dict[str, int] = {}


def note() -> None:
    """Look now; called when a machine ends, which is when it is largest."""
    # The store's own disk, and the file system inside a file that machines may lie in.
    for place, folder in (("the test host's disk", store.STORE), ("the machines' file system", store.home())):
        _least[place] = min(shutil.disk_usage(folder).free, _least.get(place, 1 << 62))


def least() -> str:
    """What was free when it was least; nothing, before the first machine."""
    return ", ".join(f"{bytes_ / GIGABYTE:.0f} GB of {place}" for place, bytes_ in _least.items())
