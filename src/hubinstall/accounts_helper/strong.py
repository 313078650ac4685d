"""Who can become root on this machine: who sets the password of such an account has the machine.

No password of theirs is set by a link: the hub sees the link when it is used, and must not become root by it.
"""

import grp
import re
from collections.abc import Iterator
from pathlib import Path

from hubinstall import layout
from hubinstall.hubside.accounts import Account

SUDOERS, SUDOERS_FOLDER = Path("/etc/sudoers"), Path("/etc/sudoers.d")


def is_strong(account: Account) -> bool:
    """By a group, or by a rule of sudo that names the account or one of its groups: rather one too many."""
    groups = {*map(_group_name, account.gids), account.group}
    words = {word for line in _lines() for word in re.findall(r"%?[^\s,=:()%]+", line)}
    named = not words.isdisjoint({account.name, f"#{account.uid}"}) or any(f"%{group}" in words for group in groups)
    everyone = any(line.split()[:1] == ["ALL"] for line in _lines())
    return named or everyone or not groups.isdisjoint({*layout.SUDO_GROUPS, *layout.STRONG_GROUPS})


def _lines() -> Iterator[str]:
    """Of sudoers(5), also of its folder, without comments."""
    for path in (SUDOERS, *sorted(SUDOERS_FOLDER.glob("*"))):
        try:
            text = path.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            continue
        yield from (line for line in text.splitlines() if not re.match(r"\s*#(?!\d)", line))


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return ""
