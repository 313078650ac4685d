"""The directory for roots, snapshots and caches, and the root that all machines start from."""

import contextlib
import fcntl
import functools
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness import disk
from harness.commands import execute

STORE = Path(os.environ.get("HUBINSTALL_TEST_STORE", "/var/tmp/hubinstall-tests"))
RELEASE = os.environ.get("HUBINSTALL_TEST_RELEASE", "bookworm")
"""The release of Debian, by its code name."""
DOCKER = "docker.io" if RELEASE == "bookworm" else "docker.io docker-cli"
"""The packages that an administrator installs there to get the Docker Engine and its command."""
# A fresh server from a hosting provider and no more: an installation must bring everything else that it needs.
PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "python3", "curl", "ca-certificates", "iproute2", "sudo", "procps",
)  # fmt: skip


class StoreError(RuntimeError):
    """There can be no machines on this host; says why and what to do."""


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Only one test run at a time does the work that `name` stands for."""
    with lock_file(name).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def lock_file(name: str) -> Path:
    locks = STORE / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    return locks / name


@functools.cache
def home() -> Path:
    """The directory of the roots.

    :raises StoreError: there is no place for them.
    """
    if os.geteuid() != 0:
        raise StoreError("the machine suite boots machines and needs root; `tests/run unit` does without")
    with locked("disk"):
        try:
            return disk.for_machines(STORE)
        except disk.UnfitError as error:
            raise StoreError(str(error)) from error


def folder(*parts: str) -> Path:
    path = home().joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def unpack(root: Path, packages: Sequence[str] = PACKAGES) -> None:
    """Create a fresh root that has these packages of the distribution."""
    archive = base_archive(packages)
    root.mkdir(parents=True)
    execute(["tar", "-C", str(root), "--numeric-owner", "-xpf", str(archive)])


def copy(source: Path, target: Path) -> None:
    """Copy a whole root; costs almost nothing if the file system shares blocks."""
    target.parent.mkdir(parents=True, exist_ok=True)
    execute(["cp", "-a", "--reflink=auto", "--sparse=auto", str(source), str(target)])


def remove(path: Path) -> None:
    if path.exists():
        execute(["rm", "-rf", "--one-file-system", str(path)])


def base_archive(packages: Sequence[str] = PACKAGES) -> Path:
    """The root as a tarball: created once, in half a minute, and again when its ingredients change."""
    authorities = _own_authorities()
    wishes = [RELEASE, *packages, *authorities, *(p.read_text() for p in sources()), _apt_settings()]
    digest = hashlib.sha256("\0".join(wishes).encode()).hexdigest()[:12]
    archive = folder() / f"base-{RELEASE}-{digest}.tar"
    with locked("base"):
        if not archive.exists():
            _build(archive, packages, authorities)
    return archive


def _build(archive: Path, packages: Sequence[str], authorities: list[str]) -> None:
    root = folder("building") / archive.stem
    remove(root)
    bootstrap(root, packages, authorities)
    unfinished = archive.with_suffix(".new")
    execute(["tar", "-C", str(root), "--numeric-owner", "-cpf", str(unfinished), "."])
    unfinished.rename(archive)
    remove(root)


def bootstrap(root: Path, packages: Sequence[str], authorities: Sequence[str] | None = None) -> None:
    """Create a root with these packages of the release, which has the test host's way to the package mirrors."""
    execute([
        "mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}",
        *_bootstrap_settings(), RELEASE, str(root), *(str(p) for p in sources()),
    ])  # fmt: skip
    _configure(root, _own_authorities() if authorities is None else authorities)


def _configure(root: Path, authorities: Sequence[str]) -> None:
    """The test host's way to the package mirrors, set as a site's administrator would set it."""
    apt = root / "etc/apt"
    if sources():
        apt.joinpath("sources.list").unlink(missing_ok=True)
        shutil.rmtree(apt / "sources.list.d")
        apt.joinpath("sources.list.d").mkdir()
    for source in sources():
        name = "sources.list" if source.name == "sources.list" else f"sources.list.d/{source.name}"
        shutil.copy(source, apt / name)
    if settings := _apt_settings():
        apt.joinpath("apt.conf.d/90site").write_text(settings)
    for number, certificate in enumerate(authorities):
        (root / f"usr/local/share/ca-certificates/site-{number}.crt").write_text(certificate + "\n")
    execute(["chroot", str(root), "update-ca-certificates"])


def sources() -> list[Path]:
    """The test host's own entries for the distribution's archive; if there are none, mmdebstrap uses its default."""
    apt = Path("/etc/apt")
    found = [apt / "sources.list", *apt.glob("sources.list.d/*.list"), *apt.glob("sources.list.d/*.sources")]
    ours = re.compile(rf"/debian(-security)?/?\s(.*\s)*{RELEASE}\b")
    return sorted(p for p in found if p.is_file() and ours.search(p.read_text()))


def _apt_settings() -> str:
    """The test host's settings for proxies and for mirrors that are frozen in time."""
    wanted = re.compile(r"Acquire::(https?::Proxy|Check-Valid-Until|Check-Date)\b.* \"[^\"]+\";")
    return "".join(f"{line}\n" for line in execute(["apt-config", "dump"]).out.splitlines() if wanted.match(line))


def _bootstrap_settings() -> list[str]:
    return [f"--aptopt={line}" for line in _apt_settings().splitlines()]


def _own_authorities() -> list[str]:
    """Certificate authorities that the test host trusts in addition to the distribution's, as PEM."""
    bundle = Path(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"))
    if not bundle.is_file():
        return []
    pem = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
    usual = {
        _squeezed(c)
        for p in Path("/usr/share/ca-certificates").rglob("*.crt")
        for c in pem.findall(p.read_text(errors="replace"))
    }
    return [c for c in pem.findall(bundle.read_text(errors="replace")) if _squeezed(c) not in usual]


def _squeezed(certificate: str) -> str:
    return "".join(certificate.split())
