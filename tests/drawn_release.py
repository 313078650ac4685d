"""Which release of Debian each kind of machine has in a whole run: drawn by commit, in turns.

drawn_release.py KIND    prints the code name
"""

import random
import sys

import drawn

RELEASES = ("bookworm", "trixie")
"""The releases that the README names."""


def release(kind: str, seed: str) -> str:
    """The other kind of machine has the other release. Not by the sum that draws files for a kind (one_kind.py): a file
    must come to each release on each kind.
    """
    turn = random.Random(f"{seed} release").randrange(len(RELEASES))
    return RELEASES[turn if kind == "systemd" else 1 - turn]


if __name__ == "__main__":
    print(release(sys.argv[1], drawn.seed()))
