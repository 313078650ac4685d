"""First passwords of the accounts that are made for administrators: kept 0600 until they were set, or told once.

Never in config.yaml, the ledger, the log or a command line.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from hubinstall import layout
from hubinstall.machine.host import Host
from hubinstall.machine.records import record

# Without what is easily taken for something else (0 O, 1 l I).
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class First:
    """One first password; `told`: it was made here, and its owner has not seen it yet. `due`: it is not set yet."""

    password: str
    told: bool
    due: bool


def stage(host: Host, given: Mapping[str, str]) -> None:
    """Keep the passwords of accounts that are not there yet; that of an existing account is never changed."""
    there = {line.partition(":")[0] for line in host.text("/etc/passwd").splitlines()}
    new = {name: First(password=password, told=True, due=True) for name, password in given.items() if name not in there}
    for name in sorted(given.keys() & there):
        host.notice(f"the account {name} is there already: its password stays as it is")
    if new:
        for folder in (layout.STATE, layout.SECRETS):
            if not host.exists(folder):
                host.mkdir(folder, mode="0711")
        _write(host, _read(host) | new)


def is_due(host: Host, name: str) -> bool:
    """Whether the account was made, and its first password not set: a run was killed in between."""
    return bool((first := _read(host).get(name)) and first.due)


def due(host: Host, name: str) -> str:
    """The password to set: the one that was given, or a new one that is kept until it was told."""
    kept = _read(host)
    if name not in kept or not kept[name].due:
        kept[name] = First(password=generate(), told=False, due=True)
        _write(host, kept)
    return kept[name].password


def settle(host: Host, name: str) -> None:
    """It is set. What was given is forgotten at once."""
    kept = _read(host)
    if kept[name].told:
        del kept[name]
    else:
        kept[name] = replace(kept[name], due=False)
    _write(host, kept)


def to_print_once(host: Host) -> dict[str, str]:
    """The passwords that were made here and nobody has seen; after this they are nowhere but in the answer."""
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
        "It keeps the passwords that were made here until they are shown. Move it away, run again, and give new ones "
        "to those whose first password was not shown yet: `passwd NAME`."
    )
    return record(host, layout.INITIAL_PASSWORDS, dict[str, First], hint) or {}


def _write(host: Host, kept: dict[str, First]) -> None:
    if kept:
        content = json.dumps({name: asdict(first) for name, first in kept.items()})
        host.write(layout.INITIAL_PASSWORDS, content.encode(), mode="0600")
    else:
        host.remove(layout.INITIAL_PASSWORDS)
