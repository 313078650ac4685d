"""What of the hub's side needs no JupyterHub: rights, accounts, the container's form, words for failures."""

import json
import sqlite3
import stat
import subprocess
from dataclasses import replace
from types import SimpleNamespace

import pytest

from fakes.hub_people import ALICE, SETTINGS, everyone, person
from hubinstall import layout
from hubinstall.hubside import accounts, container, database, failures, rights, seccomp
from hubinstall.hubside.accounts import Account, NoServerError
from hubinstall.hubside.settings import HubSettings


def test_settings_survive_the_file():
    assert HubSettings.parse(json.dumps(SETTINGS.as_dict())) == SETTINGS


@pytest.mark.parametrize(("key", "other"), [("image", "picture"), ("processes", "tasks")])
def test_settings_of_another_version_are_refused(key, other):
    with pytest.raises(ValueError, match=f"missing or unknown keys: {key}, {other}"):
        HubSettings.parse(json.dumps(SETTINGS.as_dict()).replace(f'"{key}"', f'"{other}"'))


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_who_is_listed_may(name):
    assert rights.refusal(SETTINGS, name, person(name)) is None


@pytest.mark.parametrize(
    ("settings", "name", "account", "words"),
    [
        (SETTINGS, "carol", person("carol"), "is not on the list"),
        (everyone(), "mallory", person("mallory"), "is not allowed to use this hub"),
        (everyone(), "root", person("root", 0), "system account"),
        (everyone(), "nobody", person("nobody", 65534), "system account"),
        (everyone(admins=("daemon",)), "daemon", person("daemon", 1), "system account"),
        (everyone(), "ghost", None, "no account ghost"),
    ],
)
def test_who_may_not_is_told_why(settings, name, account, words):
    assert words in rights.refusal(settings, name, account)


def test_the_probe_is_the_one_system_account_and_never_an_administrator():
    probe = layout.PROBE_USER
    assert rights.refusal(SETTINGS, probe, person(probe, 990)) is None
    assert not rights.is_admin(everyone(admins=(probe,)), probe)
    assert rights.is_admin(SETTINGS, "alice")


@pytest.mark.parametrize("home", ["/", "/home", "/root", "/usr/x", "/etc/x", "home/x", "/home/../etc", "/home/x/", ""])
def test_homes_that_no_container_should_mount(home):
    with pytest.raises(NoServerError, match="cannot be a person's home"):
        Account("x", 1000, 1000, home).check_home({})


def test_a_home_inside_a_home_could_be_redirected():
    account = Account("x", 1000, 1000, "/home/bob/x")
    account.check_home({"x": "/home/bob/x", "root": "/", "y": "/home/bo"})
    with pytest.raises(NoServerError, match="inside /home/bob, the home of bob"):
        account.check_home({"bob": "/home/bob"})


def test_account_files_are_readable_and_named_by_number(tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "SERVER_ACCOUNTS", str(tmp_path / "accounts"))
    for _ in range(2):
        passwd, group = accounts.write_account_files(ALICE, {"teachers": 2000})
    assert passwd == str(tmp_path / "accounts/1000.passwd")
    with open(passwd) as file:
        assert file.read().splitlines()[-1] == "alice:x:1000:1001::/home/alice:/bin/bash"
        assert stat.S_IMODE((tmp_path / "accounts/1000.passwd").stat().st_mode) == 0o644
    with open(group) as file:
        assert file.read().splitlines() == [
            "root:x:0:", "teachers:x:2000:alice", "alice:x:1001:alice", "nogroup:x:65534:",
        ]  # fmt: skip
    assert sorted(p.name for p in (tmp_path / "accounts").iterdir()) == ["1000.group", "1000.passwd"]


def test_an_account_is_found_only_by_exactly_its_name():
    assert Account.find("root").uid == 0
    assert [Account.find(name) for name in ("ROOT", "ghost", "", "a\0b", "../etc", "\ud800")] == [None] * 6


def test_the_container_is_locked_up():
    config = container.host_config(SETTINGS.limits, "/users", {2000, 7}, init=True)
    assert config["cap_drop"] == ["ALL"]
    assert config["security_opt"] == ["no-new-privileges", f"seccomp={seccomp.profile()}"]
    assert {limit["Name"]: (limit["Soft"], limit["Hard"]) for limit in config["ulimits"]} == {
        "core": (0, 0),
        "nofile": (16384, 16384),
    }
    assert config["read_only"]
    assert (config["cgroup_parent"], config["pids_limit"]) == ("/users", 1024)
    assert config["group_add"] == ["7", "2000"]
    assert not config["auto_remove"]
    assert config["oom_score_adj"] == 500
    assert all("nosuid" in options for options in config["tmpfs"].values())
    assert "exec" in config["tmpfs"]["/tmp"].split(",")


def test_only_shares_of_ones_own_groups_are_writable():
    mountinfo = "1 1 0:1 / / rw shared:1 - ext4 /dev/sda rw\n2 1 0:2 / /mnt/nfs rw - nfs4 server:/ rw\n"
    shares = {"/srv/data/project": False, "/mnt/nfs/course": True}
    found = container.mounts(ALICE, container.AccountFiles("/p", "/g"), shares, mountinfo)
    assert [(m["Source"], m["Target"], m["ReadOnly"]) for m in found] == [
        ("/home/alice", "/home/alice", False),
        ("/p", "/etc/passwd", True),
        ("/g", "/etc/group", True),
        ("/opt/hubinstall/hubside/hubinstall/hubside/home.sh", layout.HOME_HOOK, True),
        ("/srv/data", "/srv/data", True),
        ("/mnt/nfs/course", "/mnt/nfs/course", True),
        ("/srv/data/project", "/srv/data/project", False),
    ]
    assert found[4]["BindOptions"] == {"Propagation": "rslave"}
    assert found[5]["BindOptions"] == {"Propagation": "rprivate"}, "Docker refuses rslave for a private mount"
    assert {m["Type"] for m in found} == {"bind"}


@pytest.mark.parametrize(("cpus", "threads"), [(0.5, "1"), (1.0, "1"), (1.5, "2"), (8.0, "8")])
def test_libraries_start_as_many_threads_as_there_are_processors(cpus, threads):
    environment = container.environment(ALICE, cpus)
    assert environment["OMP_NUM_THREADS"] == environment["OPENBLAS_NUM_THREADS"] == threads
    assert (environment["HOME"], environment["NB_UID"], environment["NB_GID"]) == ("/home/alice", "1000", "1001")
    assert "OMP_NUM_THREADS" not in container.environment(ALICE, None)


def test_what_members_of_a_share_make_is_the_groups_unless_the_home_would_be_open_too():
    assert "NB_UMASK" not in container.environment(ALICE, None)
    assert container.environment(ALICE, None, shares=True)["NB_UMASK"] == "0002"
    assert "NB_UMASK" not in container.environment(replace(ALICE, group="users"), None, shares=True)


@pytest.mark.parametrize(
    ("entrypoint", "has"),
    [(["tini", "-g"], True), (["/usr/bin/tini"], True), (["sh", "-c", "tini"], False), ([], False), (None, False)],
)
def test_one_init_is_enough(entrypoint, has):
    assert container.has_init(entrypoint) is has


def test_a_home_is_checked_before_the_images_own_program_starts(tmp_path):
    def run(home, *images):
        argv = [*container.entrypoint(str(home), images), "echo", "$HOME", "a b"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    assert run(tmp_path) == (0, "$HOME a b\n")
    assert run(tmp_path, "env", "--") == (0, "$HOME a b\n")
    assert run(tmp_path / "it's gone") == (container.ANOTHERS_HOME, "owner=\n")


def test_a_home_of_another_is_explained():
    said = failures.anothers_home("/home/o'neil", "o'neil", "owner=0\nbash: noise\n")
    assert said.startswith("The home directory /home/o'neil belongs to root, and o'neil cannot write to it.")
    assert """`chown -R 'o'"'"'neil': '/home/o'"'"'neil'`""" in said
    assert "to the number 4294967000, which no account has, and" in failures.anothers_home(
        "/h", "a", "owner=4294967000"
    )
    assert "belongs to another account, and a" in failures.anothers_home("/h", "a", "owner=\n")


@pytest.mark.parametrize(
    ("config", "uid"),
    [
        ({"Labels": {layout.UID_LABEL: "1001"}, "Env": ["NB_UID=1000"]}, 1001),
        ({"Labels": None, "Env": ["NB_USER=x", "NB_UID=1000"]}, 1000),
        ({"Labels": {}, "Env": ["NB_UID=me"]}, None),
        ({"Env": None}, None),
    ],
)
def test_a_container_says_whose_it_is(config, uid):
    assert container.started_with(config) == uid


def test_only_images_of_others_get_the_group_of_docker_stacks():
    assert container.further_groups(f"{layout.IMAGE_REPOSITORY}:abc", [2000]) == {2000}
    assert container.further_groups("quay.io/jupyter/scipy-notebook@sha256:1", [2000]) == {2000, 100}


MOUNTS = """21 1 8:1 / / rw,relatime {root} - ext4 /dev/sda1 rw
30 21 0:30 / /srv/data rw,relatime {data} - nfs4 server:/data rw
31 21 0:31 / /srv/data-old rw,relatime - ext4 /dev/sdb rw
"""


@pytest.mark.parametrize(
    ("root", "data", "path", "expected"),
    [
        ("shared:1", "shared:2", "/srv/data", "rslave"),
        ("shared:1", "master:1", "/srv/data", "rslave"),
        ("shared:1", "", "/srv/data", "rprivate"),
        ("shared:1", "", "/srv", "rslave"),
        ("", "shared:9", "/srv", "rprivate"),
    ],
)
def test_propagation_follows_the_mount_that_holds_the_path(root, data, path, expected):
    text = MOUNTS.format(root=root, data=data).replace("relatime  -", "relatime -")
    assert container.propagation(text, path) == expected


def test_what_a_dead_server_said_is_shown_but_never_run():
    log = "\x1b[31mred\x1b[0m\n\n<script>alert(1)</script>\x07\n" + "\n".join(f"line {n}" for n in range(30))
    plain, html = failures.shown("It ended & said:", log)
    assert plain.splitlines()[1:] == [f"line {n}" for n in range(10, 30)]
    plain, html = failures.shown("It ended & said:", "\n".join(log.splitlines()[:4]))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert html.startswith("It ended &amp; said:<details")
    assert plain == "It ended & said:\nred\n<script>alert(1)</script>\nline 0"


def test_a_dead_server_that_said_nothing():
    said = failures.died({"ExitCode": 3, "Error": ""}, None)
    assert failures.shown(said, "\n")[1].endswith("(exit code 3). It printed nothing.")
    assert failures.shown(said, "Bye")[1].split("<details")[0].endswith("(exit code 3).")


def test_why_a_container_ended():
    assert "memory limit of 1024 MB" in failures.died({"ExitCode": 137, "OOMKilled": False}, 1 << 30)
    assert "memory limit." in failures.died({"ExitCode": 1, "OOMKilled": True}, None)
    assert "exit code 3" in failures.died({"ExitCode": 3, "OOMKilled": False, "Error": ""}, None)
    assert "no such file" in failures.died({"ExitCode": 127, "Error": "no such file"}, None)


def test_what_docker_refuses():
    missing = 'invalid mount config for type "bind": bind source path does not exist: /home/alice'
    assert failures.refused(missing, "/home/alice", "i").startswith("Your home directory /home/alice does not exist")
    assert failures.refused(missing, "/home/bob", "i").startswith("/home/alice does not exist")
    assert "`hubinstall apply`" in failures.refused("No such image: i", "", "i")
    assert failures.refused("out of disk", "", "i") == "Docker could not start your server: out of disk"


def test_a_damaged_database_is_named(tmp_path):
    path = tmp_path / "hub.sqlite"
    assert database.damage(str(path)) is None
    path.touch()
    assert database.damage(str(path)) is None
    connection = sqlite3.connect(path)
    connection.execute("create table t (x)")
    connection.executemany("insert into t values (?)", [("x" * 500,) for _ in range(100)])
    connection.commit()
    assert database.damage(str(path)) is None
    connection.execute("begin exclusive")
    assert database.damage(str(path)) is None
    connection.close()
    data = bytearray(path.read_bytes())
    data[4096:12288] = b"\xff" * 8192
    path.write_bytes(data)
    assert database.damage(str(path))
    path.write_bytes(b"garbage")
    assert database.damage(str(path)) == "file is not a database"


def test_no_account_without_its_group_becomes_a_writer(monkeypatch):
    monkeypatch.setattr(accounts.grp, "getgrnam", lambda name: {"teachers": SimpleNamespace(gr_gid=2000)}[name])
    assert accounts.group_ids(["teachers", "gone"]) == {"teachers": 2000}


def test_an_administrators_variables_come_first_but_not_for_who_runs_the_server():
    given = {"HOME": "/data", "OMP_NUM_THREADS": "7", "NB_UMASK": "0077", "NB_UID": "0", "USER": "zoe"}
    found = container.environment(ALICE, 2, shares=True, given=given)
    assert (found["HOME"], found["OMP_NUM_THREADS"], found["NB_UMASK"]) == ("/data", "7", "0077")
    assert (found["NB_UID"], found["USER"]) == ("1000", "alice")


@pytest.mark.parametrize(
    ("folder", "seen"), [("~", "/home/alice"), ("~/work", "/home/alice/work"), ("/srv", "/srv"), ("~bob", "~bob")]
)
def test_the_directory_that_the_page_shows(folder, seen):
    assert container.environment(ALICE, None)["JUPYTERHUB_ROOT_DIR"] == "/home/alice"
    assert container.environment(ALICE, None, given={"JUPYTERHUB_ROOT_DIR": folder})["JUPYTERHUB_ROOT_DIR"] == seen
