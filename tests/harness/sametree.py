"""Whether two machines are the same, however they got there: all paths, including those in the default image."""

import re
from collections.abc import Mapping

from harness.machine import Machine
from harness.manifest import VOLATILE, manifest

# The directories of Docker's layers have random names, so their contents are compared as one tree.
LAYER = re.compile(r"/var/lib/docker/overlay2/[0-9a-z]+/diff(/.*)")
ELSEWHERE = {
    "what Docker and containerd keep beside the layers, under random names": r"/var/lib/(docker|containerd)/.*",
    "copies of what stood there before, one folder per run": r"/var/lib/hubinstall/generations/.*",
    "what SQLite has there while it writes": r"/var/lib/hubinstall/hub/\w+\.sqlite-journal",
    "named by accounts' numbers, whose order is that of threads": r"/var/lib/hubinstall/hub/accounts/\d+\.\w+",
    "what Jupyter and others keep in homes where they ran": r"/(home/\w+|var/lib/hubinstall/probe)/\..*",
}
"""Reason → patterns of paths that say nothing about the machine's state."""
OF_ITS_OWN = {
    "secrets, keys and certificates, made anew on each machine": (
        r"/var/lib/hubinstall/(secrets|tls|hub)/.*|/etc/docker/key\.json|/etc/ssl/private/.*"
    ),
    "a record of the digests of certificates": r"/var/lib/hubinstall/nginx-loaded",
    "the ledger, whose order is that of threads": r"/var/lib/hubinstall/ledger\.json(\.last)?",
    "the number that systemd gives a machine at its first boot": r"/etc/machine-id",
    "what apt has installed by itself, listed as it came": r"/var/lib/apt/extended_states",
    "dpkg's copy of its list as it was before the last change": r"/var/lib/dpkg/status-old",
    "the copy of the image, with the dates of its making": r"/var/lib/hubinstall/images/\w+\.tar\.zst",
    "the day on which an account was made: a night may lie between two builds": r"\[image\]/etc/shadow-?",
    "a list of fonts with their dates": r"\[image\]/usr/local/share/matplotlib/fontlist-.*",
    "the hub's database, and what it keeps of servers": r"/var/lib/hubinstall/hub/jupyterhub\.sqlite.*",
    "accounts: their numbers and order are those of threads, their passwords' salts are random": (
        r"/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?"
    ),
}
"""Reason → patterns of paths whose kind, mode and owner are compared, but not the content."""
_NOT_COMPARED = re.compile("|".join(ELSEWHERE.values()))
_OWN_CONTENT = re.compile("|".join(OF_ITS_OWN.values()))

Tree = Mapping[str, str]


def tree(machine: Machine, *, images: bool = True) -> Tree:
    """Path → kind, mode, owner and group by name, content. The machine's own names and addresses are ignored.

    `images`: include the content of Docker's layers; only if there are no containers.
    """
    users, groups = (_names(machine, f"/etc/{table}") for table in ("passwd", "group"))
    found = {}
    ignored = () if images else ("/var/lib/docker",)
    for path, entry in manifest(machine, ignored, machine.own_words).items():
        if layer := LAYER.fullmatch(path):
            shown = f"[image]{layer[1]}"
        elif _NOT_COMPARED.fullmatch(path):
            continue
        else:
            shown = path
        own = "its own" if _OWN_CONTENT.fullmatch(shown) else entry.content
        owner = f"{users.get(entry.uid, entry.uid)}:{groups.get(entry.gid, entry.gid)}"
        found[shown] = f"{entry.kind} {entry.mode:04o} {owner} {own}"
    return found


def differences(wished: Tree, found: Tree) -> list[str]:
    """The differences in words, sorted; empty if both are the same."""
    both = sorted(wished.keys() | found.keys())
    pairs = {path: (wished.get(path, "absent"), found.get(path, "absent")) for path in both}
    return [f"{path}: {is_} instead of {should}" for path, (should, is_) in pairs.items() if should != is_]


def uncompared() -> str:
    """What is not compared, and why, for a report."""
    lines = [f"{why}: {where}" for why, where in {**ELSEWHERE, **OF_ITS_OWN}.items()]
    return "\n".join([f"changes by itself on any machine: {' '.join(VOLATILE)}, __pycache__", *lines])


def _names(machine: Machine, table: str) -> dict[int, str]:
    rows = [line.split(":") for line in machine.read(table).splitlines()]
    return {int(row[2]): row[0] for row in rows}
