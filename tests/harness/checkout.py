"""The checkout as a developer's editor shows it: tracked and new files, without ignored ones.

It is read once per run, so that all machines of a run hold the same sources, even if someone edits a file meanwhile.
"""

import hashlib
import io
import shutil
import tarfile
from functools import cache

from checkout_path import CHECKOUT
from harness.archives import pack
from harness.commands import Result, execute

# What .gitignore excludes, for a checkout without git (an unpacked archive).
NOT_SOURCE = {
    ".git",
    ".vagrant",
    ".venv",
    "__pycache__",
    "build",
    "dist",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
}

INSTALLED_FROM = (
    "installer/", "src/", "templates/", "systemd/", "nginx/", "setup.cfg", "pyproject.toml", "README.md", "LICENSE",
)  # fmt: skip


def has_history() -> bool:
    """False in an unpacked archive."""
    return shutil.which("git") is not None and (CHECKOUT / ".git").exists()


def git(*words: str, check: bool = True) -> Result:
    return execute(["git", "-c", "safe.directory=*", "-C", str(CHECKOUT), *words], check=check)


def files() -> list[str]:
    """Paths relative to the checkout; links to directories stay links."""
    if has_history():
        listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").out
        paths = {CHECKOUT / name for name in listed.split("\0") if name}
    else:
        paths = {p for p in CHECKOUT.rglob("*") if not NOT_SOURCE & set(p.relative_to(CHECKOUT).parts)}
    return sorted(str(p.relative_to(CHECKOUT)) for p in paths if p.is_symlink() or p.is_file())


@cache
def archive() -> bytes:
    """A tar of `files()`, owned by root."""
    return pack(CHECKOUT, files())


def place() -> str:
    """A name for this checkout on this host: one checkout must not remove another's caches."""
    return hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]


@cache
def digest() -> str:
    """A digest of everything that an installation is made from, without tests, pages and developers' files."""
    sum_ = hashlib.sha256()
    with tarfile.open(fileobj=io.BytesIO(archive())) as tar:
        for member in tar:
            if member.name.startswith(INSTALLED_FROM):
                content = tar.extractfile(member) if member.isfile() else None
                data = content.read() if content else member.linkname.encode()
                sum_.update(f"{member.name}\0{member.mode}\0{len(data)}\0".encode() + data)
    return sum_.hexdigest()[:16]
