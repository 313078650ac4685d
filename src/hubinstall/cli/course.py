"""`hubinstall course add | list | remove | …`: a group, its people, its teachers and its shares by one word."""

import dataclasses
import json
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hubinstall import layout
from hubinstall.blueprint import urls
from hubinstall.cli import course_files, environment, user_import
from hubinstall.cli.session import apply_config, logged
from hubinstall.cli.user import here
from hubinstall.config import edit, typed
from hubinstall.config.explain import dotted
from hubinstall.config.validate import Config, load
from hubinstall.errors import UserError
from hubinstall.installation import inputs, lock, preflight
from hubinstall.installation.desired_state import read
from hubinstall.installation.environments import Asked, adding
from hubinstall.machine.accounts import find
from hubinstall.machine.host import Host
from hubinstall.people import courses
from hubinstall.people.directory import People
from hubinstall.people.importing import Handout
from hubinstall.preflight.names import has_nbgrader
from hubinstall.report.choose import Output
from hubinstall.report.words import counted, say
from hubinstall.settings.courses import NBGRADER, exchange, grading, hand_in, teachers_group
from hubinstall.settings.values.names import parse_course_name
from hubinstall.settings.values.words import WrongValueError

TITLES = ("COURSE", "STUDENTS", "TEACHERS", "TITLE")


@dataclass(frozen=True)
class Class:
    """The people of a list: the file as it was named, its content, and the accounts that it names."""

    file: str
    content: bytes
    names: list[str]
    accept_names: bool


def add(arguments: Namespace, host: Host) -> int:
    """Check all, then make what is missing. What a run that was killed has left, the next one does."""
    people = here(host)
    name, config = course_name(arguments.name), load(inputs.config_text(host))
    new = with_course(config, name, arguments)
    check_teachers(people, new.settings.courses[name].teachers)
    bring_nbgrader(host, new, name, verbose=arguments.verbose)
    preflight.refuse(host, read(host, new))
    if arguments.students:
        take_in(people, name, read_class(people, arguments))
    there = new.text == config.text
    apply_config(host, new, Output(quiet=True, verbose=arguments.verbose))
    told = f"{name} is there already" if there else f"{name} is there"
    say(f"{told}, with {counted(len(courses.students(host, new.settings, name)), 'student')}")
    say_places(host, new, name)
    return 0


def course_name(text: str) -> str:
    """Raises UserError (exit code 2)."""
    try:
        return parse_course_name(text)
    except WrongValueError as error:
        raise UserError(error.message, f"{error.hint[:1].upper()}{error.hint[1:]}. {typed.UNCHANGED}", 2) from None


def with_course(config: Config, name: str, arguments: Namespace) -> Config:
    """config.yaml with the course: what it says of it stays, and what was typed is added."""
    words, key = f"course add {name}", key_of(name)
    known = config.settings.courses.get(name)
    edits = []
    if known is None:
        given = {"title": arguments.title, "teachers": list(dict.fromkeys(arguments.teacher))}
        value = {at: what for at, what in (given | software(arguments)).items() if what}
        edits.append(typed.Edit(words, key, lambda document: edit.set_value(document, key, value)))
    else:
        if arguments.title and arguments.title != known.title:
            title = json.dumps(arguments.title)
            edits.append(typed.setting(f"{words} --title", f"{key}.title", title))
        edits += [
            typed.setting(f"{words} --{at}", f"{key}.{at}", json.dumps(what))
            for at, what in software(arguments).items()
            if what and what != getattr(known, at)
        ]
        more = [one for one in dict.fromkeys(arguments.teacher) if one not in known.teachers]
        edits += [typed.adding(f"{words} --teacher", f"{key}.teachers", json.dumps(one)) for one in more]
    return typed.edited(config.document, edits) if edits else config


def software(arguments: Namespace) -> dict[str, Any]:
    """What was typed about the software of its people's servers, by its key."""
    return {"environment": arguments.environment, "nbgrader": arguments.nbgrader}


def bring_nbgrader(host: Host, config: Config, name: str, *, verbose: bool) -> None:
    """Put nbgrader into the environment of the course, if it is not there."""
    course = config.settings.courses[name]
    if course.nbgrader and not has_nbgrader(host, config.settings, chosen := course.own_environment or ""):
        say(f"nbgrader is added to the environment {chosen} first; this takes a minute")
        given = Namespace(environment=chosen, environment_verb="add", verbose=verbose)
        environment.change(given, host, lambda lists: adding(lists, Asked((NBGRADER,))))


def key_of(name: str) -> str:
    return dotted(("courses", name))


def check_teachers(people: People, names: Sequence[str]) -> None:
    """Raise UserError for a teacher without an account; with a sign-on from elsewhere it is made at the first login."""
    found = find(people.host, names)
    missing = [name for name in names if name not in found]
    if missing and not people.settings.auth.from_elsewhere:
        raise UserError(
            f"there is no account {missing[0]} on this machine, so nobody would teach by that name",
            f"Make it first: hubinstall user add {missing[0]}. {typed.UNCHANGED}",
            2,
        )


def read_class(people: People, arguments: Namespace) -> Class:
    """The list of students. Raises UserError, after it has been said, if one of its lines cannot be used."""
    file, content = arguments.students, user_import.read(arguments.students)
    found = user_import.checked(people, file, content, accept_names=arguments.accept_names)
    names = list(dict.fromkeys(fate.newcomer.name for fate in found))
    return Class(file, content, names, accept_names=arguments.accept_names)


def take_in(people: People, course: str, listed: Class) -> None:
    """Make the accounts that are missing, and put all people of the list into the course."""
    host = people.host
    if not (more := courses.missing(host, course, listed.names)):
        return
    with lock.one_run("course add"), logged(host):
        courses.make_group(host, course)
        handout = Handout(layout.PEOPLE_SHEETS)
        user_import.take_in(people, listed.file, listed.content, handout, accept_names=listed.accept_names)
        courses.enrol(host, course, more)
    say(f"{counted(len(more), 'account')} joined the group {course}: {', '.join(more)}")


def say_places(host: Host, config: Config, name: str) -> None:
    """Where its people go, and who writes where."""
    desired = read(host, config)
    at = urls.urls(config.settings, desired.facts)[0]
    say(f"  address: {at}course/{name}")
    say(f"  material: {layout.SHARED_DATA}/{name} (the group {teachers_group(name)} writes, {name} reads)")
    say(f"  handed in: {layout.SHARED_DATA}/{hand_in(name)} ({name} puts in, {teachers_group(name)} reads)")
    if config.settings.courses[name].nbgrader:
        say(f"  nbgrader: {layout.SHARED_DATA}/{grading(name)} ({teachers_group(name)} grades),"
            f" {layout.SHARED_DATA}/{exchange(name)} (its exchange)")  # fmt: skip


def list_(arguments: Namespace, host: Host) -> int:
    found = courses.listed(host, load(inputs.config_text(host)).settings)
    if arguments.json:
        print(json.dumps({"courses": [dataclasses.asdict(one) for one in found]}, indent=1, ensure_ascii=False))
        return 0
    rows = [TITLES, *((one.name, str(len(one.students)), ", ".join(one.teachers), one.title) for one in found)]
    widths = [max(len(row[number]) for row in rows) for number in range(len(TITLES))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def remove(arguments: Namespace, host: Host) -> int:
    """Take it out of config.yaml. Accounts, groups and what is in the shares stay."""
    name, config = arguments.name, load(inputs.config_text(host))
    if name not in config.settings.courses:
        raise UserError(f"there is no course {name}", "To see all: hubinstall course list", 2)
    if arguments.archive:
        course_files.roots_own(host, arguments.archive)
    if not arguments.yes:
        ask(name)
    if arguments.archive:
        print(course_files.archive(host, here(host), course_files.known(here(host), name), arguments.archive))
    until = None if arguments.without_files else course_files.leave(host, here(host), name)
    new = typed.edited(config.document, [typed.unsetting(f"course remove {name}", key_of(name))])
    apply_config(host, new, Output(quiet=True, verbose=arguments.verbose))
    say(f"{name} is no course any more; its people keep their accounts, and files are still in"
        f" {layout.SHARED_DATA}/{name} and {layout.SHARED_DATA}/{hand_in(name)}")  # fmt: skip
    if until:
        day, at = time.strftime("%Y-%m-%d", time.localtime(until)), urls.urls(new.settings, read(host, new).facts)[0]
        say(f"Its people can fetch what they handed in, and the material, until {day}: {at}course/{name}")
    say(f"To take it up again: hubinstall course add {name}")
    return 0


def ask(name: str) -> None:
    """Raises UserError unless somebody at a terminal types yes."""
    what = f"this ends the course {name}: its links, its address and its teachers' rights; accounts and files stay"
    if not sys.stdin.isatty():
        raise UserError(what, f"If you want that, run: hubinstall course remove {name} --yes", 2)
    print(f"{what[:1].upper()}{what[1:]}.", file=sys.stderr)
    if input("Type yes to go on: ").strip().lower() != "yes":
        raise UserError("the course stays", typed.UNCHANGED, 2)


VERBS: dict[str, Callable[[Namespace, Host], int]] = {
    "add": add, "list": list_, "hand-out": course_files.hand_out, "collect": course_files.collect, "remove": remove,
}  # fmt: skip
