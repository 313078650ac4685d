"""Which release of Debian each kind of machine has in a whole run: drawn by commit, in turns.

drawn_release.py KIND    prints the code name
"""

import random
import sys

import drawn
from one_kind import KINDS

RELEASES = ("bookworm", "trixie")
"""Of the suite, test_killed_install alone, whose kills take hours, has not been seen on Debian 13 with systemd."""


def release(kind: str, seed: str) -> str:
    """Another one for each kind, so that each commit meets both. Not by the sum that draws files for a kind
    (one_kind.py): a file must come to each release.
    """
    return random.Random(f"{seed} release").sample(RELEASES, len(KINDS))[KINDS.index(kind)]


if __name__ == "__main__":
    print(release(sys.argv[1], drawn.seed()))
