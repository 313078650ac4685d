"""Accounts by themselves: people of a sign-on from elsewhere, who have none before they come."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness import inside, installed, openid
from harness.machine import Machine
from harness.nspawn import ProcessManager
from harness.openid import OpenIdProvider
from harness.waiting import LONG
from hubinstall import layout
from hubinstall.hubside.new_accounts import account_name

pytestmark = pytest.mark.one_kind

SCRIPT = "/tmp/new_accounts.py"
SECRET_FILE = "/etc/hubinstall/oidc-secret"
AS_HUB = (
    "cd / && setpriv --reuid jupyterhub --regid jupyterhub --init-groups --no-new-privs env"
    f" PYTHONPATH={layout.HUBSIDE} {layout.HUB_VENV}/bin/python3 {SCRIPT}"
)
CLASS = [f"student{number:02}@uni.example" for number in range(24)] + [f"s{number}" for number in range(6)]
STRANGE = [
    "root", "../../etc/passwd", "alice;id", "ALICE", "alice", "\u0430lice", "李小龙", "zoë", "zoe\u0308", "jupyterhub",
    "sudo",
]  # fmt: skip
REFUSED = {"m" * 300: "at most 256", "al\nice": "control characters", "team": "a group team of its own",
           installed.PERSON: "an account grace of its own", "left": "A home directory /home/left is left"}  # fmt: skip
KILLS = 5


@pytest.fixture(scope="module")
def provider(installed_machine: Machine) -> Iterator[OpenIdProvider]:
    found = openid.set_up(installed_machine)
    with openid.running(found):
        yield found


@pytest.fixture(scope="module")
def machine(provider: OpenIdProvider) -> Machine:
    """Its hub lets everyone in whom the provider knows."""
    machine = provider.machine
    machine.write(SCRIPT, inside.NEW_ACCOUNTS.read_text())
    machine.write(SECRET_FILE, f"{openid.SECRET}\n", mode=0o600)
    machine.run("hubinstall config set shares.course '{access: read-only}'")
    settings = [
        "auth.type", "oidc", "auth.oidc.issuer", provider.issuer, "auth.oidc.client_id", "hub",
        "auth.oidc.client_secret_file", SECRET_FILE, "auth.oidc.scope", "[openid, profile, groups]",
        "users.allow_all", "true",
    ]  # fmt: skip
    machine.run(["hubinstall", "config", "set", *settings, "--apply"])
    return machine


def asked(machine: Machine, names: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(machine.run(AS_HUB, stdin=json.dumps(names).encode()).out.splitlines()[-1])
    return found


def rows(machine: Machine, path: str) -> dict[str, list[str]]:
    return {row[0]: row for row in (line.split(":") for line in machine.read(path).splitlines())}


def test_a_class_that_comes_for_the_first_time_gets_its_accounts_at_once(machine: Machine) -> None:
    assert {machine.run(["id", name], check=False).code for name in CLASS} == {1}
    said = asked(machine, CLASS)
    print(f"{len(CLASS)} accounts in {said['seconds']} s")
    names = {name: account for name, (account, _) in said["found"].items()}
    assert len(set(names.values())) == len({uid for _, uid in said["found"].values()}) == len(CLASS)
    assert names["s3"] == "s3"
    passwd, shadow, groups = (rows(machine, f"/etc/{file}") for file in ("passwd", "shadow", "group"))
    for name, account in names.items():
        _, _, uid, gid, comment, home, shell = passwd[account]
        assert (comment, home, shell) == (f"{name} (hubinstall)", f"/home/{account}", "/usr/sbin/nologin")
        assert 1000 <= int(uid) <= 60000
        assert groups[account][2] == gid
        assert shadow[account][1] == "!", "locked"
        for group in (layout.PEOPLE_GROUP, layout.NO_LOGIN_GROUP):
            assert account in groups[group][3].split(",")
    folders = " ".join(f"/home/{account}" for account in names.values())
    assert set(machine.run(f"stat -c %a {folders}").out.split()) == {"700"}
    assert machine.run(f"stat -c %U {folders}").out.split() == list(names.values())
    one = f"/home/{names[CLASS[0]]}"
    assert machine.run(f"readlink {one}/course").out.strip() == f"{layout.SHARED_DATA}/course"
    assert machine.run(f"find {one} -not -user {names[CLASS[0]]}").out == ""
    again = asked(machine, CLASS)
    assert again["found"] == said["found"]
    assert again["seconds"] < said["seconds"]
    assert installed.plan(machine) == [], "what the helper made is nothing that apply would change"


def test_strange_names_are_refused_or_get_accounts_of_their_own(machine: Machine) -> None:
    machine.run("groupadd team; mkdir /home/left")
    before = rows(machine, "/etc/passwd")
    found = asked(machine, [*STRANGE, *REFUSED])["found"]
    for name, words in REFUSED.items():
        assert words in found[name], found[name]
    accounts = [account for account, _ in (found[name] for name in STRANGE)]
    assert len(set(accounts)) == len(STRANGE)
    assert not set(accounts) & before.keys()
    assert "alice" in accounts
    after = rows(machine, "/etc/passwd")
    assert after.keys() - before.keys() == set(accounts)
    assert all(after[name] == row for name, row in before.items())
    assert sum(row[2] == "0" for row in after.values()) == 1
    machine.run(f"usermod --append --groups {layout.PEOPLE_GROUP} {installed.PERSON}; usermod --expiredate 1 alice")
    found = asked(machine, [installed.PERSON, installed.ADMIN, "alice"])["found"]
    assert found[installed.PERSON][0] == installed.PERSON, "an administrator says so"
    assert found[installed.ADMIN][0] == installed.ADMIN, "config.yaml names her"
    assert "alice has expired" in found["alice"]


def test_thirty_first_starts_of_people_from_the_provider(provider: OpenIdProvider, machine: Machine) -> None:
    people = [f"Erst{number:02}@uni.example" for number in range(30)]
    provider.knows(**{name: ["students"] for name in people})

    def comes(name: str) -> str:
        # The last of them waits for all accounts, whose files are on the disk before useradd ends: a busy disk is slow.
        with installed.client(machine, patience=LONG) as client:
            assert openid.sign_on(client, name).status_code == 200
            client.user = account_name(name)
            client.start_server()
            hers = f"docker ps --quiet --filter label={layout.USER_LABEL}={client.user}"
            runs = machine.run(f"docker inspect --format '{{{{.Config.User}}}}' $({hers})")
            client.stop_server(timeout=LONG)
            return runs.out.strip()

    began = time.monotonic()
    with ThreadPoolExecutor(30) as pool:
        users = list(pool.map(comes, people))
    print(f"{len(people)} first starts in {time.monotonic() - began:.0f} s")
    passwd = rows(machine, "/etc/passwd")
    assert users == [":".join(passwd[account_name(name)][2:4]) for name in people]


@pytest.mark.parametrize("files", ["group", "group gshadow", "group gshadow shadow"])
def test_what_useradd_had_not_written_yet_is_written_by_the_next_call(machine: Machine, files: str) -> None:
    """As useradd(8) leaves it when it is killed between two of its files, with its locks."""
    [uid] = [uid for _, uid in asked(machine, ["half"])["found"].values()]
    new = f"{layout.HOMES}/{layout.NEW_HOMES}"
    machine.run(f"mkdir -m 700 {new} && mv /home/half {new}/half.{uid}")
    for file in files.split():
        machine.run(f"sed -i '/^half:/d; s/,half\\b//; s/:half\\b/:/' /etc/{file}; printf '99999\\0' >/etc/{file}.lock")
    machine.run("printf '99999\\0' >/etc/passwd.lock")
    assert asked(machine, ["half"])["found"]["half"][0] == "half"
    whole(machine, "half")
    machine.run("userdel --remove half")


def whole(machine: Machine, name: str) -> None:
    owner, mode, *groups = machine.run(f"stat -c '%U %a' /home/{name}; id -nG {name}").out.split()
    assert (owner, mode, set(groups)) == (name, "700", {name, layout.PEOPLE_GROUP, layout.NO_LOGIN_GROUP})
    assert machine.exists(f"/home/{name}/.bashrc")
    assert rows(machine, "/etc/shadow")[name][1] == "!"
    assert not machine.exists(f"{layout.HOMES}/{layout.NEW_HOMES}")


def test_killed_at_any_moment_the_next_call_makes_it_whole(machine: Machine) -> None:
    """The helper, and with it the useradd that it runs."""
    for number in range(KILLS):
        name = f"killed{number}"
        kill = f"(sleep 0.{40 + 8 * number}; pkill -KILL -f [h]ubinstall.accounts_helper)"
        machine.run(f"{kill} & {AS_HUB}; wait", stdin=json.dumps([name]).encode(), check=False)
        end = time.monotonic() + LONG
        while "Unavailable" in str(answer := asked(machine, [name])["found"][name]) and time.monotonic() < end:
            time.sleep(0.2)
        assert answer[0] == name, answer
        whole(machine, name)
    assert "killed" not in machine.run("pwck -rq; grpck -rq", check=False).out


def test_the_helper_can_no_more_than_it_needs(machine: Machine) -> None:
    if machine.process_manager is not ProcessManager.SYSTEMD:
        pytest.skip("systemd's sandbox of services")
    pid = machine.run("pgrep -of hubinstall.accounts_helper").out.strip()
    inside_it = f"nsenter -t {pid} -m --"
    assert machine.run(f"{inside_it} ls -A /root").out == ""
    machine.run(f"{inside_it} touch /etc/x /home/x && rm /etc/x /home/x")
    for path in ("/usr/x", "/srv/data/x", "/var/lib/hubinstall/x", "/opt/hubinstall/x"):
        assert "Read-only" in machine.run(f"{inside_it} touch {path}", check=False).err
    said = machine.run(f"systemd-analyze security --no-pager {layout.ACCOUNTS_SERVICE}").out
    print(said.splitlines()[-1])
    assert float(said.split("service:")[1].split()[0]) <= 2.0
