"""Archives of a course that ends, for its people: the hub gives them out, and deletes them (hubside/ended_courses.py).

They are made in a folder of root's and then moved to the hub's as a whole. What is in the hub's own directory only it
decides, so no part of the way there may be a link.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterable, Iterator

from hubinstall import layout
from hubinstall.machine import careful_copy
from hubinstall.machine.accounts import find
from hubinstall.machine.host import Host
from hubinstall.people import collecting
from hubinstall.people.collecting import HandedIn

DAYS = 30
PLACE = careful_copy.Modes(0o700, 0o600)


def leave(host: Host, course: str, title: str, people: Iterable[str], *, box: int, material: int) -> float:
    """Write the archives, and give them to the hub. Returns until when they can be fetched, in seconds since the epoch.
    `people`: who was in the course; `box`, `material`: its open shares. Raises OSError if there is no room.
    """
    until = time.time() + DAYS * 86400
    numbers = [int(row[2]) for row in find(host, people).values()]
    host.remove_tree(layout.COURSE_ENDING)
    host.mkdir(layout.COURSE_ENDING, "0700")
    try:
        with _open(host, layout.COURSE_ENDING) as folder:
            for one in collecting.look(host, box, (), 0.0).values():
                if one.files:
                    collecting.zip_of(box, folder, f"{one.files[0].uid}.zip", one)
            shown = HandedIn(course)
            for found in careful_copy.files(material):
                shown.add(found)
            if shown.files:
                collecting.zip_of(material, folder, layout.ENDED_MATERIAL, shown)
        about = {"course": course, "title": title, "until": until, "people": numbers}
        host.write(f"{layout.COURSE_ENDING}/{layout.ENDED_COURSE}", json.dumps(about).encode(), "0600")
        _give(host, f"{course}-{time.strftime('%Y-%m-%d-%H%M%S')}")
    finally:
        host.remove_tree(layout.COURSE_ENDING)
    return until


def _give(host: Host, name: str) -> None:
    owner = host.uid(layout.HUB_USER), host.gid(layout.HUB_USER)
    above, ends = os.path.split(layout.COURSE_ENDS)
    with contextlib.ExitStack() as stack:
        hubs = stack.enter_context(_open(host, above))
        place = careful_copy.below(hubs, (ends,), PLACE)
        stack.callback(os.close, place)
        made = stack.enter_context(_open(host, layout.COURSE_ENDING))
        for file in os.listdir(made):
            os.chown(file, *owner, dir_fd=made, follow_symlinks=False)
        for folder in (made, place):
            os.fchown(folder, *owner)
            os.fsync(folder)
        source = stack.enter_context(_open(host, os.path.dirname(layout.COURSE_ENDING)))
        os.rename(os.path.basename(layout.COURSE_ENDING), name, src_dir_fd=source, dst_dir_fd=place)


@contextlib.contextmanager
def _open(host: Host, path: str) -> Iterator[int]:
    folder = careful_copy.opened(str(host.path(path)))
    try:
        yield folder
    finally:
        os.close(folder)
