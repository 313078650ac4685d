"""What the helper says, for `hubinstall logs`."""

import sys


def say(words: str) -> None:
    """Never what was asked about passwords: it may hold one."""
    print(words, file=sys.stderr, flush=True)
