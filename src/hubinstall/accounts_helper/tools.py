"""The shadow tools, as the helper runs them: one at a time, and again while somebody else holds their locks."""

import subprocess
import time

from hubinstall.accounts_helper.log import say

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
TRIES, PAUSE = 40, 0.25
"""How often, and seconds between. A lock of a process that was killed is no lock for them (lckpwdf(3))."""
TAKES = 60.0
"""Seconds after which something hangs, such as a directory service that they ask."""


class ToolError(Exception):
    """A tool refuses. `code`: its exit code."""

    def __init__(self, argv: list[str], code: int, words: str) -> None:
        super().__init__(f"{argv[0]}: exit code {code}: {words}")
        self.code = code


def run(*argv: str) -> None:
    """:raises ToolError: as the last try says."""
    for left in reversed(range(TRIES)):
        try:
            done = subprocess.run(
                argv, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, timeout=TAKES, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ToolError(list(argv), -1, str(error)) from error
        if done.returncode == 0:
            return
        words = " ".join(done.stderr.decode(errors="replace").split())
        if "lock" not in words or not left:
            raise ToolError(list(argv), done.returncode, words)
        if left == TRIES - 1:
            say(f"Waiting for somebody else's change of accounts: {words}")
        time.sleep(PAUSE)
