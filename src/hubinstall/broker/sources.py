"""What a server may mount, and whether the path to it is root's alone: Docker follows links with root's rights."""

import os
import stat
from collections.abc import Mapping

from hubinstall import layout
from hubinstall.broker.policy import Policy
from hubinstall.broker.refusal import RefusedError
from hubinstall.hubside import grading, shares
from hubinstall.hubside.accounts import Account, classmates, group_text, passwd_text
from hubinstall.hubside.profiles import Gives

MOST_LINKS = 40
HOME_SCRIPT = f"{layout.HUBSIDE}/hubinstall/hubside/home.sh"
ROOM_SCRIPT = f"{layout.HUBSIDE}/hubinstall/hubside/room_documents.py"


def bind(
    policy: Policy, account: Account, source: str, target: str, gives: Gives | None = None, *, read_only: bool
) -> str:  # fmt: skip
    """The path on the host that Docker mounts for this one; RefusedError if this account may not have it. `gives`: what
    the chosen profile gives.
    """
    if source != os.path.normpath(source) or not source.startswith("/") or ":" in source:
        raise RefusedError(f"the directory {source!r}")
    if own := _files(account).get(source):
        return _exactly(own, source, target, read_only=read_only)
    fixed = {
        HOME_SCRIPT: layout.HOME_HOOK,
        grading.SOURCE: layout.NBGRADER_CONFIG,
        ROOM_SCRIPT: f"{layout.ROOM_CONFIG}/jupyter_server_config.py",
    }
    if policy.trust_store:
        fixed[policy.trust_store] = layout.TRUST_STORE
    if source in fixed:
        return _exactly((source, fixed[source]), source, target, read_only=read_only)
    everything = read_only and source == layout.SHARED_DATA
    usual = source == account.home or everything or _shared(policy, account, source, read_only=read_only)
    allowed = policy.allows(f"bind {source} rw") or (read_only and policy.allows(f"bind {source}"))
    folders = gives.folders() if gives and source == target else {}
    chosen = source in folders and (read_only or not folders[source])
    if not usual and not allowed and not chosen:
        what = f"the directory {source} in {account.name}'s server"
        raise RefusedError(what, f"bind {source}{'' if read_only else ' rw'}")
    check_path(source)
    return source


def _shared(policy: Policy, account: Account, source: str, *, read_only: bool) -> bool:
    """Whether it is a share in which the account may do that. A file server's modes need not say so, so we do."""
    found = shares.mounted(policy.shares, shares.groups_of(policy.shares, account))
    return source in found and (read_only or not found[source])


def _exactly(there: tuple[str, str], source: str, target: str, *, read_only: bool) -> str:
    if not read_only or target != there[1]:
        raise RefusedError(f"{source} at {target}")
    return there[0]


def _files(account: Account) -> Mapping[str, tuple[str, str]]:
    """The hub's path of the account's passwd and group files → our own copy, and its place in the container.

    The hub can write where its own are, also a link; so they are made again here.
    """
    return {
        f"{layout.SERVER_ACCOUNTS}/{account.uid}.{kind}": (
            f"{layout.BROKER_ACCOUNTS}/{account.uid}.{kind}", f"/etc/{kind}",
        )
        for kind in ("passwd", "group")
    }  # fmt: skip


def write_files(policy: Policy, account: Account) -> None:
    """What a server sees of the machine's accounts: its owner, the groups of its shares, and those who put files into a
    drop-box that its owner reads, as a teacher does. (nbgrader compares who has handed in with the owner of the files.)
    """
    groups = shares.groups_of(policy.shares, account)
    boxes = [share.members for share in policy.shares if share.drop_box and share.members and share.readers in groups]
    others = [one for members in boxes for one in classmates(members)]
    os.makedirs(layout.BROKER_ACCOUNTS, mode=0o711, exist_ok=True)
    for kind, text in (("passwd", passwd_text(account, others)), ("group", group_text(account, groups))):
        path = f"{layout.BROKER_ACCOUNTS}/{account.uid}.{kind}"
        new = f"{path}.new"
        with open(new, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o644)
        os.rename(new, path)


def check_path(path: str) -> None:
    """Raise RefusedError if anybody but root can replace a part of it, as by a link. What is missing, root makes."""
    left, here, links = [part for part in path.split("/") if part][::-1], "/", 0
    while left:
        if not _is_roots(here):
            raise RefusedError(f"{path}: {here} is not root's alone, so a link could stand there")
        here = os.path.join(here, left.pop())
        try:
            target = os.readlink(here)
        except FileNotFoundError:
            return
        except OSError:
            continue  # it is no link
        links += 1
        if links > MOST_LINKS:
            raise RefusedError(f"{path}: too many links")
        if ".." in target.split("/"):
            raise RefusedError(f"{path}: a link with .. in it")
        left += [part for part in target.split("/") if part not in {"", "."}][::-1]
        here = "/" if target.startswith("/") else os.path.dirname(here)


def _is_roots(folder: str) -> bool:
    try:
        found = os.stat(folder, follow_symlinks=False)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022
