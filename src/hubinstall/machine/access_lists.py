"""Default access lists (acl(5)): what new files in a directory may be read and changed by, whatever the umask is.

In the form in which Linux keeps them, in the attribute system.posix_acl_default (linux/posix_acl_xattr.h), so that no
program is needed for it.
"""

import errno
import os
import stat
import struct
from pathlib import Path

ATTRIBUTE = "system.posix_acl_default"
_HEAD, _ENTRY = struct.Struct("<I"), struct.Struct("<HHI")
_VERSION = 2
_OWNER, _GROUP, _NAMED_GROUP, _MASK, _OTHERS = 0x01, 0x04, 0x08, 0x10, 0x20
_NOBODY_NAMED = 0xFFFFFFFF
_WORDS = {_OWNER: "u::", _GROUP: "g::", _MASK: "m::", _OTHERS: "o::"}
UNSUPPORTED = {errno.ENOTSUP, errno.EPERM, errno.EROFS}
"""What a file system says that has none, or lets nobody change them."""


def of_new_files(group: int, others: int, barred: int | None = None) -> bytes:
    """The owner may all. `group`, `others`: 7 for read, write and enter, 5 without write, 0. `barred`: the number of a
    group whose members may nothing, even where a file's owner has opened it to all others.
    """
    entries = [(_OWNER, 7, _NOBODY_NAMED), (_GROUP, group, _NOBODY_NAMED)]
    if barred is not None:
        entries += [(_NAMED_GROUP, 0, barred), (_MASK, group, _NOBODY_NAMED)]
    entries.append((_OTHERS, others, _NOBODY_NAMED))
    return _HEAD.pack(_VERSION) + b"".join(_ENTRY.pack(*entry) for entry in entries)


def names_somebody(listed: bytes) -> bool:
    """Whether it is about others than the owner, the directory's group and all others."""
    return len(listed) > len(of_new_files(0, 0))


def described(listed: bytes) -> str:
    """In the words of getfacl(1), such as u::rwx,g::r-x,o::---; empty if there is no list."""
    words = []
    for tag, may, number in _ENTRY.iter_unpack(listed[_HEAD.size :]):
        who = _WORDS.get(tag) or f"{'g' if tag == _NAMED_GROUP else 'u'}:{number}:"
        words.append(who + stat.filemode(may)[-3:])
    return ",".join(words)


def read(folder: Path) -> bytes | None:
    """The directory's own list; empty if it has none, None if its file system has none."""
    try:
        return os.getxattr(folder, ATTRIBUTE, follow_symlinks=False)
    except OSError as error:
        return None if error.errno in UNSUPPORTED else b""


def write(folder: Path, listed: bytes) -> None:
    """Does nothing where the file system has no such lists."""
    try:
        os.setxattr(folder, ATTRIBUTE, listed, follow_symlinks=False)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
