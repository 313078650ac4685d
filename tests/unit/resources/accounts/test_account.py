"""Accounts of services are ours; those of people are theirs; a first password is told once."""

import json

import pytest

from fakes.facts import fake_facts
from fakes.host import FakeHost
from fakes.shadow_tools import TOOLS, Shadow
from hubinstall import layout
from hubinstall.blueprint.accounts import accounts
from hubinstall.cli import password_flags
from hubinstall.engine.journal import Journal
from hubinstall.errors import CommandError, UserError
from hubinstall.resources.accounts import account as module
from hubinstall.resources.accounts import first_passwords
from hubinstall.resources.accounts.account import Account, Group, Person
from hubinstall.resources.base import look
from hubinstall.settings.model import Settings

SERVICE = Account("service", groups=("docker", "shadow"))
PERSON = Person("bob")


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setattr(module.time, "sleep", lambda _: None)
    host = FakeHost(tmp_path)
    host.shadow = Shadow(host)
    host.answers |= dict.fromkeys(TOOLS, host.shadow)
    for folder in (layout.STATE, layout.SECRETS):
        host.mkdir(folder)
    return host


def settle(host, resource):
    host.forget()
    change = look(resource, host)
    if change:
        resource.apply(host, change)
        host.forget()
    return look(resource, host)


def test_a_services_account_is_made_with_its_groups(host):
    assert look(SERVICE, host).verb == "create"
    assert settle(host, SERVICE) is None
    assert "service:x:991:991::/nonexistent:/usr/sbin/nologin" in host.text("/etc/passwd")


def test_a_service_leaves_the_group_that_it_must_not_be_in(host):
    """Until now the hub was in the group docker, which is root in all but name."""
    settle(host, SERVICE)
    assert "docker" in [row.split(":")[0] for row in host.text("/etc/group").splitlines() if row.endswith(":service")]
    after = Account("service", groups=("shadow",), never=("docker",))
    assert look(after, host).verb == "change"
    host.journal = Journal(host)
    assert settle(host, after) is None
    rows = dict(row.split(":x:") for row in host.text("/etc/group").splitlines())
    assert not rows["docker"].endswith("service")
    assert rows["shadow"].endswith("service")
    # An upgrade that is put back: the hub of before needs it.
    host.journal.put_back()
    assert look(SERVICE, host) is None


def test_the_hub_is_in_the_group_docker_only_where_any_spawner_may_run():
    for allow, member in (({}, False), ({"other_classes": True}, True)):
        settings = Settings.model_validate({"spawner": {"allow": allow}})
        [hub] = [one for one in accounts(settings, fake_facts()) if one.name == layout.HUB_USER]
        assert (layout.DOCKER_GROUP in hub.groups, layout.DOCKER_GROUP in hub.never) == (member, not member)


@pytest.mark.parametrize(
    ("path", "old", "new", "key"),
    [
        ("/etc/group", "shadow:x:42:service", "shadow:x:42:", "groups"),
        ("/etc/group", "service:x:991:\n", "", "group"),
        ("/etc/passwd", "/nonexistent:/usr/sbin/nologin", "/nonexistent:/bin/bash", "shell"),
        ("/etc/passwd", "/nonexistent:/usr", "/home/x:/usr", "home"),
    ],
)
def test_what_is_broken_by_hand_is_named_and_mended(host, path, old, new, key):
    settle(host, SERVICE)
    assert old in host.text(path)
    host.put(path, host.text(path).replace(old, new))
    host.forget()
    assert look(SERVICE, host).keys == [key]
    assert settle(host, SERVICE) is None


def test_more_groups_than_wished_are_the_administrators(host):
    settle(host, SERVICE)
    host.put("/etc/group", host.text("/etc/group") + "backup:x:34:service\n")
    host.forget()
    assert look(SERVICE, host) is None


def test_a_kill_between_group_and_account(host):
    host.shadow.groupadd(["service"], None)
    assert settle(host, SERVICE) is None


def test_a_lock_of_another_program_is_waited_for(host):
    host.shadow.busy = 3
    assert settle(host, SERVICE) is None
    host.shadow.busy = 100
    with pytest.raises(CommandError, match="useradd"):
        settle(host, Account("other"))


def test_a_person_of_the_name_is_left_alone(host):
    with pytest.raises(UserError, match="is a person's account on this machine"):
        settle(host, Account("alice"))
    Account("alice").remove(host)
    assert "alice:" in host.text("/etc/passwd")


def test_removal_takes_account_and_group_also_twice(host):
    settle(host, SERVICE)
    SERVICE.remove(host)
    Account("service").remove(host)
    assert "service" not in host.text("/etc/passwd") + host.text("/etc/group").replace(":service", ":")


def test_the_group_of_docker_stays(host):
    host.put("/etc/group", "root:x:0:\n")
    group = Group("docker")
    assert settle(host, group) is None
    group.remove(host)
    assert group.stays
    assert "docker" in host.text("/etc/group")


def test_a_new_person_has_a_password_that_is_told_once(host):
    assert settle(host, PERSON) is None
    told = first_passwords.to_print_once(host)
    assert told == host.shadow.passwords
    assert first_passwords.to_print_once(host) == {}
    assert not host.exists(layout.INITIAL_PASSWORDS)


def test_a_given_password_is_set_and_forgotten(host):
    first_passwords.stage(host, {"bob": "correct horse"})
    assert host.stat(layout.INITIAL_PASSWORDS).mode == "0600"
    assert settle(host, PERSON) is None
    assert host.shadow.passwords == {"bob": "correct horse"}
    assert not host.exists(layout.INITIAL_PASSWORDS)
    assert not any("correct" in command for command in host.commands)


def test_a_kill_before_the_password_was_set(host):
    password = first_passwords.due(host, "bob")
    host.shadow.useradd(["--user-group", "--shell", "/bin/bash", "bob"], None)
    host.forget()
    assert look(PERSON, host).keys == ["first password"]
    assert settle(host, PERSON) is None
    assert host.shadow.passwords == first_passwords.to_print_once(host) == {"bob": password}


def test_an_existing_account_is_never_changed(host):
    first_passwords.stage(host, {"alice": "new"})
    assert settle(host, Person("alice")) is None
    assert "its password was not changed" in host.notices[0]
    assert host.commands == []


def test_an_account_of_a_directory_service_is_there(host):
    host.put("/etc/nsswitch.conf", "passwd: files sss\n")
    host.answers["getent passwd carol"] = "carol:x:70000:70000::/home/carol:/bin/bash\n"
    assert look(Person("carol"), host) is None


def test_a_persons_account_stays(host):
    alice = Person("alice")
    alice.remove(host)
    assert alice.stays
    assert "alice" in host.text("/etc/passwd")


def test_passwords_from_flags(tmp_path):
    file = tmp_path / "pw"
    file.write_text("from:file\nsecond\n")
    file.chmod(0o600)
    given = password_flags.from_flags(["ada:pw:1", "bob"], str(file))
    assert given == {"ada": "pw:1", "bob": "from:file"}
    assert password_flags.from_flags(["ada"], None) == {}
    file.chmod(0o644)
    with pytest.raises(UserError, match="other users can read"):
        password_flags.from_flags(["bob"], str(file))
    for admins, path in ((["ada:"], None), (["ada:a\nb"], None), (["ada"], "/nowhere")):
        with pytest.raises(UserError) as caught:
            password_flags.from_flags(admins, path)
        assert caught.value.code == 2


def test_of_a_password_file_one_line_is_read_and_not_a_device_without_end(tmp_path):
    with pytest.raises(UserError, match="more than 511 characters") as refused:
        password_flags.read_file("/dev/zero")
    assert refused.value.code == 2
    file = tmp_path / "pw"
    file.write_text("x" * 511 + "\r\nmore")
    file.chmod(0o600)
    assert password_flags.read_file(str(file)) == "x" * 511


def test_generated_passwords_differ():
    assert len({first_passwords.generate() for _ in range(50)}) == 50


def test_every_administrator_gets_an_account():
    wished = accounts(Settings.model_validate({"users": {"admin": ["ada", "bob"]}}), fake_facts(uid_min=2000))
    assert [r.name for r in wished if isinstance(r, Person)] == ["ada", "bob"]
    assert {r.uid_min for r in wished if isinstance(r, Account)} == {2000}
    assert json.dumps([r.desired() for r in wished])
