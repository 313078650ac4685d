"""A start without what a person has set up: asked for on a page or through the API, and good for one start."""

import asyncio
import re
from types import SimpleNamespace

import pytest
from jupyterhub.spawner import Spawner
from tornado.web import HTTPError

from fakes.hub_installation import configured, with_files
from fakes.hub_pages import page
from hubinstall.hubside import safe_start
from hubinstall.hubside.spawner import HomeSpawner, StartFailure


@pytest.fixture
def server(tmp_path, monkeypatch):
    with_files(tmp_path, monkeypatch)
    user = SimpleNamespace(name="alice", escaped_name="al%20ice", url="/user/alice/", settings={})
    made = HomeSpawner(config=configured(), user=user, hub=SimpleNamespace(base_url="/jupyter/hub/"))
    made.allowed_images = ["r", "other"]
    made.orm_spawner = SimpleNamespace(name="", server=None, user_options={}, state={})
    return made


def start(server, options) -> tuple[bool, dict]:
    """As jupyterhub.user does: whether it is a safe start, and the options that are kept for the next one."""
    server.orm_spawner.user_options = server.user_options = options
    asyncio.run(server._run_apply_user_options(options))
    assert server.user_options == server.orm_spawner.user_options
    return server.started_safely, server.orm_spawner.user_options


def test_it_is_good_for_one_start(server):
    assert start(server, {"image": "r", "safe_start": True}) == (True, {"image": "r"})
    assert server.safe_environment()["PYTHONNOUSERSITE"] == "1"
    assert start(server, server.orm_spawner.user_options) == (False, {"image": "r"})
    assert server.safe_environment() == {}


def test_jupyterhub_still_calls_what_takes_it_out():
    assert asyncio.iscoroutinefunction(Spawner._run_apply_user_options)
    assert callable(Spawner.run_options_from_form)


def test_the_button_keeps_what_was_chosen_before(server):
    server.orm_spawner.user_options = {"image": "r"}
    pressed = {"_xsrf": ["x"], "safe_start": ["yes"]}
    assert server.run_options_from_form(pressed) == {"image": "r", "safe_start": True}
    assert server.run_options_from_form({"image": ["r"]}) == {"image": "r"}


def test_the_hub_still_knows_after_its_restart(server):
    start(server, {"safe_start": True})
    state = server.get_state()
    server.started_safely = False
    server.load_state(state)
    assert server.started_safely
    start(server, {})
    server.load_state(server.get_state())
    assert not server.started_safely


def test_a_failure_offers_it_on_the_page_and_in_words(server):
    failure = StartFailure("It ended.", "last words", offer=server.offer_after_failure())
    assert failure.jupyterhub_message == f"It ended.\nlast words\n{safe_start.API_HINT}"
    for name in ("not_running.html", "error.html"):
        html = page(name, exception=failure, failed=True, spawn_url="/x")
        form = re.search(r'<form[^>]*id="safe-start".*?</form>', html, re.DOTALL)[0]
        assert 'action="/jupyter/hub/spawn/al%20ice"' in form
        assert 'method="post"' in form
        assert 'name="_xsrf" value="to&lt;ken"' in form
        assert safe_start.HINT in form
        for other in (StartFailure("Docker is away."), HTTPError(404), None):
            assert "safe-start" not in page(name, exception=other, failed=True, spawn_url="/x")


def test_a_safe_start_that_fails_is_not_offered_again(server):
    start(server, {"safe_start": True})
    assert server.offer_after_failure() is None


@pytest.mark.parametrize(
    ("active", "safely", "words"), [(True, True, "started-safely"), (True, False, ""), (False, True, "safe-start")]
)
def test_the_home_page_says_what_the_server_runs_without(server, active, safely, words):
    shown = SimpleNamespace(active=active, started_safely=safely, safe_start_offer=server.safe_start_offer)
    ids = re.findall(r'id="((?:safe-start|started-safely))"', page("home.html", default_server=shown, url="/x"))
    assert ids == ([words] if words else [])
