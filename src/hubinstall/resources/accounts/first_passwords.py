"""First passwords of the accounts that are created for administrators: kept with mode 0600 until set, or shown once.

They are never in config.yaml, the ledger, the log or a command line.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from hubinstall import layout
from hubinstall.machine.accounts import find
from hubinstall.machine.host import Host
from hubinstall.machine.records import record

# Without characters that are easily confused (0 O, 1 l I).
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class First:
    """One first password. `told`: its owner knows it, because it was given and not generated. `due`: not set yet."""

    password: str
    told: bool
    due: bool


def stage(host: Host, given: Mapping[str, str]) -> None:
    """Keep the passwords of accounts that do not exist yet; an existing account's password is never changed."""
    there = find(host, given)
    new = {name: First(password=password, told=True, due=True) for name, password in given.items() if name not in there}
    for name in sorted(given.keys() & there.keys()):
        host.notice(f"the account {name} exists already: its password was not changed")
    if new:
        for folder in (layout.STATE, layout.SECRETS):
            if not host.exists(folder):
                host.mkdir(folder, mode="0711")
        _write(host, _read(host) | new)


def keep(host: Host, name: str, password: str) -> None:
    """Keep a password that is to be set, instead of what was kept before; its owner knows it."""
    _write(host, _read(host) | {name: First(password=password, told=True, due=True)})


def is_due(host: Host, name: str) -> bool:
    """Whether the account was created but its first password was not set: a run was killed in between."""
    return bool((first := _read(host).get(name)) and first.due)


def due(host: Host, name: str) -> str:
    """The password to set: the given one, or a generated one that is kept until it was shown."""
    kept = _read(host)
    if name not in kept or not kept[name].due:
        kept[name] = First(password=generate(), told=False, due=True)
        _write(host, kept)
    return kept[name].password


def settle(host: Host, name: str) -> None:
    """Called when it is set. A given password is deleted at once."""
    kept = _read(host)
    if kept[name].told:
        del kept[name]
    else:
        kept[name] = replace(kept[name], due=False)
    _write(host, kept)


def to_print_once(host: Host) -> dict[str, str]:
    """The generated passwords that nobody has seen; this deletes them, so only the caller has them now."""
    kept = _read(host)
    told = {name: first.password for name, first in kept.items() if not first.told and not first.due}
    if told:
        _write(host, {name: first for name, first in kept.items() if name not in told})
    return told


def generate() -> str:
    """Four groups of four: 80 bits, easy to type."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def _read(host: Host) -> dict[str, First]:
    hint = (
        "It holds generated passwords until they are shown. Move it away and run it again; then set a new password for "
        "each account whose first password was not shown yet: `passwd NAME`."
    )
    return record(host, layout.INITIAL_PASSWORDS, dict[str, First], hint) or {}


def _write(host: Host, kept: dict[str, First]) -> None:
    if kept:
        content = json.dumps({name: asdict(first) for name, first in kept.items()})
        host.write(layout.INITIAL_PASSWORDS, content.encode(), mode="0600")
    else:
        host.remove(layout.INITIAL_PASSWORDS)
