"""Rights by the host's groups: asked once a minute, and at each login."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from fakes.hub_people import ALICE, SETTINGS, everyone, person
from hubinstall.hubside import memberships, rights
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.memberships import FRESH, PATIENCE, Memberships


class Directory:
    """Groups, and whether it answers; `asked`: how often for an account."""

    def __init__(self, **people: frozenset[int]) -> None:
        self.groups = {"staff": 2000, "course": 3000}
        self.people, self.away, self.asked, self.now = people, False, 0, 1000.0

    def getgrnam(self, name):
        if self.away:
            raise KeyError(name)
        return SimpleNamespace(gr_gid=self.groups[name])

    def find(self, name):
        self.asked += 1
        gids = None if self.away else self.people.get(name)
        return None if gids is None else Account(name, 1000, 1000, f"/home/{name}", gids=gids)


@pytest.fixture
def directory(monkeypatch):
    made = Directory(bob=frozenset({1001, 2000}), carol=frozenset({1002}))
    monkeypatch.setattr(memberships, "grp", SimpleNamespace(getgrnam=made.getgrnam))
    monkeypatch.setattr(memberships, "time", SimpleNamespace(monotonic=lambda: made.now))
    monkeypatch.setattr(Account, "find", classmethod(lambda _cls, name: made.find(name)))
    monkeypatch.setattr(rights, "memberships", Memberships())
    return made


def test_the_members_of_a_group_are_administrators_until_they_leave_it(directory):
    settings = everyone(admin_groups=("staff", "no-such-group"))
    assert [rights.is_admin(settings, name) for name in ("bob", "carol", "ghost")] == [True, False, False]
    directory.people["bob"] = frozenset({1001})
    directory.now += FRESH - 1
    assert rights.is_admin(settings, "bob")
    directory.now += 1
    assert not rights.is_admin(settings, "bob")


def test_members_of_either_group_may_use_the_hub(directory):
    directory.people |= {"dora": frozenset({3000}), "mallory": frozenset({3000})}
    settings = replace(SETTINGS, allowed_groups=("course",), admin_groups=("staff",))
    said = {name: rights.refusal(settings, name, person(name)) for name in ("bob", "dora", "carol", "mallory")}
    assert said["bob"] is None
    assert said["dora"] is None
    assert "is not on the list" in said["carol"]
    assert "is not allowed" in said["mallory"], "banned, whatever the groups say"


def test_who_comes_into_a_banned_group_is_out_whatever_the_other_lists_say(directory):
    settings = everyone(admins=("bob",), allowed=("bob",), allowed_groups=("staff",), banned_groups=("course", "gone"))
    assert rights.refusal(settings, "bob", person("bob")) is None
    directory.people["bob"] = frozenset({1001, 2000, 3000})
    directory.now += FRESH
    assert "is not allowed" in str(rights.refusal(settings, "bob", person("bob")))
    directory.away = True
    directory.now += FRESH
    assert "is not allowed" in str(rights.refusal(settings, "bob", person("bob"))), "as it was last known"
    assert rights.refusal(settings, "linus", person("linus")) is None, "nobody is banned by not knowing"


def test_who_is_asked_about_often_is_looked_up_once_a_minute_and_at_each_login(directory):
    groups = Memberships()
    for _ in range(100):
        assert groups.has(("staff",), "bob")
    assert directory.asked == 1
    directory.people["carol"] = frozenset({2000})
    assert groups.has(("staff",), "carol")
    directory.people["carol"] = frozenset()
    groups.ask_again("carol")
    assert not groups.has(("staff",), "carol")


def test_a_group_that_is_made_again_with_another_number_counts_at_the_next_login(directory):
    groups = Memberships()
    assert groups.has(("staff",), "bob")
    directory.groups["staff"] = 4000
    groups.ask_again("bob")
    assert not groups.has(("staff",), "bob")


def test_while_the_directory_is_away_what_it_said_last_holds(directory):
    groups = Memberships()
    assert groups.has(("staff",), "bob")
    directory.away = True
    directory.now += PATIENCE - 1
    assert groups.has(("staff",), "bob")
    assert not groups.has(("staff",), "linus"), "no right comes from not knowing"
    assert groups.has(("staff",), "linus", unknown=True), "and none ends by it"


def test_without_groups_nobody_is_asked(directory):
    assert not Memberships().has((), ALICE.name, unknown=True)
    assert directory.asked == 0
