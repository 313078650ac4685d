"""Which account a name stands for, what is remembered of it, and what ends when it is another one."""

import asyncio
import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from jupyterhub import orm, roles

from fakes.accounts_helper import with_helper
from fakes.hub_people import person
from hubinstall import layout
from hubinstall.accounts_helper import shadow
from hubinstall.hubside import identity
from hubinstall.hubside.accounts import Account, passwd_text
from hubinstall.hubside.departures import ANSWERING, PATIENCE, Departures
from hubinstall.hubside.identity import Known, People


@pytest.fixture
def state(tmp_path, monkeypatch):
    """The hub's state, and a machine whose /etc/passwd has grace and iris."""
    for name in ("KNOWN_PEOPLE", "SERVER_ACCOUNTS"):
        monkeypatch.setattr(layout, name, str(tmp_path / name.lower()))
    monkeypatch.setattr(identity, "ACCOUNTS", str(tmp_path / "passwd"))
    with_helper(tmp_path, monkeypatch)
    (tmp_path / "passwd").write_text("root:x:0:0::/root:/bin/sh\ngrace:x:1001::\niris:x:1002::\n")
    return tmp_path


def test_a_number_is_remembered_and_another_one_is_noticed(state):
    people = People()
    assert people.change(person("grace", 1001)) is None, "nothing is known of her so far"
    people.remember(person("grace", 1001))
    again = People()
    assert again.known("grace") == Known(1001, local=True)
    assert again.change(person("grace", 1001)) is None
    assert again.change(person("grace", 1003)) == (
        "The account grace is another one now: its number was 1001 and is 1003."
    )
    again.remember(person("grace", 1003))
    assert People().change(person("grace", 1003)) is None
    again.remember(person("from_ldap", 70001))
    assert People().known("from_ldap") == Known(70001, local=False)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"grace": 5}', '{"grace": {"id": 1}}', '{"grace": null}'])
def test_a_list_that_is_lost_or_damaged_is_made_of_what_servers_have_left(state, content):
    """A hub from before the list was kept has these files, too."""
    Path(layout.KNOWN_PEOPLE).write_text(content)
    folder = Path(layout.SERVER_ACCOUNTS)
    folder.mkdir()
    for time, (name, uid) in enumerate((("grace", 1001), ("iris", 1002), ("grace", 1000))):
        (folder / f"{uid}.passwd").write_text(passwd_text(person(name, uid)))
        os.utime(folder / f"{uid}.passwd", (time, time))
    (folder / "1009.passwd").write_text("nonsense\n")
    people = People()
    assert people.change(person("grace", 1001)) is not None, "her last server had the number 1000"
    assert people.change(person("grace", 1000)) is None
    assert people.change(person("iris", 1002)) is None


class Spawner:
    """As much of one of JupyterHub's."""

    def __init__(self) -> None:
        self.active, self.starting, self._stop_pending = True, False, False

    @property
    def pending(self):
        return "spawn" if self.starting else "stop" if self._stop_pending else None


class Hub:
    """As much of JupyterHub as a departure needs; `ended`: whose servers it has stopped, with the routes to them."""

    def __init__(self, *names: str) -> None:
        self.db = orm.new_session_factory("sqlite:///:memory:")()
        self.db.add(orm.OAuthClient(identifier="jupyterhub"))
        for role in roles.get_default_roles():
            roles.create_role(self.db, role)
        self.users, self.ended = {}, []
        self.log = SimpleNamespace(warning=lambda *_: None, exception=self.broken)
        self.proxy = SimpleNamespace(delete_user=self.note("route"))
        for name in names:
            row = orm.User(name=name)
            self.db.add(row)
            self.db.commit()
            row.new_api_token(note="by hand", scopes=[])
            spawner = Spawner()
            self.users[row] = SimpleNamespace(name=name, spawners={"": spawner}, stop=self.stop(name, spawner))
        self.db.commit()

    @staticmethod
    def broken(*words: object) -> None:
        raise AssertionError(words)

    def note(self, what):
        async def noted(user, _server_name):
            self.ended.append(f"{what} {user.name}")

        return noted

    def stop(self, name, spawner):
        async def stop(_server_name):
            spawner.active = False
            self.ended.append(f"server {name}")

        return stop

    def row(self, name):
        return orm.User.find(self.db, name)


def departures(monkeypatch, hub, accounts, refused=()):
    monkeypatch.setattr(Account, "brief", classmethod(lambda _cls, name: accounts.get(name)))
    return Departures(hub, People(), lambda account: "is in no group" if account.name in refused else None)


def test_what_a_changed_account_had_ends_without_anyones_visit(state, monkeypatch):
    hub, accounts = Hub("grace", "iris"), {"grace": person("grace", 1001), "iris": person("iris", 1002)}
    watch = departures(monkeypatch, hub, accounts)
    asyncio.run(watch.look(0))
    assert hub.ended == []
    cookies = {name: hub.row(name).cookie_id for name in accounts}
    accounts["grace"] = person("grace", 1003)
    asyncio.run(watch.look(10))
    assert hub.ended == ["route grace", "server grace"]
    assert hub.row("grace").api_tokens == []
    assert hub.row("grace").cookie_id != cookies["grace"]
    assert len(hub.row("iris").api_tokens) == 1
    assert hub.row("iris").cookie_id == cookies["iris"]
    cookie = hub.row("grace").cookie_id
    asyncio.run(watch.look(20))
    assert hub.row("grace").cookie_id == cookie, "the new one keeps what is begun from now on"


def test_what_who_has_left_the_last_group_had_ends_and_begins_again_with_the_next(state, monkeypatch):
    hub, accounts = Hub("grace", "iris"), {"grace": person("grace", 1001), "iris": person("iris", 1002)}
    refused = set()
    watch = departures(monkeypatch, hub, accounts, refused)
    asyncio.run(watch.look(0))
    assert hub.ended == []
    for now in (10, 100):
        refused.add("grace")
        asyncio.run(watch.look(now))
        assert hub.ended == ["route grace", "server grace"]
        assert hub.row("grace").api_tokens == []
        refused.clear()
        asyncio.run(watch.look(now + 10))
        [user] = [user for user in hub.users.values() if user.name == "grace"]
        user.spawners[""].active, hub.ended = True, []
        asyncio.run(watch.look(now + 20))
        assert hub.ended == []


def test_an_account_that_is_gone_loses_all_even_if_it_comes_back_with_its_number(state, monkeypatch):
    hub, accounts = Hub("grace"), {"grace": person("grace", 1001)}
    watch = departures(monkeypatch, hub, accounts)
    asyncio.run(watch.look(0))
    cookie = hub.row("grace").cookie_id
    del accounts["grace"]
    asyncio.run(watch.look(10))
    assert hub.ended == ["route grace", "server grace"]
    assert hub.row("grace").api_tokens == []
    accounts["grace"] = person("grace", 1001)
    asyncio.run(watch.look(20))
    assert hub.row("grace").cookie_id != cookie


def test_a_directory_may_be_away_for_a_while(state, monkeypatch):
    hub, accounts = Hub("linus"), {"linus": person("linus", 70001)}
    watch = departures(monkeypatch, hub, accounts)
    asyncio.run(watch.look(0))
    accounts.clear()
    asyncio.run(watch.look(10))
    asyncio.run(watch.look(9 + PATIENCE))
    assert hub.ended == []
    assert len(hub.row("linus").api_tokens) == 1
    accounts["linus"] = person("linus", 70001)
    asyncio.run(watch.look(20 + PATIENCE))
    accounts.clear()
    asyncio.run(watch.look(30 + PATIENCE))
    asyncio.run(watch.look(30 + 2 * PATIENCE))
    assert hub.ended == ["route linus", "server linus"]


def test_a_server_that_was_only_starting_ends_when_it_is_up(state, monkeypatch):
    hub, accounts = Hub("grace"), {}
    watch = departures(monkeypatch, hub, accounts)
    [user] = hub.users.values()
    user.spawners[""].starting = True
    asyncio.run(watch.look(0))
    assert hub.ended == []
    user.spawners[""].starting = False
    asyncio.run(watch.look(10))
    assert hub.ended == ["route grace", "server grace"]


def test_a_login_waits_for_the_end_of_a_server_that_the_watch_is_ending(state, monkeypatch):
    hub, accounts = Hub("grace"), {"grace": person("grace", 1001)}
    watch = departures(monkeypatch, hub, accounts)
    asyncio.run(watch.look(0))
    [user] = hub.users.values()
    stop, accounts["grace"] = user.stop, person("grace", 1003)

    async def both():
        begun, over = asyncio.Event(), asyncio.Event()

        async def slowly(server_name):
            begun.set()
            await over.wait()
            await stop(server_name)

        user.stop = slowly
        looks = asyncio.create_task(watch.look(10))
        await begun.wait()
        login = asyncio.create_task(watch.arrived(accounts["grace"]))
        await asyncio.sleep(0.05)
        assert not login.done()
        over.set()
        await login
        assert hub.ended == ["route grace", "server grace"]
        await looks

    asyncio.run(both())
    assert hub.ended == ["route grace", "server grace"], "it was ended once"


def test_the_list_can_be_read(state):
    People().remember(person("grace", 1001))
    assert json.loads(Path(layout.KNOWN_PEOPLE).read_text()) == {"grace": {"uid": 1001, "local": True, "password": ""}}
    assert Path(layout.KNOWN_PEOPLE).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("grace:$y$new:20000::::::", "was changed"),
        ("grace:!$y$old:20000::::::", "is locked"),
        ("grace:$y$old:20000::::::", ""),
        ("grace:$y$old:20000:::::1:", "has expired"),
        ("grace:$y$old:10000::30::5::", "has expired"),
        ("grace:$y$old:0::::::", "must be changed first"),
        ("grace:!:20000::::::", "was changed"),
        ("iris:$y$old:20000::::::", ""),
    ],
)
def test_a_password_that_was_changed_and_an_account_that_has_ended_end_all(state, monkeypatch, line, words):
    hub, accounts = Hub("grace"), {"grace": person("grace", 1001)}
    hub.log = SimpleNamespace(warning=lambda text, *rest: said.append(text % rest), exception=hub.broken)
    said: list[str] = []
    Path(shadow.FILE).write_text("grace:$y$old:20000::::::\n")
    watch = departures(monkeypatch, hub, accounts)
    asyncio.run(watch.look(0))
    assert hub.ended == said == []
    Path(shadow.FILE).write_text(f"{line}\n# another size\n")
    asyncio.run(watch.look(10))
    assert hub.ended == (["route grace", "server grace"] if words else [])
    assert len(hub.row("grace").api_tokens) == (0 if words else 1)
    assert words in "".join(said)
    asyncio.run(watch.look(20))
    assert len(said) == bool(words), "it is said once"


def test_only_a_fingerprint_of_a_password_is_kept_and_another_key_is_no_change(state, monkeypatch):
    Path(shadow.FILE).write_text("grace:$y$old:20000::::::\n")
    People().remember(person("grace", 1001))
    kept = Path(layout.KNOWN_PEOPLE).read_text()
    assert "$y$" not in kept
    Path(layout.ACCOUNTS_KEY).write_text("another\n")
    with_helper(state, monkeypatch)
    Path(layout.ACCOUNTS_KEY).write_text("another\n")
    people = People()
    assert people.change(person("grace", 1001)) is None
    assert people.is_new(person("grace", 1001))
    people.remember(person("grace", 1001))
    assert Path(layout.KNOWN_PEOPLE).read_text() != kept
    assert not people.is_new(person("grace", 1001))


def test_what_a_hub_of_an_earlier_version_knew_is_completed(state):
    Path(layout.KNOWN_PEOPLE).write_text('{"grace": {"uid": 1001, "local": true}}')
    Path(shadow.FILE).write_text("grace:$y$old:20000::::::\n")
    people = People()
    assert people.change(person("grace", 1001)) is None
    assert people.is_new(person("grace", 1001))


def test_a_release_that_read_the_hashes_itself_has_kept_what_is_taken_over(state, monkeypatch):
    """It made its digests with the key of the hub's cookies."""
    line = "grace:$y$old:20000::::::"
    before = shadow.parsed(line, b"the secret of the cookies", 20000).fingerprint
    known = {"grace": {"uid": 1001, "local": True, "password": before}}
    Path(layout.KNOWN_PEOPLE).write_text(json.dumps(known))
    Path(shadow.FILE).write_text(f"{line}\n")
    hub, accounts = Hub("grace"), {"grace": person("grace", 1001)}
    watch = departures(monkeypatch, hub, accounts)
    asyncio.run(watch.look(0))
    assert hub.ended == []
    assert len(hub.row("grace").api_tokens) == 1
    assert People().known("grace").password not in {"", before}
    Path(shadow.FILE).write_text("grace:$y$another:20001::::::\n")
    asyncio.run(watch.look(10))
    assert hub.ended == ["route grace", "server grace"]


def test_a_helper_that_does_not_answer_ends_nobody_and_what_it_said_holds(state, monkeypatch):
    helper = with_helper(state, monkeypatch)
    Path(shadow.FILE).write_text("grace:$y$old:20000::::::\niris:!$y$old:20000::::::\n")
    hub, accounts = Hub("grace", "iris"), {"grace": person("grace", 1001), "iris": person("iris", 1002)}
    watch = departures(monkeypatch, hub, accounts)
    helper.up = False
    asyncio.run(watch.look(0))
    assert hub.ended == [], "nothing is known of anyone"
    helper.up = True
    asyncio.run(watch.look(10))
    assert hub.ended == ["route iris", "server iris"]
    helper.up = False
    Path(shadow.FILE).write_text("grace:$y$another:20001::::::\niris:!$y$old:20000::::::\n")
    asyncio.run(watch.look(20))
    assert len(hub.ended) == 2
    people = watch._people
    assert people.ended("iris").endswith("is locked.")
    people.remember(person("grace", 1001))
    helper.up = True
    asyncio.run(watch.look(30))
    assert hub.ended[2:] == ["route grace", "server grace"], "what happened meanwhile is noticed"


def test_the_helper_is_asked_only_after_a_change(state, monkeypatch):
    helper = with_helper(state, monkeypatch)
    Path(shadow.FILE).write_text("grace:$y$old:20000::::::\niris:$y$old:20000::::::\n")
    people = People()
    for _ in range(5):
        assert people.ended("grace") == people.ended("iris") == ""
    assert helper.asked == 2
    Path(shadow.FILE).write_text("grace:!$y$old:20000::::::\niris:$y$old:20000::::::\n")
    for _ in range(5):
        assert people.ended("grace") != people.ended("iris") == ""
    assert helper.asked == 3, "for both at once"


def test_a_shadow_that_cannot_be_read_ends_nobody(state):
    Path(shadow.FILE).write_text("grace:$y$old:20000::::::\n")
    people = People()
    people.remember(person("grace", 1001))
    Path(shadow.FILE).unlink()
    for each in (people, People()):
        assert each.change(person("grace", 1001)) is None
        assert each.ended("grace") == ""


def test_the_probes_password_comes_and_goes(state):
    Path(shadow.FILE).write_text(f"{layout.PROBE_USER}:!$y$old:20000::::::\n")
    people = People()
    people.remember(person(layout.PROBE_USER, 999))
    assert people.ended(layout.PROBE_USER) == ""
    assert people.known(layout.PROBE_USER).password == ""


def test_a_directory_that_answers_for_others_has_lost_the_account(state, monkeypatch):
    hub = Hub("linus", "tux")
    accounts = {"linus": person("linus", 70001), "tux": person("tux", 70002)}
    watch = departures(monkeypatch, hub, accounts)
    asyncio.run(watch.look(0))
    del accounts["linus"]
    asyncio.run(watch.look(10))
    assert watch.is_away("linus")
    assert hub.ended == []
    asyncio.run(watch.look(10 + ANSWERING))
    assert hub.ended == ["route linus", "server linus"]
    assert not watch.is_away("linus")


def test_a_server_that_was_starting_when_the_account_changed_ends_when_it_is_up(state, monkeypatch):
    hub, accounts = Hub("grace"), {"grace": person("grace", 1001)}
    watch = departures(monkeypatch, hub, accounts)
    asyncio.run(watch.look(0))
    [user] = hub.users.values()
    user.spawners[""].starting = True
    accounts["grace"] = person("grace", 1003)
    asyncio.run(watch.look(10))
    assert hub.ended == []
    user.spawners[""].starting = False
    asyncio.run(watch.look(20))
    asyncio.run(watch.look(30))
    assert hub.ended == ["route grace", "server grace"]
