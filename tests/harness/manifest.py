"""The files of a machine: a manifest before, one after, and the difference."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.machine import Machine

# Files that change by themselves on any running machine, and caches that nobody misses. dpkg-db-backup.timer copies
# dpkg's lists to /var/backups at midnight.
VOLATILE = (
    "/tmp", "/var/tmp", "/var/backups", "/var/cache", "/var/log", "/var/lib/apt/lists", "/var/lib/systemd",
    "/root/.cache",
)  # fmt: skip

# The cache of downloads is shared with other running machines.
HALF_WRITTEN = r"""find / -xdev -ignore_readdir_race \
    \( -path /proc -o -path /sys -o -path /var/lib/docker -o -path /var/cache/hubinstall-tests \) -prune -o \
    \( -name '*.hubinstall-new' -o -name '*.candidate' -o -name '*.partial' -o -name '*.unfinished' \) -print"""
"""The command that lists files that no run may leave behind."""

# Runs inside the machine. Stays on the root file system: /proc, /run and the mounts of containers are others.
COLLECT = r"""
import hashlib, json, os, stat, sys
ignored = set(json.loads(sys.argv[1]))
unsaid = [word.encode() for word in json.loads(sys.argv[2])]
device = os.lstat("/").st_dev
kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo",
         stat.S_IFSOCK: "socket", stat.S_IFCHR: "device", stat.S_IFBLK: "device"}

def content(path, st, kind):
    if kind == "link":
        return os.readlink(path)
    if kind == "device":
        return "%d:%d" % (os.major(st.st_rdev), os.minor(st.st_rdev))
    if kind != "file":
        return ""
    with open(path, "rb") as file:
        if not unsaid or st.st_size > 1 << 20:
            return hashlib.file_digest(file, "sha256").hexdigest()
        text = file.read()
    for word in unsaid:
        text = text.replace(word, b"...")
    return hashlib.sha256(text).hexdigest()

def walk(folder):
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        try:
            st = os.lstat(path)
            if path in ignored or name == "__pycache__" or st.st_dev != device:
                continue
            kind = kinds[stat.S_IFMT(st.st_mode)]
            entry = [kind, stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid, content(path, st, kind)]
        except FileNotFoundError:
            continue
        yield path, entry
        if kind == "dir":
            yield from walk(path)

json.dump(dict(walk("/")), sys.stdout)
"""


class Entry(NamedTuple):
    """One path. `content` is a file's SHA-256, a link's target, a device's number."""

    kind: str
    mode: int
    uid: int
    gid: int
    content: str

    def __str__(self) -> str:
        return f"{self.kind} {self.mode:04o} {self.uid}:{self.gid} {self.content[:60]}"


Manifest = Mapping[str, Entry]


@dataclass(frozen=True)
class Difference:
    """Sorted paths; false if there are none."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: Mapping[str, tuple[Entry, Entry]]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def __str__(self) -> str:
        return "\n".join(
            [
                *(f"+ {path}" for path in self.added),
                *(f"- {path}" for path in self.removed),
                *(f"~ {path}: {before} → {after}" for path, (before, after) in self.changed.items()),
            ]
        )


def manifest(machine: Machine, ignore: Collection[str] = (), unsaid: Sequence[str] = ()) -> Manifest:
    """Every path on the machine's own file system, except `VOLATILE`, `ignore` and everything below them.

    `unsaid`: words to ignore in files' contents, such as the machine's own name.
    """
    words = [json.dumps(list(given)) for given in ([*VOLATILE, *ignore], unsaid)]
    found = machine.run(["python3", "-", *words], stdin=COLLECT.encode()).out
    return {path: Entry(*entry) for path, entry in json.loads(found).items()}


def diff(before: Manifest, after: Manifest) -> Difference:
    both = before.keys() & after.keys()
    return Difference(
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        changed={path: (before[path], after[path]) for path in sorted(both) if before[path] != after[path]},
    )
