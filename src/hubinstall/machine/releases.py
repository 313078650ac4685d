"""The one table of differences between the releases of Debian and Ubuntu.

Sources: the releases' own package indices (Debian 12 and 13: looked up and installed; Ubuntu: looked up only).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Release:
    """One release of a distribution, and what it brings."""

    distribution: str
    version: str
    codename: str
    python: str
    nginx: str
    docker: tuple[str, ...]
    """The packages of a Docker Engine with its command."""
    cgroup_mounts: tuple[str, ...] = ()
    """What mounts the cgroup controllers where PID 1 does not."""
    brotli: tuple[str, ...] = ()
    """The packages with which nginx serves files that were compressed with Brotli beforehand."""


BROTLI = ("libnginx-mod-http-brotli-static", "brotli")


RELEASES = (
    Release("debian", "12", "bookworm", "3.11", "1.22", ("docker.io",), ("cgroupfs-mount",), BROTLI),
    # From here on the command is a package of its own, and cgroupfs-mount is gone.
    Release("debian", "13", "trixie", "3.13", "1.26", ("docker.io", "docker-cli"), (), BROTLI),
    Release("ubuntu", "24.04", "noble", "3.12", "1.24", ("docker.io",), ("cgroupfs-mount",)),
    Release("ubuntu", "25.10", "questing", "3.13", "1.28", ("docker.io",)),
)


def number(version: str) -> tuple[int, ...]:
    """For comparisons: (24, 4) of "24.04"; what is no number counts as 0."""
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))


def oldest(distribution: str) -> Release | None:
    """The oldest release that works; None for a distribution that is not known."""
    return next((r for r in RELEASES if r.distribution == distribution), None)


def release(distribution: str, version: str) -> Release:
    """The newest known release that is not newer than `version`: what came later is like what came last.

    A `version` of "" is that of a release in the making (Debian testing has none). What is too old, or another
    distribution, gets the oldest or Debian's; preflight refuses it in words.
    """
    family = distribution if oldest(distribution) else "debian"
    known = [r for r in RELEASES if r.distribution == family]
    fitting = [r for r in known if not version or number(r.version) <= number(version)]
    return fitting[-1] if fitting else known[0]
