"""Groups, accounts, people and their shares."""

import json

from contract.case import Break, Case, Ends, PutBack, runs
from hubinstall import layout
from hubinstall.machine import access_lists
from hubinstall.machine.accounts import accounts, groups, people
from hubinstall.machine.host import Host
from hubinstall.machine.host_logins import has_sshd
from hubinstall.resources.accounts.account import Account, Group, Person
from hubinstall.resources.accounts.group_members import GroupMembers
from hubinstall.resources.accounts.host_logins import NoHostLogins, SshdDropIn
from hubinstall.resources.accounts.room import Room, is_expired
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


def no_host_logins() -> Case:
    """Of an account that the ledger says hubinstall made."""
    group = "contract-closed"

    def made(host: Host) -> None:
        if PERSON not in accounts(host):
            host.run(["useradd", "--create-home", "--user-group", "--shell", "/bin/bash", PERSON])
        ledger = json.loads(host.text(layout.LEDGER) or '{"version": 1, "installed": true, "resources": {}}')
        ledger["resources"][f"person:{PERSON}"] = {"kind": "person", "adopted": False, "fields": {"name": PERSON}}
        host.write(layout.LEDGER, json.dumps(ledger).encode(), mode="0600")

    return Case(
        NoHostLogins(group, people=(PERSON,)),
        (
            Break("group", runs("groupdel", group), also=("open", "closed in error"), why="nobody is in no group"),
            Break("open", runs("usermod", "--shell", "/bin/bash", PERSON)),
            Break("closed in error", runs("usermod", "--append", "--groups", group, "root")),
        ),
        lambda host: group in groups(host),
        before=made,
        put_back=PutBack(made, lambda host: accounts(host)[PERSON][6]),
    )


def sshd_drop_in() -> Case:
    wish = SshdDropIn(f"{layout.SSHD_DROPINS}/contract.conf", "DenyGroups contract-closed\n")

    def sshd(host: Host) -> None:
        if not has_sshd(host):
            host.run(["apt-get", "install", "--yes", "--quiet", "openssh-server"], check=False)

    return Case(
        wish,
        (Break("content", lambda host: host.write(wish.name, b"DenyGroups nobody\n")),),
        lambda host: host.exists(wish.name),
        before=sshd,
    )


def group_members() -> Case:
    """Somebody who was put into it by hand is taken out."""

    def there(host: Host) -> None:
        if PERSON not in accounts(host):
            host.run(["useradd", "--create-home", "--user-group", "--shell", "/bin/bash", PERSON])

    return Case(
        GroupMembers("contract-teachers", (PERSON,)),
        (Break("members", runs("gpasswd", "--members", "nobody", "contract-teachers")),),
        lambda host: "contract-teachers" in groups(host),
        before=there,
        stays="files carry its number",
    )


def room() -> Case:
    """Its account stays, expired, with what is in the home."""
    name = f"{layout.ROOM_PREFIX}contract"

    def closed(host: Host) -> None:
        if layout.NO_LOGIN_GROUP not in groups(host):
            host.run(["groupadd", "--system", layout.NO_LOGIN_GROUP])

    return Case(
        Room(name, "contract-team"),
        (
            Break("in", runs("gpasswd", "--delete", name, "contract-team")),
            Break("shell", runs("usermod", "--shell", "/bin/bash", name)),
        ),
        lambda host: name in accounts(host) and not is_expired(host, name),
        before=closed,
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
            Break("new files", lambda host: host.new_files(wish.folder, access_lists.of_new_files(5, 5))),
            Break("skel", lambda host: host.link(wish.skel, "/elsewhere")),
            Break("homes without link", lambda host: host.remove(links(host)[0])),
        ),
        lambda host: any(host.exists(path) for path in (wish.skel, *links(host))),
        put_back=PutBack(lesson, lambda host: host.text(f"{wish.folder}/lesson")),
    )
