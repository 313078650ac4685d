"""What may not stand in any file of the repository."""

import re

from checkout_path import CHECKOUT
from harness import checkout

# Put together here, so that this file does not name them either.
REGISTRIES = [
    f"{host}.{top}"
    for top, hosts in {
        "org": ("pypi", "pythonhosted", "npmjs", "deb.debian", "security.debian"),
        "com": ("npmjs", "archive.ubuntu"),
    }.items()
    for host in hosts
]
OWN_MACHINE = re.compile(r"(?<![\w.])/(wo" r"rk|opt/wh" r"eels)/\w")


def texts() -> dict[str, str]:
    names = (name for name in checkout.files() if not (CHECKOUT / name).is_symlink())
    return {name: (CHECKOUT / name).read_bytes().decode(errors="replace") for name in names}


def test_no_registry_is_named() -> None:
    """Which mirror serves is the business of the machine's administrator."""
    assert [(name, host) for name, text in texts().items() for host in REGISTRIES if host in text] == []


def test_no_developers_machine_is_named() -> None:
    assert [(name, found[0]) for name, text in texts().items() if (found := OWN_MACHINE.search(text))] == []


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
    code = {name: text for name, text in texts().items() if name.endswith((".py", ".sh", ".cfg", ".toml", ".j2"))}
    assert [(name, found[0]) for name, text in code.items() if (found := later.search(text))] == []


def test_locks_carry_hashes_and_no_addresses() -> None:
    locks = {name: text for name, text in texts().items() if re.search(r"(locks/[^/]+|requirements)\.txt$", name)}
    assert len(locks) >= 5
    for name, text in locks.items():
        assert "://" not in text, name
        entries = re.split(r"\n(?=\S)", text.strip())
        assert [entry for entry in entries if "--hash=sha256:" not in entry] == [], name
    assert '"resolved"' not in texts()["src/hubinstall/locks/proxy/package-lock.json"]
