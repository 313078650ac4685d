"""Which options a start has, who is refused, and that what was kept never keeps a server from starting."""

import asyncio
from types import SimpleNamespace

import pytest
from jupyterhub.apihandlers.users import UserServerAPIHandler
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.handlers.pages import SpawnHandler
from jupyterhub.spawner import Spawner
from tornado.web import HTTPError

from fakes.hub_installation import configured, with_files
from fakes.hub_pages import page
from hubinstall.hubside import start_handlers, start_options
from hubinstall.hubside.spawner import HomeSpawner
from hubinstall.hubside.start_failure import StartFailure, reasons


@pytest.fixture
def server(tmp_path, monkeypatch):
    with_files(tmp_path, monkeypatch)
    user = SimpleNamespace(name="alice", escaped_name="alice", url="/user/alice/", settings={})
    made = HomeSpawner(config=configured(), user=user, hub=SimpleNamespace(base_url="/hub/"))
    made.orm_spawner = SimpleNamespace(name="", server=None, user_options={}, state={})
    return made


def apply(server, options, *, given=False) -> dict:
    """As jupyterhub.user does before each start. Returns what is kept for the next one."""
    server.options_are_given = given
    server.orm_spawner.user_options = server.user_options = options
    asyncio.run(server._run_apply_user_options(options))
    assert server.user_options == server.orm_spawner.user_options
    return server.orm_spawner.user_options


JUNK = [
    {"image": "x"}, {"image": ["x"]}, {"image": {"a": 1}}, {"image": None}, {"image": ""}, {"more": 1},
    {"safe_start": "yes"}, {"safe_start": ["true"]}, {"safe_start": 1}, {"safe_start": None},
]  # fmt: skip


@pytest.mark.parametrize("images", [[], ["r"], ["r", "s"], "*"])
def test_what_was_kept_never_fails_and_is_forgotten(server, images):
    server.allowed_images = images
    for junk in JUNK:
        if images == "*" and junk == {"image": "x"}:
            assert apply(server, junk) == junk
            continue
        assert start_options.refusal(server, junk), "given, it is refused"
        assert apply(server, junk) == {}
        assert not server.started_safely


def test_a_choice_that_is_offered_is_kept(server):
    server.allowed_images = ["r", "s"]
    assert start_options.refusal(server, {"image": "r", "safe_start": True}) == ""
    assert apply(server, {"image": "r", "safe_start": True}, given=True) == {"image": "r"}
    assert start_options.refusal(server, {"image": "t"}) == "image must be one of: r, s."
    server.allowed_images = ["r"]
    assert start_options.refusal(server, {"image": "r"}).startswith("This hub offers no choice of an image")


@pytest.mark.parametrize("own", ["form", "apply", "hook"])
def test_a_drop_ins_options_are_its_own(server, own):
    if own == "form":
        server.options_form = "<input name=course>"
    elif own == "apply":
        server.apply_user_options = {"course": "cmd"}
    else:
        server.pre_spawn_hook = print
    assert start_options.refusal(server, {"course": "x"}) == ""
    assert start_options.refusal(server, {"safe_start": "x"})


@pytest.mark.parametrize("given", [True, False])
def test_what_a_drop_in_refuses_fails_a_start_only_if_it_was_given_for_it(server, given):
    def apply_course(spawner, options):
        if "course" in options:
            raise HTTPError(400, "There is no such course any more.")

    server.apply_user_options = apply_course
    if given:
        with pytest.raises(StartFailure, match="no such course"):
            apply(server, {"course": "old"}, given=True)
    else:
        apply(server, {"course": "old"})
    assert server.orm_spawner.user_options == {}


def test_an_image_that_dockerspawner_would_refuse_does_not_reach_it(server):
    for images, left in (([], {}), (["r"], {}), (["r", "s"], {"image": "r"}), ("*", {"image": "r"})):
        server.allowed_images = images
        assert start_options.without_image(server, {"image": "r"}) == left
        assert start_options.without_image(server, {"image": ["r"], "more": 1}) == {"more": 1}


@pytest.mark.parametrize(
    ("error", "words", "code"),
    [
        (HTTPError(400, "Choose another image."), "Choose another image.", 400),
        (HTTPError(403), "It was refused.", 403),
        (
            KeyError("course"),
            "Your server could not be started: KeyError: 'course'. Tell the people who run this hub.",
            500,
        ),
        (StartFailure("It ended."), "It ended.", 500),
    ],
)
def test_every_failure_says_why(error, words, code):
    log = SimpleNamespace(exception=lambda *_: None)
    with pytest.raises(StartFailure) as failure, reasons(log):
        raise error
    assert (failure.value.jupyterhub_message, failure.value.status_code) == (words, code)


def test_the_page_shows_a_timeout_of_jupyterhubs_own():
    shown = page("not_running.html", exception=TimeoutError("no answer in <120> s"), failed=True, spawn_url="/x")
    assert '<p id="failure">no answer in &lt;120&gt; s</p>' in shown


def test_a_check_refuses_before_anything_is_kept(server):
    with pytest.raises(HTTPError, match="no option 'course'") as refused:
        start_handlers.check(server, {"course": 1}, given=True)
    assert refused.value.status_code == 400
    assert not server.options_are_given
    with pytest.raises(HTTPError, match="must be an object"):
        start_handlers.check(server, ["course"])
    start_handlers.check(server, {"safe_start": True}, given=True)
    assert server.options_are_given
    start_handlers.check(object(), {"course": 1})


def test_what_a_drop_ins_form_takes_and_what_a_server_is_called_is_bounded(server):
    server.options_form = "<input name=course>"
    start_handlers.check(server, {"course": "c" * 1000})
    with pytest.raises(HTTPError, match="longer than 64 kB together"):
        start_handlers.check(server, {"course": "c" * start_options.LONGEST})
    start_handlers.check_name("My second server")
    start_handlers.check_name(None)
    with pytest.raises(HTTPError, match="at most 255 characters"):
        start_handlers.check_name("n" * 256)


def test_jupyterhub_still_has_the_doors_that_are_guarded():
    assert asyncio.iscoroutinefunction(Spawner._run_apply_user_options)
    for name in ("_get_user_options", "spawn_single_user"):
        assert callable(getattr(SpawnHandler, name))
    assert asyncio.iscoroutinefunction(BaseHandler.spawn_single_user)
    assert {"put", "patch", "post"} <= set(vars(UserServerAPIHandler))
    assert start_handlers.StartHandler._get_user_options(None, {"image": ["x"]}) == {}


@pytest.mark.parametrize(("ready", "asked"), [(True, ["", "opened"]), (False, ["opened"])])
def test_a_server_that_has_just_ended_by_itself_is_noticed_before_its_page_is_opened(monkeypatch, ready, asked):
    done = []

    async def poll_and_notify():
        done.append("")

    async def opens(*_):
        done.append("opened")

    monkeypatch.setattr(SpawnHandler, "_get", opens)
    spawner = SimpleNamespace(ready=ready, poll_and_notify=poll_and_notify)
    handler = object.__new__(start_handlers.StartHandler)
    handler.find_user = lambda _: SimpleNamespace(spawners={"": spawner})
    asyncio.run(handler._get("room-lab", "", ""))
    assert done == asked
