"""Make the accounts of a list, so that a run that was killed goes on where it was.

What is to be done is written down first, with the passwords; then the list of passwords; then the accounts; and nobody
can log in before all accounts are there. The next run does what the record still says, whatever file it is given.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from hubinstall import layout
from hubinstall.machine.host import Host
from hubinstall.machine.records import record
from hubinstall.people import invitations, making, sheet
from hubinstall.people.directory import People
from hubinstall.people.making import Newcomer
from hubinstall.people.roster import BACK, NEW, Fate
from hubinstall.resources.accounts import first_passwords


@dataclass(frozen=True)
class Person:
    """Somebody of the list whose account is to be made, or brought back. `password`: or what is secret in the link."""

    newcomer: Newcomer
    email: str
    password: str


@dataclass(frozen=True)
class Import:
    """`file`: as it was named; `digest`: of its content; `sheet`: path of the list of passwords, without its ending;
    `days`: for which links are good, or 0 if people get passwords.
    """

    file: str
    digest: str
    sheet: str
    people: list[Person]
    days: int = 0


@dataclass(frozen=True)
class Handout:
    """What people are given: `folder` of the list; `days`: for which links are good, or 0 if they get passwords."""

    folder: str
    days: int = 0


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def begin(host: Host, file: str, content: bytes, fates: Sequence[Fate], handout: Handout) -> Import:
    """Write down what is to be done."""
    people = [
        Person(
            fate.newcomer,
            fate.email,
            invitations.generate() if handout.days else fate.password or first_passwords.generate(),
        )
        for fate in fates
        if fate.kind in {NEW, BACK}
    ]
    stem = file.rpartition("/")[2].rpartition(".")[0] or "people"
    begun = Import(
        file, digest(content), f"{handout.folder}/{time.strftime('%Y-%m-%d-%H%M%S')}-{stem}", people, handout.days
    )
    host.write(layout.PEOPLE_IMPORT, TypeAdapter(Import).dump_json(begun), mode="0600")
    return begun


def unfinished(host: Host) -> Import | None:
    """What a run that was killed has left to do."""
    hint = "It holds an import that was interrupted. Move it away, and import the file once more."
    return record(host, layout.PEOPLE_IMPORT, Import, hint)


def finish(people: People, begun: Import, address: str, said: Callable[[str], None]) -> None:
    """Do all that is still to be done. `address`: of the hub, for the list; `said`: is told how far it is."""
    host = people.host
    write_sheet(host, begun, address)
    for number, one in enumerate(begun.people, start=1):
        found = people.find(one.newcomer.name)
        if found is None:
            making.make(people, one.newcomer)
        elif found.removed:
            making.bring_back(people, found, one.newcomer)
            if begun.days:
                invitations.prepare(host, found)
        if number % 25 == 0:
            said(f"{number} of {len(begun.people)} accounts")
    if begun.people:
        _let_in(host, {one.newcomer.name: one.password for one in begun.people}, begun.days)
    host.remove(layout.PEOPLE_IMPORT)


def _let_in(host: Host, given: dict[str, str], days: int) -> None:
    if days:  # who has used the link already, before a run that was killed goes on, needs none
        given = {name: token for name, token in given.items() if invitations.has_no_password(host, name)}
        invitations.give(host, given, days)
    else:
        making.let_in(host, given)


def write_sheet(host: Host, begun: Import, address: str) -> None:
    """Both forms, which only root can read."""
    given = {one.newcomer.name: one.password for one in begun.people}
    linked = invitations.addresses(address, given) if begun.days else {}
    lines = [
        sheet.Line(
            one.newcomer.name, "" if begun.days else one.password, linked.get(one.newcomer.name, ""),
            one.newcomer.full_name, one.email,
        )
        for one in begun.people
    ]  # fmt: skip
    sheet.write(host, begun.sheet, lines, address, invitations.last_day(begun.days))
