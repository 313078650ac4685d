"""Make people's accounts as those of administrators are made: for the hub alone, with a private home."""

from dataclasses import dataclass

from hubinstall import layout
from hubinstall.machine.accounts import groups
from hubinstall.machine.host import Host
from hubinstall.machine.host_logins import note_made
from hubinstall.people.directory import Found, People
from hubinstall.resources.accounts.account import NOLOGIN, SHELL, manage
from hubinstall.settings.values.words import wrong

AT_ONCE = ("chpasswd", "--crypt-method")
"""Writes the file once: without a method, chpasswd(8) asks PAM for one person after the other, which writes it each
time. One that does not know the method changes nothing, and then PAM is asked.
"""
USERS = 100
"""The number of `users`, the one group of Debian's own that is for people (base-passwd's users-and-groups)."""


@dataclass(frozen=True)
class Newcomer:
    """Somebody who is to get an account."""

    name: str
    full_name: str = ""
    groups: tuple[str, ...] = ()


def parse_group(people: People, name: str) -> str:
    """A group that people may be put into. Raises WrongValueError."""
    row = groups(people.host).get(name)
    if row is None:
        raise wrong(f"there is no group {name!r}", f"try another one, or make it first: groupadd {name}")
    if name in {*layout.STRONG_GROUPS, *layout.SUDO_GROUPS} or (int(row[2]) < people.least and int(row[2]) != USERS):
        raise wrong(
            f"{name} is a group of the system: its members may do more here than people of the hub",
            f"try a group of people; for somebody who shall be in it: `usermod --append --groups {name} ACCOUNT`",
        )
    return name


def check_free(host: Host, name: str) -> None:
    """Raise WrongValueError if an account of that name would get what belongs to others: a group, or a home."""
    if name in groups(host):
        raise wrong(f"there is a group {name} already", f"try another name, or remove it first: groupdel {name}")
    home = home_of(host, name)
    if (there := host.stat(home)) is not None:
        raise wrong(
            f"{home} exists already, and belongs to {there.owner}",
            f"try another name, or move it away first: mv {home} {home}.old",
        )


def home_of(host: Host, name: str) -> str:
    """Where useradd(8) makes the home: its own file of defaults may name another folder than /home."""
    lines = host.text("/etc/default/useradd").splitlines()
    folder = next((line.partition("=")[2].strip() for line in lines if line.startswith("HOME=")), "")
    return f"{folder or layout.HOMES}/{name}"


def make(people: People, newcomer: Newcomer) -> None:
    """An account that nobody can log in with yet; its home is made from /etc/skel."""
    host, closed = people.host, not people.settings.users.shell
    closing = [layout.NO_LOGIN_GROUP] if closed and layout.NO_LOGIN_GROUP in groups(host) else []
    options = ["--key", f"UID_MIN={max(people.least, people.uids[0])}", "--create-home", "--key", "HOME_MODE=0700"]
    options += ["--groups", ",".join([*closing, *newcomer.groups])] if closing or newcomer.groups else []
    options += ["--comment", newcomer.full_name] if newcomer.full_name else []
    manage(host, "useradd", *options, "--user-group", "--shell", NOLOGIN if closed else SHELL, newcomer.name)


def bring_back(people: People, found: Found, newcomer: Newcomer) -> None:
    """Prepare an account that was removed: it has its number and its home still, and needs a new password."""
    options = ["--append", "--groups", ",".join(newcomer.groups)] if newcomer.groups else []
    options += ["--comment", newcomer.full_name] if newcomer.full_name else []
    manage(people.host, "usermod", *options, "--expiredate", "", found.name)
    if not people.host.exists(found.home):
        people.host.run(["mkhomedir_helper", found.name, "0077"])


def let_in(host: Host, passwords: dict[str, str]) -> None:
    """Set the passwords, of all at once; this unlocks, too. It is the last step: now they can log in.

    These accounts are known to be ours from now on, so that users.shell opens and closes them.
    """
    note_made(host, passwords)
    lines = "".join(f"{name}:{password}\n" for name, password in passwords.items())
    if len(passwords) == 1 or host.run([*AT_ONCE, method(host)], input=lines, check=False).returncode:
        host.run(["chpasswd"], input=lines)


def method(host: Host) -> str:
    """How the machine's PAM hashes passwords (pam_unix(8)), for programs that do it themselves."""
    words = host.text("/etc/pam.d/common-password").split()
    return "YESCRYPT" if "yescrypt" in words else "SHA512"
