"""Give people one-time links, with which they set a password themselves: a first one, or a new one."""

import time
from collections.abc import Mapping, Sequence

from hubinstall import layout
from hubinstall.accounts_helper import links, shadow
from hubinstall.accounts_helper.links import Link
from hubinstall.errors import UserError
from hubinstall.machine.host import Host
from hubinstall.machine.host_logins import administrators, members, note_made
from hubinstall.people.directory import Found, People
from hubinstall.resources.accounts.account import manage

PAGE = "hub/first-password"


def refuse(people: People, found: Found | None) -> None:
    """Raise UserError if no link may set this account's password, as the accounts helper would refuse it
    (accounts_helper/by_link.py). `found`: None for an account that is to be made.
    """
    if people.settings.auth.type != "pam":
        raise UserError(
            f"people do not log in with passwords of this machine here (auth.type: {people.settings.auth.type})",
            "They need no link: they log in at the provider.",
        )
    if found is None:
        return
    if found.ended and not found.removed:
        raise UserError(
            found.ended.rstrip("."),
            f"Nothing was changed. To let {found.name} in again: `usermod --unlock --expiredate '' {found.name}`",
        )
    strong = {one for group in layout.STRONG_GROUPS for one in members(people.host, group)}
    if found.name in administrators(people.host) | strong:
        raise UserError(
            f"{found.name} administers this machine itself, and gets no link: who sees it could become root",
            f"Set a password instead: hubinstall user passwd {found.name}",
        )


def prepare(host: Host, found: Found) -> None:
    """An account that was removed and came back (making.bring_back) has no password until its link is used."""
    manage(host, "usermod", "--password", "!", found.name)


def has_no_password(host: Host, name: str) -> bool:
    """Whether the account has none yet."""
    return _line(host, name)[1:2] in (["!"], ["!!"], ["*"])


def generate() -> str:
    """What is secret in a link."""
    return links.generate()


def give(host: Host, tokens: Mapping[str, str], days: int) -> None:
    """From now on these people have these links: account → what is secret in it. Earlier ones of theirs end."""
    folder = host.path(layout.LINKS)
    if not folder.is_dir():
        host.mkdir(layout.LINKS, mode="0700")
    until = int(time.time()) + days * links.DAY
    note_made(host, [name for name in tokens if has_no_password(host, name)])
    for name, token in tokens.items():
        uid = next(int(row.split(":")[2]) for row in _rows(host, "/etc/passwd", name))
        links.keep(folder, token, Link(name, uid, _entry(host, name).fingerprint, until))


def unused(host: Host, everyone: Sequence[Found]) -> dict[str, int]:
    """Account → until when its link is good, in seconds since 1970; without those whose password is another one since
    (accounts_helper/by_link.py refuses them), and accounts that have ended.
    """
    pending = links.pending(host.path(layout.LINKS))
    good = [one for one in everyone if one.name in pending and not one.ended]
    return {
        one.name: pending[one.name].until
        for one in good
        if (one.uid, _entry(host, one.name).fingerprint) == (pending[one.name].uid, pending[one.name].fingerprint)
    }


def forget(host: Host, name: str) -> None:
    """A link of this person, if there is one, ends."""
    links.forget(host.path(layout.LINKS), name)


def addresses(hub: str, tokens: Mapping[str, str]) -> dict[str, str]:
    """Account → the whole link. `hub`: the hub's URL."""
    return {name: f"{hub}{PAGE}?token={token}" for name, token in tokens.items()}


def last_day(days: int) -> str:
    return f"{in_words(time.time() + days * links.DAY)} UTC"


def in_words(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(moment))


def _entry(host: Host, name: str) -> shadow.Entry:
    key = host.text(layout.ACCOUNTS_KEY).strip().encode()
    return shadow.parsed(":".join(_line(host, name)), key, int(time.time() // shadow.DAY))


def _line(host: Host, name: str) -> list[str]:
    return next((row.split(":") for row in _rows(host, shadow.FILE, name)), [])


def _rows(host: Host, path: str, name: str) -> Sequence[str]:
    return [row for row in host.text(path).splitlines() if row.startswith(f"{name}:")]
