"""`hubinstall user import FILE.csv`: a whole class at once."""

import time
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hubinstall import layout
from hubinstall.blueprint import urls
from hubinstall.cli.session import logged
from hubinstall.errors import UserError
from hubinstall.installation import lock
from hubinstall.machine.accounts import only_root_writes
from hubinstall.machine.facts import gather
from hubinstall.machine.host import Host
from hubinstall.people import importing, invitations, roster
from hubinstall.people.csv_rows import rows
from hubinstall.people.directory import People
from hubinstall.people.importing import Handout, Import
from hubinstall.people.roster import BACK, NEW, THERE, TWICE, WRONG, Fate
from hubinstall.report.words import counted, say

LARGEST = 10_000_000
"""Bytes of a list: a hundred times what this many people need."""


def import_(people: People, arguments: Namespace) -> int:
    """Say what becomes of each line; if all are right, make the accounts and the list of passwords."""
    host, file, folder = people.host, arguments.file, arguments.sheet_folder
    content = read(file)
    if arguments.dry_run:
        say_fates(file, checked(people, file, content, accept_names=arguments.accept_names))
        say("Nothing was changed: this is what an import would do.")
        return 0
    if arguments.invite:
        invitations.refuse(people, None)
    check_folder(host, folder)
    with lock.one_run("user import"), logged(host):
        handout = Handout(folder, arguments.days if arguments.invite else 0)
        if not take_in(people, file, content, handout, accept_names=arguments.accept_names):
            say("Nothing was changed: everyone in the file has an account.")
    return 0


def take_in(people: People, file: str, content: bytes, handout: Handout, *, accept_names: bool) -> bool:
    """Make the accounts that are missing, and the list to hand out; first those of a run that was killed. False: all
    were there.
    """
    host = people.host
    address = urls.urls(people.settings, gather(host, people.settings.process_manager))[0]
    if begun := importing.unfinished(host):
        say(f"An import of {begun.file} was interrupted, and goes on first")
        finished(people, begun, address)
        if begun.digest == importing.digest(content):
            return True
    found = checked(people, file, content, accept_names=accept_names)
    say_fates(file, found)
    if not any(fate.kind in {NEW, BACK} for fate in found):
        return False
    if handout.days and any(fate.password for fate in found):
        say("The passwords of the file are not used: people set theirs by the links")
    finished(people, importing.begin(host, file, content, found, handout), address)
    return True


def check_folder(host: Host, folder: str) -> None:
    """Raise UserError unless only root can write there; our own folder is made."""
    if folder != layout.PEOPLE_SHEETS and not only_root_writes(host, folder):
        raise UserError(f"{folder} is not a folder that only root can write to", "Use another --sheet-folder.", 2)


def checked(people: People, file: str, content: bytes, *, accept_names: bool) -> list[Fate]:
    """What becomes of each line. Raises UserError, after it has been said, if one of them is wrong."""
    table = roster.table(rows(content, file))
    if table.note:
        print(f"{file}: {table.note}")
    found = roster.fates(people, table, accept_names=accept_names)
    wrong = [fate for fate in found if fate.kind == WRONG]
    if wrong:
        say_fates(file, found)
        raise UserError(
            f"{counted(len(wrong), 'line')} of {file} cannot be used, and nothing was changed",
            "Correct what is listed above as wrong, or use --accept-names for the names that are proposed.",
            2,
        )
    if not found:
        raise UserError(f"{file} has no line with a person", "It needs one line for each: name, full name, email.", 2)
    return found


def say_fates(file: str, found: Sequence[Fate]) -> None:
    for fate in found:
        print(f"{file}:{fate.line}: {'wrong: ' if fate.kind == WRONG else ''}{fate.words}")
    kinds = Counter(fate.kind for fate in found)
    words = {NEW: "new", BACK: "back", THERE: "with an account already", TWICE: "twice in the file", WRONG: "wrong"}
    print(
        f"{counted(len(found), 'line')}: {', '.join(f'{kinds[kind]} {words[kind]}' for kind in words if kinds[kind])}"
    )


def finished(people: People, begun: Import, address: str) -> None:
    start = time.monotonic()
    importing.finish(people, begun, address, say)
    able = f"can log in once the link is used, until {invitations.last_day(begun.days)}" if begun.days else "can log in"
    say(f"{counted(len(begun.people), 'account')} {able}, after {time.monotonic() - start:.0f} s")
    given = "links" if begun.days else "passwords"
    say(f"Names and {given} are in {begun.sheet}.csv, and to print and to cut in {begun.sheet}.html")
    say("Only root can read them. Delete both when they are handed out.")


def read(file: str) -> bytes:
    try:
        with Path(file).open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}", "Name another file.", 2) from None
    if len(content) > LARGEST:
        raise UserError(f"{file} is larger than {LARGEST // 1_000_000} MB", "Name a list of people.", 2)
    return content
