"""One file with all that is in somebody's home."""

import os
import time

from hubinstall.errors import CommandError, UserError
from hubinstall.machine.accounts import only_root_writes
from hubinstall.machine.host import Host
from hubinstall.people.directory import Found

CHANGED = 1
"""tar's exit code if a file has changed while it was read: the archive is whole (GNU tar, "Return codes")."""


def archive(host: Host, found: Found, folder: str) -> str:
    """Write the home into FOLDER/NAME-DATE.tar.zst, which only root can read, and return its path. Links are kept as
    links, and no file system that is mounted below is entered. Raises UserError.
    """
    if not only_root_writes(host, folder):
        raise UserError(
            f"{folder} is not a folder that only root can write to", f"Make one: `mkdir --mode=0700 {folder}`", 2
        )
    there = host.stat(found.home)
    if there is None or there.kind != "dir":
        raise UserError(f"there is no home {found.home}", "To see all: hubinstall user list")
    path = f"{folder.rstrip('/')}/{found.name}-{time.strftime('%Y-%m-%d-%H%M%S')}.tar.zst"
    host.write(path, b"", mode="0600")  # so that nobody else can ever read it
    above, name = os.path.split(found.home.rstrip("/"))
    packing = ["tar", "--create", "--zstd", "--one-file-system", "--acls", "--xattrs", "--file", path]
    done = host.run([*packing, f"--directory={above}", "--", name], check=False)
    if done.returncode not in {0, CHANGED}:
        host.remove(path)
        raise CommandError(done.argv, done.returncode, done.stderr)
    if done.returncode:
        host.notice(f"files of {found.name} changed meanwhile: {done.stderr.strip().splitlines()[0]}")
    return path
