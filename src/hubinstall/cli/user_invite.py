"""`hubinstall user invite NAME…`: one-time links instead of passwords that somebody made up."""

import time
from argparse import Namespace

from hubinstall.blueprint import urls
from hubinstall.cli import user_import
from hubinstall.cli.session import logged
from hubinstall.errors import UserError
from hubinstall.installation import lock
from hubinstall.machine.accounts import find
from hubinstall.machine.facts import gather
from hubinstall.people import invitations, making, newcomers, sheet
from hubinstall.people.directory import Found, People
from hubinstall.people.making import Newcomer
from hubinstall.report.words import say
from hubinstall.settings.values.words import WrongValueError


def invite(people: People, arguments: Namespace) -> int:
    """Check all names first; then make the accounts that do not exist, and print a link for each."""
    host, days = people.host, arguments.days
    if arguments.sheet_folder:
        user_import.check_folder(host, arguments.sheet_folder)
    with lock.one_run("user invite"), logged(host):
        found = {name: checked(people, name) for name in dict.fromkeys(arguments.names)}
        hub = urls.urls(people.settings, gather(host, people.settings.process_manager))[0]
        for name, there in found.items():
            if there is None:
                making.make(people, Newcomer(name))
            elif there.removed:
                making.bring_back(people, there, Newcomer(name))
                invitations.prepare(host, there)
        tokens = {name: invitations.generate() for name in found}
        invitations.give(host, tokens, days)
        addresses = invitations.addresses(hub, tokens)
        for name, link in addresses.items():
            print(f"  {name}: {link}")
        if arguments.sheet_folder:
            full_names = {one.name: one.full_name for one in people.all()}
            lines = [sheet.Line(name, link=link, full_name=full_names[name]) for name, link in addresses.items()]
            stem = f"{arguments.sheet_folder}/{time.strftime('%Y-%m-%d-%H%M%S')}-links"
            sheet.write(host, stem, lines, hub, invitations.last_day(days))
            say(f"The links are in {stem}.csv, and to print and to cut, with QR codes, in {stem}.html")
    say(f"Each link sets a password once, until {invitations.last_day(days)}; it is shown only now")
    if (let_in := people.let_in()) is not None and (left_out := [name for name in found if name not in let_in]):
        say(f"users.allowed does not name {', '.join(left_out)} yet. To allow one: "
            f"hubinstall config add-item users.allowed {left_out[0]} --apply")  # fmt: skip
    return 0


def checked(people: People, name: str) -> Found | None:
    """The account; None if it is to be made. Raises UserError for who can have no link, and before anything changes."""
    found = people.find(name)
    if found is not None or find(people.host, [name]):
        found = people.person(name)
    else:
        try:
            making.check_free(people.host, newcomers.parse_name(name))
        except WrongValueError as error:
            hint = error.hint[:1].upper() + error.hint[1:]
            raise UserError(error.message, f"{hint}. Nothing was changed.", 2) from None
    invitations.refuse(people, found)
    return found
