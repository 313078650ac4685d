"""What the program's own texts tell people to set or to type exists: keys, values, verbs, flags, services."""

import pytest

import hints
from checkout_path import CHECKOUT
from hints import GAP

PACKAGE = CHECKOUT / "src/hubinstall"
SOURCES = [
    CHECKOUT / "installer/bootstrap.py",
    *(path for path in sorted(PACKAGE.rglob("*.py")) if "data" not in path.relative_to(PACKAGE).parts),
]
TEXTS = [(path, line, text) for path in SOURCES for line, text in hints.texts(path.read_text(encoding="utf-8"))]
MESSAGES = [(path, line, text) for path, line, text in TEXTS if " " in text]
WRITTEN = [
    path
    for folder in ("templates", "systemd", "nginx")
    for path in sorted((CHECKOUT / folder).rglob("*"))
    if path.is_file()
    and not any(path.is_relative_to(CHECKOUT / "templates" / folder) for folder in ("image", "command"))
]
"""What is written onto machines, with comments and pages that people read; the image has none of ours, and what is in
templates/command is generated from the parser.
"""


def test_what_messages_name_exists() -> None:
    found = [
        f"{path.relative_to(CHECKOUT)}:{line}: {fault}"
        for path, line, text in MESSAGES
        for fault in hints.faults(text, relative=path.is_relative_to(PACKAGE / "settings"))
    ]
    assert found == []


def test_other_strings_that_begin_as_a_key_are_one() -> None:
    """Such as the keys that flags are written to."""
    named = [name for _, _, text in TEXTS if " " not in text for name in hints.keys(text, message=False)]
    assert "https.letsencrypt.email" in named
    assert [name for name in named if not hints.is_key(name)] == []


def test_what_is_written_onto_machines_names_what_exists() -> None:
    told = [path.read_text(encoding="utf-8") for path in WRITTEN]
    named = [name for text in told for name in hints.keys(text, message=False)]
    typed = [command for text in told for command in hints.commands(text)]
    assert "network.allow" in named
    assert "hubinstall status" in typed
    assert [name for name in named if not hints.is_key(name)] == []
    assert [command for command in typed if not hints.is_command(command)] == []


def test_keys_and_commands_are_found() -> None:
    """Lest nothing is wrong because nothing is seen."""
    named = {(path.stem, key) for path, _, text in MESSAGES for key in hints.keys(text)}
    typed = {(path.stem, command) for path, _, text in MESSAGES for command in hints.commands(text)}
    assert len(named) >= 18
    assert len(typed) >= 30
    assert named >= {("pulled_image", "environment.image"), ("network", "network.subnet"), ("model", "https.mode")}
    assert typed >= {
        ("welcome", "hubinstall config add-item users.admin NAME --apply"),
        ("edit", f"hubinstall config set {GAP} VALUE"),
        ("supervisor", "hubinstall logs supervisord"),
        ("apply", "hubinstall uninstall --yes"),
    }


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ('f"can this machine reach {registry} (network.proxies)?"', "network.proxies"),
        ('"Set networks.subnet to a free one."', "networks.subnet"),
        ('"Set proxy to the address of yours."', "proxy"),
        ('"a new base_uri needs a restart"', "base_uri"),
        ('"try another `domains`"', "domains"),
        ('"try `mode`"', "mode"),
        ('"try https.mode: of"', "https.mode: of"),
        ('"try users.allow_all: no (only those named)"', "users.allow_all: no"),
        ('"Let nginx do it: set https.mode on, and run again."', "https.mode: on"),
        ('"https.mode is automatic: fine"', "https.mode: automatic"),
        ('"Set a key, such as limits.memory much."', "limits.memory: much."),
        ('"try `users: {administrators: [alice]}`"', "users: {administrators: [alice]}"),
        ('f"try adding https.tls.{missing}.file"', f"https.tls.{GAP}.file"),
        ('"Run `hubinstall aply`."', "hubinstall aply"),
        ('"Install it: hubinstall install"', "hubinstall install"),
        ('"Run hubinstall apply to go on."', "hubinstall apply to go on"),
        ('f"See: hubinstall log {service}"', f"hubinstall log {GAP}"),
        ('"See: hubinstall logs jupiterhub; then run again"', "hubinstall logs jupiterhub"),
        ('"Run `hubinstall apply --force`."', "hubinstall apply --force"),
        ('"with --forced it does"', "--forced"),
        ('"Run: hubinstall config set limits.ram 2G"', "hubinstall config set limits.ram 2G"),
        ('"Run: hubinstall config set limits.memory much"', "hubinstall config set limits.memory much"),
        ('"Run: hubinstall config add-item users.admins NAME"', "hubinstall config add-item users.admins NAME"),
    ],
)
def test_a_wrong_hint_is_found(source: str, fault: str) -> None:
    [(_, text)] = hints.texts(f"hint = {source}\n")
    assert fault in hints.faults(text)


@pytest.mark.parametrize(
    "text",
    [
        "Set network.subnet to a free one, or environment.image to another.",
        "try `https.mode: off`, or users.allow_all: false",
        "Run: hubinstall config set limits.memory 2G --apply (as root).",
        'Keys look like limits.memory or shares."a.b".access.',
        f"See: hubinstall logs {GAP}; then: hubinstall start jupyterhub",
        "`systemctl disable --now jupyterhub` stops it",
        "hubinstall is gone; /etc/hubinstall/config.yaml stays",
    ],
)
def test_a_right_hint_is_none(text: str) -> None:
    assert hints.faults(text) == []
