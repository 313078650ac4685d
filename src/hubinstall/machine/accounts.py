"""Accounts and groups of this machine, as passwd(5) and group(5) list them."""

from dataclasses import dataclass

from hubinstall.machine.host import Host


def accounts(host: Host) -> dict[str, list[str]]:
    """The rows of passwd(5) by name."""
    return host.once("accounts", lambda: _rows(host, "/etc/passwd", 7))


def groups(host: Host) -> dict[str, list[str]]:
    """The rows of group(5) by name."""
    return host.once("groups", lambda: _rows(host, "/etc/group", 4))


def _rows(host: Host, path: str, fields: int) -> dict[str, list[str]]:
    rows = (line.split(":") for line in host.text(path).splitlines())
    return {row[0]: row for row in rows if len(row) == fields}


def in_directory(host: Host, name: str) -> bool:
    """Whether a directory service (LDAP, SSSD) has the account; asked only if the host uses one."""
    sources = next((li for li in host.text("/etc/nsswitch.conf").splitlines() if li.startswith("passwd:")), "")
    if not set(sources.split()[1:]) - {"files", "systemd", "compat"}:
        return False
    return host.query(["getent", "passwd", name], check=False).returncode == 0


@dataclass(frozen=True)
class Person:
    """A person's account: its UID is between UID_MIN and UID_MAX, and it owns its home."""

    name: str
    uid: int
    gid: int
    home: str


def people(host: Host, uid_min: int, uid_max: int) -> list[Person]:
    """The people of this machine, from /etc/passwd."""
    rows = [line.split(":") for line in host.text("/etc/passwd").splitlines() if line.count(":") == 6]
    found = [Person(row[0], int(row[2]), int(row[3]), row[5]) for row in rows]
    return [
        p for p in found
        if uid_min <= p.uid <= uid_max and (s := host.stat(p.home)) and s.kind == "dir" and s.owner == p.name
    ]  # fmt: skip
