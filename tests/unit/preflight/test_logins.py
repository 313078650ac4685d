"""What locks everybody out, or every administrator, is said; what only might is not."""

import json

import pytest

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.preflight import logins, names
from hubinstall.settings.model import Settings

UIDS = (1000, 60000)
HASH = "$y$j9T$salt$hash"


@pytest.fixture
def host(tmp_path) -> FakeHost:
    """People alice and Bob have passwords, carol none, dora is locked, erik has expired, postgres is no person."""
    host = FakeHost(tmp_path)
    people = {"alice": HASH, "Bob": HASH, "carol": "!", "dora": f"!{HASH}", "erik": HASH}
    rows = [f"{name}:x:{1000 + n}:{2000 + n}::/home/{name}:/bin/bash" for n, name in enumerate(people)]
    host.put("/etc/passwd", "\n".join(["root:x:0:0::/root:/bin/bash", "postgres:x:110:110::/x:/bin/sh", *rows, ""]))
    host.put("/etc/group", "course:x:3000:alice,carol\nerik:x:2004:\nempty:x:3001:\n")
    shadow = [f"{name}:{word}:20000:0:99999:7::{'1' if name == 'erik' else ''}:" for name, word in people.items()]
    host.put("/etc/shadow", "\n".join(["root:*:1::::::", *shadow, ""]))
    return host


def said(host: FakeHost, **users: object) -> list[tuple[str, str]]:
    found = list(logins.warnings(host, Settings.model_validate({"users": users}), *UIDS))
    assert all(hint.startswith("try ") if at else hint.endswith((".", "NAME")) for at, _, hint in found)
    return [(".".join(map(str, at)), message) for at, message, _ in found]


def only_these(**users: object) -> dict[str, object]:
    return {"allow_all": False, **users}


@pytest.mark.parametrize(
    "users",
    [
        {},
        {"admin": ["alice", "carol"]},
        {"admin": ["zoe"]},
        {"banned": ["alice"]},
        only_these(allowed=["Bob"]),
        only_these(allowed=["ghost", "alice"], banned=["Bob"]),
        only_these(allowed_groups=["course"]),
        only_these(admin_groups=["empty", "course"]),
        only_these(admin=["alice"], banned=["Bob"]),
    ],
)
def test_where_somebody_could_log_in_nothing_is_said(host, users):
    assert said(host, **users) == []


@pytest.mark.parametrize(
    ("users", "at", "words"),
    [
        (only_these(), "users.allow_all", "no list names anybody"),
        (only_these(allowed=["ghost"]), "users.allowed", "there is no account ghost"),
        (only_these(allowed=["carol"]), "users.allowed", "carol has no password"),
        (only_these(admin=["dora"]), "users.allow_all", "dora is locked"),
        (only_these(allowed_groups=["erik"]), "users.allow_all", "erik has expired"),
        (only_these(allowed_groups=["empty", "none"]), "users.allow_all", "no list names anybody"),
        (only_these(admin=["postgres"]), "users.allow_all", "postgres is a system account"),
        (
            only_these(allowed=["ghost", "Bob"], banned=["Bob"]),
            "users.allowed",
            "Bob is banned, there is no account ghost",
        ),
    ],
)
def test_that_nobody_could_log_in_is_said_with_its_place_and_the_reason(host, users, at, words):
    assert said(host, **users) == [(at, f"nobody could log in: {words}")]


def test_where_everyone_may_the_machine_is_what_keeps_them_out(host):
    ban = {"banned": ["alice", "Bob"]}
    reasons = "Bob is banned, alice is banned, carol has no password, dora is locked, erik has expired"
    assert said(host, **ban) == [("", f"nobody could log in to the hub: {reasons}")]
    host.put("/etc/passwd", "root:x:0:0::/root:/bin/bash\n")
    assert said(host) == [("", "nobody could log in to the hub: no person has an account on this machine")]
    assert said(host, admin=["ada"]) == [], "she is created"


def test_that_no_administrator_could_log_in_is_said_too(host):
    assert said(host, admin=["dora", "carol"]) == [
        ("users.admin", "no administrator could log in: carol has no password, dora is locked")
    ]
    assert said(host, admin_groups=["erik"]) == [
        ("users.admin_groups", "no administrator could log in: erik has expired")
    ]


def test_what_cannot_be_listed_is_no_reason(host):
    host.put("/etc/nsswitch.conf", "passwd: files sss\n")
    host.answers["getent passwd"] = ""
    host.answers["getent group"] = ""
    assert said(host, banned=["alice", "Bob"]) == [], "the directory's people may"
    assert said(host, **only_these(allowed_groups=["physics"])) == []
    assert len(said(host, **only_these(allowed=["ghost"]))) == 1


def test_where_a_drop_in_decides_nothing_is_said(host):
    host.put(layout.DROPIN_REPORT, json.dumps({"authenticator": "LDAPAuthenticator", "files": {}, "warnings": []}))
    assert said(host, **only_these()) == []


def test_a_providers_people_need_no_account_here(host):
    oidc = {"issuer": "https://x.org", "client_id": "hub", "client_secret_file": "/etc/secret"}
    users = {"admin": ["ada@x.org"], "allowed": ["ghost"], "banned": ["carol@x.org"], "allowed_groups": ["none"]}
    settings = Settings.model_validate({"auth": {"type": "oidc", "oidc": oidc}, "users": users})
    assert list(logins.warnings(host, settings, *UIDS)) == []
    assert [at for at, *_ in names.warnings(host, settings, UIDS[0])] == [("users", "allowed_groups", 0)]


def test_a_name_without_an_account_is_said_with_a_person_who_has_one_like_it(host):
    users = {"allow_all": False, "allowed": ["Alcie"], "banned": ["postgress"], "admin_groups": ["cuorse", "staff"]}
    found = list(names.warnings(host, Settings.model_validate({"users": users}), UIDS[0]))
    assert [(at[1:], hint.partition(" as ")[0]) for at, _, hint in found] == [
        (("allowed", 0), "did you mean alice?"),
        (("banned", 0), "try the name"),
        (("admin_groups", 0), "did you mean course?"),
        (("admin_groups", 1), "try the name"),
    ]
    assert found[1][1] == "there is no account postgress on this machine, so that it bans nobody"
    assert found[3][1] == "there is no group staff on this machine, so that it makes nobody an administrator"
