"""Who may enter a room, in JupyterHub's own roles and scopes; and that nobody is a room."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest
from jupyterhub import orm, roles
from jupyterhub.apihandlers.auth import OAuthAuthorizeHandler
from jupyterhub.scopes import get_scopes_for

from fakes.hub_people import SETTINGS, person
from hubinstall.hubside import memberships, rights, room_doors, sessions
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.memberships import Memberships
from hubinstall.hubside.rooms import Room

GID = 3101
LAB = Room("lab", "The lab", "project", "room-lab", "rooms")
ROOMS = replace(SETTINGS, rooms=(LAB,), admin_groups=("project",), allow_all=False)
MINE = {"servers!user=room-lab", "access:servers!user=room-lab"}


@pytest.fixture
def host(monkeypatch):
    """Name → the numbers of its groups, which a test may change."""
    who = {"grace": {GID}, "joan": {GID}, "zoe": set(), "room-lab": {GID}}

    def find(_cls, name):
        gids = who.get(name)
        return None if gids is None else replace(person(name, 1100), gids=frozenset(gids))

    for method in ("find", "brief"):
        monkeypatch.setattr(Account, method, classmethod(find))
    monkeypatch.setattr(memberships, "grp", SimpleNamespace(getgrnam=lambda _: SimpleNamespace(gr_gid=GID)))
    monkeypatch.setattr(rights, "memberships", Memberships())
    return who


@pytest.fixture
def hub(host, monkeypatch):
    """As much of a hub as rooms need. `stopped`: whose servers were."""
    db = orm.new_session_factory("sqlite:///:memory:")()
    for role in [*roles.get_default_roles(), *room_doors.roles(ROOMS)]:
        roles.create_role(db, {name: value for name, value in role.items() if name != "users"})
    for name in ("grace", "joan", "zoe", "room-lab"):
        user = orm.User(name=name)
        db.add(user)
        roles.assign_default_roles(db, entity=user)
    db.commit()
    stopped = []

    async def end(_app, name):
        stopped.append(name)

    monkeypatch.setattr(sessions, "end", end)
    nothing = SimpleNamespace(why_not=lambda _: "")
    return SimpleNamespace(db=db, authenticator=nothing, stopped=stopped, log=SimpleNamespace(warning=lambda *_: None))


def inside(hub) -> set[str]:
    return {user.name for user in orm.Role.find(hub.db, room_doors.role_name(LAB)).users}


def may(hub, name) -> set[str]:
    """What goes beyond the own account."""
    return {scope for scope in get_scopes_for(orm.User.find(hub.db, name)) if not scope.endswith(f"!user={name}")}


def test_members_start_and_open_the_room_and_may_do_nothing_else(hub):
    asyncio.run(room_doors.Doors(hub, ROOMS).look())
    assert inside(hub) == {"grace", "joan"}
    assert may(hub, "grace") == may(hub, "joan") >= MINE
    assert all(scope.endswith("!user=room-lab") for scope in may(hub, "grace"))
    assert not [scope for scope in may(hub, "grace") if scope.startswith(("tokens", "users!", "admin"))]
    assert may(hub, "zoe") == may(hub, "room-lab") == set()
    assert hub.stopped == []


def test_members_are_not_asked_whether_a_room_may_know_them(hub):
    spawner = SimpleNamespace(oauth_client_id="jupyterhub-user-zoe")
    member = SimpleNamespace(id=1, name="zoe", spawners={"": spawner})
    handler = SimpleNamespace(
        settings={"oauth_no_confirm_list": room_doors.unasked(ROOMS.rooms)}, db=hub.db, log=hub.log
    )

    def asks(account: str) -> bool:
        client = SimpleNamespace(identifier=f"jupyterhub-user-{account}")
        return bool(OAuthAuthorizeHandler.needs_oauth_confirm(handler, member, client, set()))

    assert [asks(account) for account in ("room-lab", "zoe", "grace")] == [False, False, True]


def test_when_somebody_leaves_or_may_not_use_the_hub_any_more_the_room_is_stopped(hub, host):
    doors = room_doors.Doors(hub, ROOMS)
    asyncio.run(doors.look())
    host["joan"].clear()
    asyncio.run(doors.look())
    assert (inside(hub), hub.stopped) == ({"grace"}, ["room-lab"])
    hub.authenticator.why_not = lambda name: "banned" if name == "grace" else ""
    asyncio.run(doors.look())
    assert (inside(hub), hub.stopped) == (set(), ["room-lab", "room-lab"])
    asyncio.run(doors.look())
    assert len(hub.stopped) == 2, "once for each who has left"


def test_who_has_left_while_the_hub_was_stopped_ends_the_room_too(hub, host):
    asyncio.run(room_doors.Doors(hub, ROOMS).look())
    host["joan"].clear()
    doors = room_doors.Doors(hub, ROOMS)
    orm.Role.find(hub.db, room_doors.role_name(LAB)).users = []  # as JupyterHub starts
    hub.db.commit()
    asyncio.run(doors.compare())
    assert (inside(hub), hub.stopped) == ({"grace"}, [])
    asyncio.run(doors.look())
    assert hub.stopped == ["room-lab"]


def test_while_a_directory_is_away_nobody_is_out(hub, host):
    doors = room_doors.Doors(hub, ROOMS)
    asyncio.run(doors.look())
    del host["joan"], host["zoe"]
    asyncio.run(doors.look())
    assert (inside(hub), hub.stopped) == ({"grace", "joan"}, [])


def test_a_new_member_need_not_wait(hub, host):
    doors = room_doors.Doors(hub, ROOMS)
    asyncio.run(doors.look())
    host["zoe"].add(GID)
    room_doors.admit(hub.db, LAB, "zoe")
    room_doors.admit(hub.db, LAB, "zoe")
    asyncio.run(doors.look())
    assert (inside(hub), hub.stopped) == ({"grace", "joan", "zoe"}, [])


def test_a_room_has_a_server_and_is_never_an_administrator(host):
    account = Account.find("room-lab")
    assert rights.refusal(ROOMS, "room-lab", account) is None
    assert not rights.is_admin(ROOMS, "room-lab"), "its group's members are"
    assert rights.refusal(replace(ROOMS, rooms=()), "room-lab", account, rights.NOBODY) is None, "by the group"
    assert not room_doors.roles(replace(ROOMS, rooms=()))


def test_ours_are_told_from_a_drop_ins():
    theirs = {"name": "theirs"}
    assert room_doors.without_ours([*room_doors.roles(ROOMS), theirs]) == [theirs]
