"""Groups, accounts, people and their shares."""

import json

from contract.case import Break, Case, Ends, PutBack, runs
from hubinstall import layout
from hubinstall.machine.accounts import accounts, groups, people
from hubinstall.machine.host import Host
from hubinstall.resources.accounts.account import Account, Group, Person
from hubinstall.resources.accounts.share import Share

SERVICE, PERSON, TEAM = "contract-service", "contract-person", "contract-team"
PEOPLE = (1000, 60000)
FREE_UID = {"person": "4999", "system": "489"}


def group() -> Case:
    return Case(
        Group(TEAM),
        (Break("present", runs("groupdel", TEAM)),),
        lambda host: TEAM in groups(host),
        stays="files carry its number",
    )


def account() -> Case:
    refused = Break(
        "system", runs("usermod", "--uid", FREE_UID["person"], SERVICE), why="a person of a service's name is a person",
        ends=Ends.REFUSED, taken_back=runs("usermod", "--uid", FREE_UID["system"], SERVICE),
    )  # fmt: skip
    return Case(
        Account(SERVICE, groups=("shadow", "www-data")),
        (
            Break("group", runs("usermod", "--gid", "www-data", SERVICE)),
            Break("home", runs("usermod", "--home", "/elsewhere", SERVICE)),
            Break("shell", runs("usermod", "--shell", "/bin/bash", SERVICE)),
            Break("groups", runs("gpasswd", "--delete", SERVICE, "shadow")),
            refused,
        ),
        lambda host: SERVICE in accounts(host) or SERVICE in groups(host),
    )


def person() -> Case:
    def due(host: Host) -> None:
        first = {PERSON: {"password": "contract-1762", "told": False, "due": True}}
        host.write(layout.INITIAL_PASSWORDS, json.dumps(first).encode(), mode="0600")

    return Case(
        Person(PERSON),
        (
            Break("first password", due),
            Break("present", runs("userdel", PERSON), also=("first password",), why="nobody has no password"),
        ),
        lambda host: PERSON in accounts(host),
        stays="the account and its home are the person's",
    )


def share() -> Case:
    wish = Share("contract", group=TEAM, uid_min=PEOPLE[0], uid_max=PEOPLE[1])

    def links(host: Host) -> list[str]:
        return [f"{person.home}/{wish.name}" for person in people(host, *PEOPLE)]

    def lesson(host: Host) -> None:
        host.mkdir(wish.folder)
        host.write(f"{wish.folder}/lesson", b"people's own\n")

    return Case(
        wish,
        (
            Break("folder", lambda host: host.mkdir(wish.folder, mode="0755", group=TEAM)),
            Break("skel", lambda host: host.link(wish.skel, "/elsewhere")),
            Break("homes without link", lambda host: host.remove(links(host)[0])),
        ),
        lambda host: any(host.exists(path) for path in (wish.skel, *links(host))),
        put_back=PutBack(lesson, lambda host: host.text(f"{wish.folder}/lesson")),
    )
