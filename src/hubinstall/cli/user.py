"""`hubinstall user add | invite | list | passwd | remove | import | archive`: people's accounts on this machine."""

import dataclasses
import getpass
import json
import sys
from argparse import Namespace
from collections.abc import Callable

from hubinstall import layout
from hubinstall.cli import password_flags, user_import, user_invite
from hubinstall.cli.session import logged
from hubinstall.cli.welcome import generated
from hubinstall.config.validate import load
from hubinstall.errors import UserError
from hubinstall.installation import inputs, lock
from hubinstall.machine.accounts import find
from hubinstall.machine.host import Host
from hubinstall.people import archive as archiving
from hubinstall.people import invitations, making, newcomers, removal
from hubinstall.people.directory import Found, People
from hubinstall.people.listing import listed
from hubinstall.report.words import say
from hubinstall.resources.accounts import first_passwords
from hubinstall.settings.values.passwords import LONGEST
from hubinstall.settings.values.words import WrongValueError

COLUMNS = {
    "name": "NAME", "uid": "UID", "role": "ROLE", "state": "ACCOUNT", "home_state": "HOME",
    "last_seen": "LAST SEEN (UTC)", "link_until": "LINK UNTIL (UTC)", "full_name": "FULL NAME",
}  # fmt: skip
"""Of `user list`, with their titles; that of links only where somebody has one."""


def here(host: Host) -> People:
    """Raises UserError before an installation."""
    if not host.exists(layout.LEDGER):
        raise UserError("hubinstall is not installed here", "Install it first: hubinstall apply")
    return People(host, load(inputs.accepted_text(host)).settings)


def add(arguments: Namespace, host: Host) -> int:
    """Make the account or bring it back. One that can be used stays as it is, and that is no failure."""
    given = first_line() if arguments.password_stdin else ""
    with lock.one_run("user add"), logged(host):
        people = here(host)
        found = people.find(arguments.name)
        unfinished = first_passwords.is_due(host, arguments.name)
        if not unfinished and (words := as_it_is(people, arguments.name, found)):
            say(words)
            return 0
        newcomer = checked(people, arguments, found)
        if given:
            password_flags.check(given, newcomer.name, people.settings.users.password.min_length)
            first_passwords.keep(host, newcomer.name, given)
        password = first_passwords.due(host, newcomer.name)
        if found is None:
            making.make(people, newcomer)
        elif found.removed:
            making.bring_back(people, found, newcomer)
        making.let_in(host, {newcomer.name: password})
        first_passwords.settle(host, newcomer.name)
        print("\n".join(generated(first_passwords.to_print_once(host))) or f"{newcomer.name} can log in now.")
        if found and found.removed:
            say(f"{newcomer.name} is back, with the number {found.uid} and the home {found.home}")
        if (let_in := people.let_in()) is not None and newcomer.name not in let_in:
            say(f"users.allowed does not name {newcomer.name} yet. To allow it: "
                f"hubinstall config add-item users.allowed {newcomer.name} --apply")  # fmt: skip
    return 0


def as_it_is(people: People, name: str, found: Found | None) -> str:
    """What is said of an account that exists and was not removed: nothing was changed. Empty if there is none."""
    if found is None and not find(people.host, [name]):
        return ""
    found = people.person(found.name if found else name)
    if found.removed:
        return ""
    if found.ended:
        return f"{found.ended} Nothing was changed. To unlock it: `usermod --unlock --expiredate '' {found.name}`"
    return f"{name} has an account already, with the number {found.uid}; nothing was changed"


def checked(people: People, arguments: Namespace, found: Found | None) -> making.Newcomer:
    """What is to be made. Raises UserError (exit code 2) for what cannot be."""
    try:
        name = newcomers.parse_name(arguments.name) if found is None else found.name
        if found is None:
            making.check_free(people.host, name)
        full_name = newcomers.parse_full_name(arguments.full_name)
        groups = tuple(making.parse_group(people, group) for group in dict.fromkeys(arguments.group))
    except WrongValueError as error:
        hint = error.hint[:1].upper() + error.hint[1:]
        raise UserError(error.message, f"{hint}. Nothing was changed.", 2) from None
    return making.Newcomer(name, full_name, groups)


def list_(arguments: Namespace, host: Host) -> int:
    found = listed(here(host))
    if arguments.json:
        print(json.dumps({"people": [dataclasses.asdict(one) for one in found]}, indent=1, ensure_ascii=False))
        return 0
    columns = [name for name in COLUMNS if name != "link_until" or any(one.link_until for one in found)]
    titles = [COLUMNS[name] for name in columns]
    rows = [titles, *([str(getattr(one, name)) for name in columns] for one in found)]
    widths = [max(len(row[number]) for row in rows) for number in range(len(titles))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def passwd(arguments: Namespace, host: Host) -> int:
    people = here(host)
    found = people.person(arguments.name)
    if found.ended:  # a new password would unlock it
        back = f"hubinstall user add {found.name}" if found.removed else f"`usermod --unlock {found.name}`"
        raise UserError(found.ended.rstrip("."), f"Nothing was changed. To let {found.name} in again: {back}")
    made_up = first_passwords.generate() if arguments.generate else ""
    password = made_up or (first_line() if arguments.stdin else typed_twice(found.name))
    password_flags.check(password, found.name, people.settings.users.password.min_length)
    with lock.one_run("user passwd"), logged(host):
        host.run(["chpasswd"], input=f"{found.name}:{password}\n")
        invitations.forget(host, found.name)
    if made_up:
        print("\n".join(generated({found.name: made_up})))
    say(f"{found.name} has a new password; what the old one had opened ends within a minute")
    return 0


def remove(arguments: Namespace, host: Host) -> int:
    with lock.one_run("user remove"), logged(host):
        people = here(host)
        found = people.person(arguments.name)
        removal.refuse(people, found, purge=arguments.purge)
        if not found.removed:
            removal.lock(host, found)
        invitations.forget(host, found.name)
        removal.wait_for_end(host, found)
        if arguments.purge:
            trash = removal.purge(people, found)
            say(f"{found.name} is gone, and the number {found.uid} is not given again")
            say(f"The home is in {trash}; delete it when nobody needs it any more" if trash else "No home was moved")
        else:
            say(f"{found.name} is locked, and has no session and no server any more; {found.home} stays")
            say(f"To let {found.name} in again: hubinstall user add {found.name}")
        still = [key for key in ("admin", "allowed") if found.name in getattr(people.settings.users, key)]
        for key in still:
            say(f"users.{key} still names {found.name}: hubinstall config remove-item users.{key} {found.name} --apply")
        for words in host.notices:
            say(words)
    return 0


def archive(arguments: Namespace, host: Host) -> int:
    people = here(host)
    with logged(host):
        path = archiving.archive(host, people.person(arguments.name), arguments.folder)
    print(path)
    for words in host.notices:
        say(words)
    return 0


def import_(arguments: Namespace, host: Host) -> int:
    return user_import.import_(here(host), arguments)


def invite(arguments: Namespace, host: Host) -> int:
    return user_invite.invite(here(host), arguments)


def first_line() -> str:
    """Of standard input, for passwords that a program gives."""
    line = sys.stdin.readline(LONGEST + 2)
    return line.rstrip("\r\n")


def typed_twice(name: str) -> str:
    if not sys.stdin.isatty():
        raise UserError("there is no terminal to type a password at", "Use --stdin or --generate.", 2)
    password = getpass.getpass(f"New password of {name}: ")
    if getpass.getpass("The same again: ") != password:
        raise UserError("the two passwords differ", "Nothing was changed. Try again.", 2)
    return password


VERBS: dict[str, Callable[[Namespace, Host], int]] = {
    "add": add, "invite": invite, "list": list_, "passwd": passwd, "remove": remove, "import": import_,
    "archive": archive,
}  # fmt: skip
