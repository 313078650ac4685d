"""What an administrator hands out in a course: files of a folder, copied to its material."""

from collections import Counter
from dataclasses import dataclass, field

from hubinstall.machine import careful_copy
from hubinstall.machine.careful_copy import Left, Modes

NEW, REPLACED, SAME = "new", "replaced", "the same already"
MODES = Modes(0o777, 0o666)
"""The share's default access list says who may what of it."""


@dataclass
class HandedOut:
    """`files`: how many of each kind."""

    files: Counter[str] = field(default_factory=Counter)
    left: list[Left] = field(default_factory=list)


def hand_out(source: int, material: int, name: str) -> HandedOut:
    """Copy an open folder to the folder `name` in the open material. What is there and not in the source stays."""
    told = HandedOut()
    there = {one.path for one in careful_copy.files(material, (name,))}
    for one in careful_copy.files(source):
        if isinstance(one, Left):
            told.left.append(one)
            continue
        to = f"{name}/{one.path}"
        if careful_copy.same(source, one.path, material, to):
            told.files[SAME] += 1
        elif why := careful_copy.copy(source, one, material, to, MODES):
            told.left.append(Left(one.path, one.uid, why))
        else:
            told.files[REPLACED if to in there else NEW] += 1
    return told
