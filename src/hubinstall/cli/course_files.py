"""`hubinstall course hand-out | collect`: files to the people of a course, and what they have handed in."""

import os
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from hubinstall import layout
from hubinstall.cli import moments
from hubinstall.cli.session import logged
from hubinstall.cli.user import here
from hubinstall.errors import UserError
from hubinstall.installation import lock
from hubinstall.machine import careful_copy
from hubinstall.machine.accounts import group, only_root_writes
from hubinstall.machine.host import Host
from hubinstall.people import collecting, course_ends, courses, handing_out
from hubinstall.people.directory import People
from hubinstall.report.words import counted, say
from hubinstall.settings.courses import collected, hand_in, teachers_group

SHOWN = 10
"""Names that are printed of what is left out."""


def hand_out(arguments: Namespace, host: Host) -> int:
    """Copy a folder into the material. Students copy it from there, so nothing of theirs is overwritten."""
    people = here(host)
    name, folder = known(people, arguments.name), os.path.abspath(arguments.folder)
    if folder == "/":
        raise UserError("/ is not a folder to hand out", "Name the folder with the files.", 2)
    with lock.one_run("course hand-out"), logged(host), folder_at(folder) as source, share_at(name) as material:
        told = handing_out.hand_out(source, material, os.path.basename(folder))
    say(f"{layout.SHARED_DATA}/{name}/{os.path.basename(folder)}: "
        + (", ".join(f"{number} {kind}" for kind, number in told.files.items()) or "no files"))  # fmt: skip
    for left in told.left[:SHOWN]:
        say(f"left out: {left.path} {left.why}")
    if len(told.left) > SHOWN:
        say(f"left out: {len(told.left) - SHOWN} more")
    return 0


def collect(arguments: Namespace, host: Host) -> int:
    """Copy what was handed in to a folder for each person, which the teachers read; print the path."""
    people = here(host)
    name = known(people, arguments.name)
    since = moments.past(arguments.since, time.time()) if arguments.since else 0.0
    to = roots_own(host, arguments.to or f"{layout.SHARED_DATA}/{collected(name)}")
    teachers = teachers_group(name)
    row = group(host, teachers)
    if row is None:
        raise UserError(f"there is no group {teachers}", "Make the course: hubinstall apply")
    path = f"{to}/{time.strftime('%Y-%m-%d-%H%M%S')}"
    with lock.one_run("course collect"), logged(host), share_at(hand_in(name)) as box:
        host.mkdir(path, "2750", "root", teachers)
        found = collecting.look(host, box, courses.students(host, people.settings, name), since)
        with folder_at(path) as target:
            collecting.collect(box, target, found.values(), int(row[2]))
        text = collecting.table(found.values()).encode("utf-8", "replace")
        host.write(f"{path}/{collecting.LIST}", text, "0640", "root", teachers)
    print(path)
    there = [one.name for one in found.values() if one.files]
    missing = [one.name for one in found.values() if not one.files]
    say(f"{counted(len(there), 'person')} handed in: {', '.join(there) or 'nobody'}".replace("persons", "people"))
    say(f"nothing from: {', '.join(missing) or 'nobody'}")
    for one in found.values():
        for left in one.left[:SHOWN]:
            say(f"left out: {left.path} of {one.name} {left.why}")
    return 0


def archive(host: Host, people: People, name: str, folder: str) -> str:
    """A zip for each person of what was handed in, and the list, in a folder that only root can open; its path."""
    path = f"{roots_own(host, folder)}/{name}-{time.strftime('%Y-%m-%d-%H%M%S')}"
    with lock.one_run("course remove"), logged(host), share_at(hand_in(name)) as box:
        host.mkdir(path, "0700")
        found = collecting.look(host, box, courses.students(host, people.settings, name), 0.0)
        with folder_at(path) as target:
            collecting.zipped(box, target, found.values())
        host.write(f"{path}/{collecting.LIST}", collecting.table(found.values()).encode("utf-8", "replace"), "0600")
    return path


def leave(host: Host, people: People, name: str) -> float | None:
    """Archives for the people of the course, which the hub gives out; until when, in seconds since the epoch. None if
    the course has no directories.
    """
    if not all(host.exists(f"{layout.SHARED_DATA}/{share}") for share in (name, hand_in(name))):
        return None
    course = people.settings.courses[name]
    everyone = [*courses.students(host, people.settings, name), *course.teachers]
    with lock.one_run("course remove"), logged(host), share_at(hand_in(name)) as box, share_at(name) as material:
        try:
            return course_ends.leave(host, name, course.title or name, everyone, box=box, material=material)
        except OSError as error:
            why = error.strerror or str(error)
            raise UserError(
                f"the archives for the people of {name} could not be written to {layout.STATE}: {why}",
                f"Make room, or do without them: hubinstall course remove {name} --yes --without-files",
            ) from None


def roots_own(host: Host, folder: str) -> str:
    """Raises UserError if anybody but root can write there."""
    if not only_root_writes(host, folder):
        made = f"Make one: `mkdir --mode=0700 {folder}`"
        raise UserError(f"{folder} is not a folder that only root can write to", made, 2)
    return os.path.abspath(folder)


def known(people: People, name: str) -> str:
    """Raises UserError unless it is a course that was applied."""
    if name not in people.settings.courses:
        raise UserError(f"there is no course {name}", "To see all: hubinstall course list", 2)
    return name


@contextmanager
def folder_at(path: str) -> Iterator[int]:
    """It, open. Raises UserError if it cannot be, or if a part of the path is a link."""
    try:
        folder = careful_copy.opened(path)
    except OSError as error:
        why = error.strerror or str(error)
        raise UserError(f"{path} cannot be opened: {why}", "Name a folder by a path without links.", 2) from None
    try:
        yield folder
    finally:
        os.close(folder)


@contextmanager
def share_at(name: str) -> Iterator[int]:
    with folder_at(f"{layout.SHARED_DATA}/{name}") as folder:
        yield folder
