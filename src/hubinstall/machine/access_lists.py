"""Access lists (acl(5)): default ones, by whom new files in a directory may be read and changed, whatever the umask is,
and directories' own, for a group besides the one that the mode is about.

In the form in which Linux keeps them, in the attributes system.posix_acl_default and system.posix_acl_access
(linux/posix_acl_xattr.h), so that no program is needed for it.
"""

import errno
import functools
import operator
import os
import stat
import struct
from collections.abc import Mapping
from pathlib import Path

ATTRIBUTE, OWN = "system.posix_acl_default", "system.posix_acl_access"
_HEAD, _ENTRY = struct.Struct("<I"), struct.Struct("<HHI")
_VERSION = 2
_OWNER, _GROUP, _NAMED_GROUP, _MASK, _OTHERS = 0x01, 0x04, 0x08, 0x10, 0x20
_NOBODY_NAMED = 0xFFFFFFFF
_WORDS = {_OWNER: "u::", _GROUP: "g::", _MASK: "m::", _OTHERS: "o::"}
UNSUPPORTED = {errno.ENOTSUP, errno.EPERM, errno.EROFS}
"""What a file system says that has none, or lets nobody change them."""


def of_new_files(group: int, others: int, barred: int | None = None) -> bytes:
    """`barred`: the number of a group whose members may nothing, even where a file's owner has opened it to all."""
    return listing(group, others, {} if barred is None else {barred: 0})


def listing(group: int, others: int, named: Mapping[int, int]) -> bytes:
    """The owner may all. `group`, `others`: 7 for read, write and enter, 5 without write, 0. `named`: the number of a
    group → the same for its members.
    """
    entries = [(_OWNER, 7, _NOBODY_NAMED), (_GROUP, group, _NOBODY_NAMED)]
    if named:
        most = functools.reduce(operator.or_, named.values(), group)
        entries += [(_NAMED_GROUP, may, number) for number, may in sorted(named.items())]
        entries.append((_MASK, most, _NOBODY_NAMED))
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


def read(folder: Path, attribute: str = ATTRIBUTE) -> bytes | None:
    """The directory's own list; empty if it has none, None if its file system has none."""
    try:
        return os.getxattr(folder, attribute, follow_symlinks=False)
    except OSError as error:
        return None if error.errno in UNSUPPORTED else b""


def write(folder: Path, listed: bytes, attribute: str = ATTRIBUTE) -> None:
    """Does nothing where the file system has no such lists."""
    try:
        os.setxattr(folder, attribute, listed, follow_symlinks=False)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
