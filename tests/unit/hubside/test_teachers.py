"""Whose servers teachers may open, in JupyterHub's own groups, roles and scopes."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest
from jupyterhub import orm, roles
from jupyterhub.scopes import get_scopes_for

from fakes.hub_people import SETTINGS, person
from hubinstall import layout
from hubinstall.hubside import memberships, rights, teachers
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.memberships import Memberships
from hubinstall.hubside.new_accounts import account_name

GROUPS = {"course-101": 3101, "Domain Users": 3102}
WHO = {
    "prof": {3101, 3102}, "dean": {3101}, "tutor": {3101}, "sue": {3101}, "tom": {3102}, "both": {3101, 3102},
    "out": set(),
}  # fmt: skip
TAUGHT = replace(
    SETTINGS, admins=("dean",), teachers={"course-101": ["prof", "ghost"], "Domain Users": ["tutor"]}, allow_all=False
)


@pytest.fixture
def host(monkeypatch):
    """Name → the numbers of its groups, which a test may change."""
    who = {name: set(gids) for name, gids in WHO.items()}

    def find(_cls, name):
        gids = who.get(name)
        return None if gids is None else replace(person(name, 1100), gids=frozenset(gids))

    for method in ("find", "brief"):
        monkeypatch.setattr(Account, method, classmethod(find))
    monkeypatch.setattr(memberships, "grp", SimpleNamespace(getgrnam=lambda name: SimpleNamespace(gr_gid=GROUPS[name])))
    monkeypatch.setattr(rights, "memberships", Memberships())
    rights._as_logins.cache_clear()
    yield who
    rights._as_logins.cache_clear()


@pytest.fixture
def hub(host):
    """As much of a hub as the groups need, with its roles as it starts."""
    db = orm.new_session_factory("sqlite:///:memory:")()
    for role in [*roles.get_default_roles(), *teachers.roles(TAUGHT)]:
        roles.create_role(db, {name: value for name, value in role.items() if name != "users"})
    for name in (*WHO, layout.PROBE_USER):
        user = orm.User(name=name, admin=name == "dean")
        db.add(user)
        roles.assign_default_roles(db, entity=user)
    for role in teachers.roles(TAUGHT):
        orm.Role.find(db, role["name"]).users = [orm.User.find(db, name) for name in role["users"]]
    db.commit()
    return SimpleNamespace(db=db, load_groups={"theirs": {}}, log=None)


def look(hub, settings=TAUGHT):
    asyncio.run(teachers.Classes(hub, settings).look())
    return {group.name: {user.name for user in group.users} for group in hub.db.query(orm.Group)}


def may(hub, name) -> set[str]:
    return set(get_scopes_for(orm.User.find(hub.db, name)))


def test_a_class_has_the_members_of_the_group_but_no_administrator_and_no_teacher(hub):
    assert look(hub) == {"course-101": {"sue", "both"}, "Domain Users": {"tom", "both"}}


def test_teachers_open_the_servers_of_their_class_and_are_no_administrators(hub):
    look(hub)
    prof = may(hub, "prof")
    assert {"access:servers!group=course-101", "servers!group=course-101", "list:users!group=course-101"} <= prof
    assert not [scope for scope in prof if "Domain Users" in scope]
    assert "access:servers!group=Domain Users" in may(hub, "tutor")
    for name in ("prof", "tutor"):
        own = {scope for scope in may(hub, name) if not scope.endswith((f"!user={name}", "!group=course-101"))}
        assert {scope for scope in own if not scope.endswith("!group=Domain Users")} == {"admin-ui"}
    assert not [scope for scope in may(hub, "sue") if "group=" in scope or scope == "admin-ui"]


def test_who_leaves_the_group_or_becomes_an_administrator_is_out_of_the_class(hub, host):
    look(hub)
    host["both"].remove(3101)
    orm.User.find(hub.db, "sue").admin = True
    assert look(hub) == {"course-101": set(), "Domain Users": {"tom", "both"}}


def test_who_is_put_into_the_group_by_hand_is_out_again(hub):
    look(hub)
    orm.Group.find(hub.db, "course-101").users.append(orm.User.find(hub.db, "dean"))
    assert look(hub)["course-101"] == {"sue", "both"}


def test_a_class_that_is_in_the_file_no_more_is_gone_and_a_drop_ins_group_stays(hub):
    hub.db.add(orm.Group(name="theirs", properties={"a": 1}))
    taught = replace(TAUGHT, teachers={**TAUGHT.teachers, "theirs": ["prof"]})
    GROUPS["theirs"] = 3199
    try:
        assert set(look(hub, taught)) == {"course-101", "Domain Users", "theirs"}
    finally:
        del GROUPS["theirs"]
    assert look(hub, replace(TAUGHT, teachers={})) == {"theirs": set()}


def test_only_teachers_who_may_log_in_are_in_the_role(hub, host):
    assert [role["users"] for role in teachers.roles(TAUGHT)] == [["prof"], ["tutor"]]
    assert rights.refusal(TAUGHT, "prof", Account.find("prof")) is None, "they need not be among the allowed"
    banned = replace(TAUGHT, banned=("prof",))
    assert [role["users"] for role in teachers.roles(banned)] == [[], ["tutor"]]


def test_a_teacher_whose_account_is_made_later_gets_the_role_without_a_restart(hub, host):
    hub.db.add(orm.User(name="ghost"))
    hub.db.commit()
    look(hub)
    assert "admin-ui" not in may(hub, "ghost")
    host["ghost"] = set()
    look(hub)
    assert "access:servers!group=course-101" in may(hub, "ghost")
    look(hub, replace(TAUGHT, teachers={**TAUGHT.teachers, "course-101": ["prof"]}))
    assert may(hub, "ghost") == set()


def test_with_a_sign_on_from_elsewhere_the_lists_have_the_providers_names(host):
    elsewhere = replace(TAUGHT, sign_on=replace(SETTINGS.sign_on, kind="oidc"), teachers={"course-101": ["A.B@x.org"]})
    name = account_name("A.B@x.org")
    assert [role["users"] for role in teachers.roles(elsewhere)] == [[]]
    host[name] = set()
    assert [role["users"] for role in teachers.roles(elsewhere)] == [[name]]


@pytest.mark.parametrize("group", ["course-101", "2026", "a", "Domain Users", "müller", "CORP\\x", "x" * 254, "ends-"])
def test_every_group_has_a_role_of_its_own_with_a_name_that_jupyterhub_takes(group):
    name = teachers.role_name(group)
    assert roles._role_name_pattern.match(name)
    assert len({teachers.role_name(other) for other in ("course-101", group, f"{group}x")}) == (
        2 if group == "course-101" else 3
    )
