"""Which release of Debian each kind of machine has in a whole run: drawn by commit, in turns.

drawn_release.py KIND    prints the code name
"""

import random
import sys

import drawn

RELEASES = {"systemd": ("bookworm",), "plain": ("bookworm", "trixie")}
"""Kind of machine → the releases on which the whole suite was seen to pass. Under systemd on Debian 13 it was a part so
far; `tests/run` shows a first install there.
"""


def release(kind: str, seed: str) -> str:
    """Not by the sum that draws files for a kind (one_kind.py): a file must come to each release."""
    return random.Random(f"{seed} release").choice(RELEASES[kind])


if __name__ == "__main__":
    print(release(sys.argv[1], drawn.seed()))
