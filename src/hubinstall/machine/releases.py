"""The one table of differences between the releases of Debian and Ubuntu.

Sources: the releases' package indices (Debian 12 and 13 were also installed, Ubuntu was not).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Release:
    """One release of a distribution, with its versions and packages."""

    distribution: str
    version: str
    codename: str
    python: str
    nginx: str
    docker: tuple[str, ...]
    """The packages of a Docker Engine with its command."""
    cgroup_mounts: tuple[str, ...] = ()
    """The packages that mount the cgroup controllers if PID 1 does not."""
    brotli: tuple[str, ...] = ()
    """The packages with which nginx serves files that are pre-compressed with Brotli."""


BROTLI = ("libnginx-mod-http-brotli-static", "brotli")


RELEASES = (
    Release("debian", "12", "bookworm", "3.11", "1.22", ("docker.io",), ("cgroupfs-mount",), BROTLI),
    # From here on the docker command has its own package, and there is no cgroupfs-mount.
    Release("debian", "13", "trixie", "3.13", "1.26", ("docker.io", "docker-cli"), (), BROTLI),
    Release("ubuntu", "24.04", "noble", "3.12", "1.24", ("docker.io",), ("cgroupfs-mount",)),
    Release("ubuntu", "25.10", "questing", "3.13", "1.28", ("docker.io",)),
)


def number(version: str) -> tuple[int, ...]:
    """For comparisons: (24, 4) for "24.04"; what is not a number counts as 0."""
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))


def oldest(distribution: str) -> Release | None:
    """The oldest supported release; None for an unknown distribution."""
    return next((r for r in RELEASES if r.distribution == distribution), None)


def release(distribution: str, version: str) -> Release:
    """The newest known release that is not newer than `version`: later releases are treated like the last known one.

    `version` is "" for a release in development (Debian testing has none). A release that is too old gets the oldest
    one, another distribution gets Debian's; preflight refuses both.
    """
    family = distribution if oldest(distribution) else "debian"
    known = [r for r in RELEASES if r.distribution == family]
    fitting = [r for r in known if not version or number(r.version) <= number(version)]
    return fitting[-1] if fitting else known[0]
