"""Commands that download, and may be begun anew."""

from collections.abc import Mapping

from hubinstall.errors import OverdueError
from hubinstall.host import Host

PATIENCE = 600
"""Seconds; a line of 10 Mbit/s brings everything that an installation downloads in that time."""


def download(
    host: Host,
    what: str,
    argv: list[str],
    *,
    env: Mapping[str, str],
    cwd: str | None = None,
    input: str | None = None,  # noqa: A002 - subprocess's own name for it
    timeout: float = 1800,
) -> None:
    """Run a command that downloads `what`, and ends with this program: if it is not done after PATIENCE, once more.

    The programs give up a connection that is silent, but none that trickles, and they can hang like any other. The
    second time has `timeout` seconds, for a slow line; what the first one has downloaded is in its cache.
    """
    try:
        host.run(argv, env=env, cwd=cwd, input=input, timeout=PATIENCE, bound=True)
    except OverdueError:
        host.say(f"{what}: not done after {PATIENCE} s, so it is begun anew (the log says what it was at)")
        host.run(argv, env=env, cwd=cwd, input=input, timeout=timeout, bound=True)
