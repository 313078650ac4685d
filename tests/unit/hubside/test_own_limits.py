"""A person's own limits at each start, and at each new server with a name, whoever asks for it."""

import asyncio
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from jupyterhub.handlers.base import BaseHandler
from tornado.web import HTTPError

from fakes.hub_installation import configured, with_files, with_people
from fakes.hub_pages import page
from fakes.hub_people import SETTINGS
from hubinstall.hubside import limits, own_limits
from hubinstall.hubside.limits import OtherLimits
from hubinstall.hubside.spawner import HomeSpawner
from hubinstall.hubside.start_handlers import ServerHandler, StartHandler

GIB = 1 << 30
OTHERS = OtherLimits({"teachers": {"memory": 8 * GIB, "servers": 2}}, {"bob": {"cpu": 0.5}})


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A spawner of this person's on a hub with this drop-in."""
    with_files(tmp_path, monkeypatch)
    with_people(monkeypatch)
    gids = {"teachers": 2000}
    monkeypatch.setattr(limits, "group_ids", lambda names: {name: gids[name] for name in names if name in gids})
    (tmp_path / "hub_settings").write_text(json.dumps(replace(SETTINGS, other_limits=OTHERS).as_dict()))

    def of(name: str, dropin: str = "") -> HomeSpawner:
        (tmp_path / "hub_dropins/10-a.py").write_text(dropin)
        c = configured()
        user = SimpleNamespace(name=name, escaped_name=name, url=f"/user/{name}/", settings={}, orm_spawners={"": 1})
        kind = c.JupyterHub.spawner_class
        user.spawner = kind(config=c, user=user, hub=SimpleNamespace(base_url="/hub/"))
        user.spawner.orm_spawner = SimpleNamespace(name="", server=None, user_options={}, state={})
        return user.spawner

    of.gids = gids
    return of


def started(spawner, **options) -> tuple:
    asyncio.run(spawner._run_apply_user_options(options))
    return spawner.mem_limit, spawner.cpu_limit


def test_each_start_has_what_the_file_and_the_groups_say_then(made):
    alice = made("alice")
    assert started(alice) == (8 * GIB, 1.5)
    made.gids["teachers"] = 1999
    assert started(alice) == (2 * GIB, 1.5), "no longer a member"
    assert started(made("bob")) == (2 * GIB, 0.5)
    assert started(made("nobody-here")) == (2 * GIB, 1.5)


def test_options_of_a_start_change_nothing(made):
    assert started(made("bob"), mem_limit="64G", cpu_limit=64, limits={"memory": "64G"}) == (2 * GIB, 0.5)


@pytest.mark.parametrize("section", ["Spawner", "DockerSpawner", "HomeSpawner"])
def test_a_drop_in_comes_before_the_file(made, section):
    assert started(made("alice", f"c.{section}.mem_limit = '3G'\n")) == (3 * GIB, 1.5)


def test_a_drop_ins_hook_and_its_class_come_before_the_file_for_one_start(made):
    hook = "def more(spawner, options):\n    spawner.mem_limit = spawner.mem_limit + 1\n"
    alice = made("alice", f"{hook}c.Spawner.apply_user_options = more\n")
    assert started(alice)[0] == started(alice)[0] == 8 * GIB + 1
    own = (
        "from traitlets import default\nfrom hubinstall.hubside.spawner import HomeSpawner\n"
        "class Mine(HomeSpawner):\n    @default('cpu_limit')\n    def _mine(self):\n        return 0.25\n"
        "c.JupyterHub.spawner_class = Mine\n"
    )
    assert started(made("alice", own)) == (8 * GIB, 0.25)


@pytest.mark.parametrize("kind", [StartHandler, ServerHandler])
def test_servers_with_names_are_counted_for_their_owner_whoever_asks(made, monkeypatch, kind):
    passed = []

    async def jupyterhubs(self, user, server_name, display_name, check_limit=True):
        passed.append(check_limit)

    monkeypatch.setattr(BaseHandler, "_check_named_server_request", jupyterhubs)

    def ask(user, name, limit=own_limits.named_servers):
        monkeypatch.setattr(BaseHandler, "named_server_limit_per_user", property(lambda _: limit))
        asyncio.run(kind.__new__(kind)._check_named_server_request(user, name, name))

    alice, bob = made("alice").user, made("bob").user
    ask(alice, "one")
    alice.orm_spawners |= {"one": 1, "two": 1}
    ask(alice, "two")
    with pytest.raises(HTTPError, match="alice has 2 servers with names already") as refused:
        ask(alice, "three")
    assert refused.value.status_code == 403
    with pytest.raises(HTTPError, match="bob can have no servers with names here"):
        ask(bob, "one")
    ask(bob, "one", limit=10)
    assert passed == [False, False, True], "JupyterHub's own count is of who asks; a drop-in's number is its own"


def test_servers_with_names_are_there_when_the_file_gives_some(made, tmp_path):
    c = made("alice").config
    assert c.JupyterHub.allow_named_servers
    for name, most in (("alice", 2), ("bob", -1)):
        assert own_limits.named_servers(SimpleNamespace(current_user=made(name).user)) == most
    assert own_limits.named_servers(SimpleNamespace(current_user=None)) == -1
    (tmp_path / "hub_settings").write_text(json.dumps(SETTINGS.as_dict()))
    c = configured()
    assert (c.JupyterHub.allow_named_servers, c.JupyterHub.named_server_limit_per_user) == (False, 10)


@pytest.mark.parametrize(("most", "shown"), [(2, True), (-1, False), (0, True)])
def test_the_page_offers_them_to_those_who_may_have_some(most, shown):
    spawner = SimpleNamespace(active=False, safe_start_offer=None)
    user = SimpleNamespace(name="alice", all_spawners=lambda **_: [], json_escaped_name="alice", spawner=spawner)
    text = page(
        "home.html", default_server=spawner, user=user, allow_named_servers=True, named_server_limit_per_user=most
    )
    assert ("Named Servers" in text) == shown


def test_jupyterhub_still_asks_where_we_answer():
    assert asyncio.iscoroutinefunction(BaseHandler._check_named_server_request)
