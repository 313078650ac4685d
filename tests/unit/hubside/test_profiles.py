"""What people choose when they start a server: the form, the API, and a start for which nobody says anything."""

import asyncio
import json
import os
import re
import subprocess
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from dockerspawner import DockerSpawner
from tornado.web import HTTPError

from fakes.hub_installation import configured, with_files, with_people
from fakes.hub_people import SETTINGS
from hubinstall import layout
from hubinstall.hubside import container, course_page, limits, profile_form, profiles, start_options
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.courses import Course
from hubinstall.hubside.environments import ServerEnvironment
from hubinstall.hubside.profiles import NoChoiceError
from hubinstall.hubside.settings import HubSettings
from hubinstall.settings.model import Settings

GIB = 1 << 30
SIZE = {
    "display_name": "Size",
    "choices": {
        "s": {"display_name": "1 GB", "overrides": {"memory": "1G"}},
        "l": {"display_name": "4 GB", "default": True, "overrides": {"memory": "4G", "cpu": 2}},
    },
    "unlisted_choice": {
        "enabled": True, "display_name": "Your own", "validation_regex": "[1-3]G|600M",
        "validation_message": "From 1G to 3G.", "overrides": {"memory": "{value}"},
    },
}  # fmt: skip
FILE = [
    {"display_name": "Small", "memory": "512M"},
    {"display_name": "Large", "slug": "big", "default": True, "cpu": 1, "profile_options": {"size": SIZE}},
    {"display_name": "Staff <b>", "groups": ["teachers"], "memory": "9G", "mounts": ["/srv/material", "/srv/new rw"]},
]
OFFERED = profiles.parse(one.described() for one in Settings.model_validate({"profiles": FILE}).profiles)
TEACHERS = 2000
"""ALICE's group in the fakes; bob is in none."""


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A spawner of this person's."""
    with_files(tmp_path, monkeypatch)
    with_people(monkeypatch)
    for module in (limits, profiles):
        monkeypatch.setattr(module, "group_ids", lambda names: {n: TEACHERS for n in names if n == "teachers"})

    def of(name: str, offered=OFFERED, dropin: str = ""):
        (tmp_path / "hub_settings").write_text(json.dumps(replace(SETTINGS, profiles=offered).as_dict()))
        (tmp_path / "hub_dropins/10-a.py").write_text(dropin)
        c = configured()
        user = SimpleNamespace(name=name, escaped_name=name, url=f"/user/{name}/", settings={}, orm_spawners={"": 1})
        user.spawner = c.JupyterHub.spawner_class(config=c, user=user, hub=SimpleNamespace(base_url="/hub/"))
        user.spawner.orm_spawner = SimpleNamespace(name="", server=None, user_options={}, state={})
        return user.spawner

    return of


def started(spawner, options=None, *, given=True):
    """As jupyterhub.user does: what is given replaces what was kept."""
    spawner.options_are_given = given and bool(options)
    if options is not None:
        spawner.orm_spawner.user_options = options
    spawner.user_options = spawner.orm_spawner.user_options
    asyncio.run(spawner._run_apply_user_options(spawner.user_options))
    return spawner.mem_limit, spawner.cpu_limit


def form(spawner) -> str:
    return asyncio.run(spawner.get_options_form())


class Fields(HTMLParser):
    """What a browser would send: each select with its selected option, the checked radio, and texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sent, self.tags, self._select = {}, [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        self.tags.append(tag)
        if tag == "input" and (said["type"] != "radio" or "checked" in said):
            self.sent[said["name"]] = [said["value"]]
        if tag == "select":
            self._select = said["name"]
        if tag == "option" and (self._select not in self.sent or "selected" in said):
            self.sent[self._select] = [said["value"]]


@pytest.mark.parametrize(
    ("options", "memory", "cpu"),
    [
        ({}, 4, 2),
        ({"profile": "big"}, 4, 2),
        ({"profile": "big", "size": "s"}, 1, 1),
        ({"profile": "big", "size--unlisted-choice": "3G"}, 3, 1),
        ({"size": "s"}, 1, 1),
        ({"profile": "small"}, 0.5, 1.5),
        ({"profile": "staff-b"}, 9, 1.5),
    ],
)
def test_a_choice_gives_what_the_file_says(made, options, memory, cpu):
    alice = made("alice")
    assert start_options.refusal(alice, options) == ""
    assert started(alice, options) == (memory * GIB, cpu)
    assert json.loads(alice.chosen.label()) == {"profile": alice.chosen.profile.slug, **options}


FORGED = [
    {"profile": "none"}, {"profile": "staff-b"}, {"profile": ""}, {"profile": "SMALL"}, {"profile": "small "},
    {"profile": ["small"]}, {"profile": {"slug": "small"}}, {"profile": None}, {"profile": 1}, {"profile": True},
    {"profile": "small", "size": "s"}, {"profile": "small", "memory": "64G"}, {"profile": "small", "mem_limit": "64G"},
    {"profile": "big", "size": "xl"}, {"profile": "big", "size": ["s"]}, {"profile": "big", "size": None},
    {"profile": "big", "size": ""}, {"profile": "big", "size": "s", "size--unlisted-choice": "2G"},
    {"profile": "big", "size": "unlisted-choice"}, {"profile": "big", "overrides": {"memory": "64G"}},
    {"profile": "big", "profile_options": {}}, {"profile": "big", "kubespawner_override": {"mem_limit": "64G"}},
    {"profile": "big", "image": "x"}, {"image": "x"}, {"mem_limit": "64G"}, {"cpu_limit": 64}, {"gpus": 1},
    {"extra_host_config": {"privileged": True}}, {"volumes": {"/": "/host"}}, {"mounts": ["/srv/new rw"]},
    {"environment": {"A": "b"}}, {"profile": "x" * 70_000}, {"profile": "big", "x" * 70_000: "s"},
    *({"profile": "big", "size--unlisted-choice": near} for near in
      ("4G", "3G ", " 3G", "3G\n", "33G", "3GG", "3g", "", "600M600M", "3G|600M", "\u0663G", "3G\x00", "9" * 300,
       ["3G"], {"a": 1}, 3)),
]  # fmt: skip


@pytest.mark.parametrize("options", FORGED)
def test_what_is_not_offered_is_refused_and_what_was_kept_of_it_is_forgotten(made, options):
    bob = made("bob")
    assert start_options.refusal(bob, options)
    bob.orm_spawner.user_options = options
    assert started(bob) == (4 * GIB, 2), "the usual profile"
    assert bob.orm_spawner.user_options in ({}, {"profile": "big"}, {"profile": "small"})


def test_what_was_chosen_last_is_preselected_and_counts_only_when_it_is_chosen_again(made):
    alice = made("alice")
    assert started(alice, {"profile": "staff-b"})[0] == 9 * GIB
    assert started(alice)[0] == 4 * GIB, "an administrator's start, say"
    page = form(alice)
    assert Fields(page).sent["profile"] == ["staff-b"]
    assert "choice-gone" not in page.replace("#choice-gone", "")
    assert started(alice, {"profile": "big", "size--unlisted-choice": "2G"})[0] == 2 * GIB
    sent = Fields(form(alice)).sent
    assert alice.run_options_from_form(sent) == {"profile": "big", "size--unlisted-choice": "2G"}


def test_a_choice_that_is_gone_is_said_and_the_usual_one_selected(made):
    bob = made("bob")
    bob.orm_spawner.user_options = {"profile": "staff-b"}
    page = form(bob)
    assert 'id="choice-gone"' in page
    assert Fields(page).sent["profile"] == ["big"]
    assert "Staff" not in page, "a group's profile is for its members"


def test_the_form_as_it_is_starts_with_the_usual_profile(made):
    bob = made("bob")
    options = bob.run_options_from_form(Fields(form(bob)).sent)
    assert options == {"profile": "big", "size": "l"}
    assert start_options.refusal(bob, options) == ""


def test_the_form_escapes_what_the_file_says(made):
    page = form(made("alice"))
    assert "Staff &lt;b&gt;" in page
    assert "b" not in Fields(page).tags
    evil = profiles.parse([{**FILE_ENTRY, "display_name": '"><script>', "description": "<img src=x>"}] * 2)
    text = profile_form.page(evil, {"profile": '"><script>'}, '"><script>')
    assert not {"script", "img"} & set(Fields(text).tags)


FILE_ENTRY = Settings.model_validate({"profiles": FILE}).profiles[0].described()


@pytest.mark.parametrize(
    "fields",
    [
        {"profile": ["small"], "image": ["x"]},
        {"profile": ["small"], "mem_limit": ["64G"]},
        {"profile": ["small", "big"]},
        {"profile": []},
        {"profile": ["big"], "profile-option-staff-b--size": ["s"]},
        {"profile": ["big"], "profile-option-big--size--unlisted-choice-2": ["s"]},
        {"profile": ["small"], "home_file": [{"body": b"x"}]},
    ],
)
def test_a_form_with_other_fields_is_refused(made, fields):
    with pytest.raises(HTTPError) as refused:
        made("bob").run_options_from_form(fields)
    assert refused.value.status_code == 400


def test_fields_of_other_profiles_do_not_count(made):
    sent = {"profile": ["small"], "profile-option-big--size": ["l"]}
    assert made("bob").run_options_from_form(sent) == {"profile": "small"}


def test_one_choice_has_no_form(made):
    bob = made("bob", OFFERED[:1])
    assert form(bob) == ""
    assert started(bob) == (GIB // 2, 1.5)
    assert made("bob", OFFERED[2:]).offered_profiles() == (), "only a group's"
    assert started(made("bob", OFFERED[2:])) == (2 * GIB, 1.5)
    assert start_options.refusal(made("bob", ()), {"profile": "small"}).startswith("A start has no option")


def test_the_probe_has_the_usual_limits(made, monkeypatch):
    monkeypatch.setattr(Account, "find", classmethod(lambda _cls, name: Account(name, 999, 999, "/x")))
    probe = made(layout.PROBE_USER)
    assert started(probe) == (2 * GIB, 1.5)
    assert (form(probe), probe.chosen) == ("", None)


def test_a_drop_ins_form_is_the_one_that_is_seen(made):
    bob = made(
        "bob",
        dropin="c.Spawner.options_form = '<input name=course>'\nc.Spawner.options_from_form = lambda form: form\n",
    )
    assert form(bob) == "<input name=course>"
    assert bob.run_options_from_form({"course": ["x"]}) == {"course": ["x"]}


def test_a_safe_start_keeps_the_choice(made):
    alice = made("alice")
    started(alice, {"profile": "small"})
    options = alice.run_options_from_form({"safe_start": ["yes"]})
    assert options == {"profile": "small", "safe_start": True}
    assert started(alice, options)[0] == GIB // 2
    assert alice.started_safely


def test_an_environment_is_for_one_start(made):
    alice = made("alice", (*OFFERED, replace(OFFERED[0], slug="stats", gives=profiles.Gives(environment="stats"))))
    usual, hub = alice.image, alice.hub_settings
    alice.hub_settings = replace(hub, environments={"stats": ServerEnvironment("site/stats:1")})
    for options, image in (({"profile": "stats"}, "site/stats:1"), ({}, usual), ({"profile": "stats"}, "site/stats:1")):
        started(alice, options)
        assert alice.image == image


def test_the_profile_of_a_server_is_known_after_a_restart_of_the_hub(made):
    alice = made("alice")
    assert (started(alice, {"profile": "small"}), alice.slug_now()) == ((GIB // 2, 1.5), "small")
    alice.chosen = None
    assert alice.slug_now() == "small"
    assert made("alice", ()).slug_now() == ""
    courses = [Course(name, name, (name,), ()) for name in ("small", "none")]
    assert [course_page.choice_of(alice, one) for one in courses] == [True, False]
    assert not course_page.choice_of(object(), courses[0]), "a drop-in's class"


def test_the_form_says_how_many_gpus_are_free(made, monkeypatch):
    alice = made("alice", (*OFFERED, replace(OFFERED[0], slug="gpu", gives=profiles.Gives(gpus=1))))
    alice.hub_settings = replace(alice.hub_settings, gpus=3)
    fresh = {"Created": time.time()}
    listed = [
        {"State": "running", "Labels": {layout.GPU_LABEL: '["GPU-1"]'}, **fresh},
        {"State": "exited", "Labels": {layout.GPU_LABEL: '["GPU-2"]'}, **fresh},
        {"State": "running", "Labels": {}, **fresh},
    ]

    async def docker(self, method, **_):
        assert method == "containers"
        return listed

    monkeypatch.setattr(DockerSpawner, "docker", docker)
    assert "2 of 3 GPUs are free now" in form(alice)
    listed += [{"State": "created", "Labels": {layout.GPU_LABEL: '["GPU-2"]'}, **fresh}]
    assert "1 of 3 GPUs is free now" in form(alice)
    assert "GPU" not in form(made("alice"))


def test_an_empty_home_is_for_one_start_and_not_offered_again(made):
    alice = made("alice", (*OFFERED, replace(OFFERED[0], slug="clean", gives=profiles.Gives(empty_home=True))))
    started(alice, {"profile": "clean"})
    assert re.fullmatch(r"old-home-\d{4}-\d\d-\d\d-\d{6}", alice.old_home())
    assert alice.orm_spawner.user_options == {}
    assert Fields(form(alice)).sent["profile"] == ["big"]
    started(alice)
    assert alice.old_home() == ""


@pytest.mark.parametrize("again", [False, True])
def test_what_is_in_the_home_is_moved_and_nothing_is_lost(tmp_path, again):
    home = tmp_path / "a home"
    (home / ".local/share").mkdir(parents=True)
    for name in ("x.py", ".bashrc", "..odd", "-rf", "with space\n", ".local/share/y", "old-home"):
        (home / name).write_text(name)
    (home / "dead").symlink_to("nowhere")
    (home / "old-home-2026-01-01-000000").mkdir()
    before = {path.relative_to(home) for path in home.rglob("*")}
    for name in ("old-home-1", "old-home-2")[: 1 + again]:
        done = subprocess.run(
            [*container.entrypoint(str(home), ["sh", "-c", "ls -A; pwd"], name), "more"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert str(home) in done.stdout
    assert all(line.startswith("old-home-") for line in os.listdir(home))
    kept = {path.relative_to(home / "old-home-1") for path in (home / "old-home-1").rglob("*")}
    assert kept == before - {Path("old-home-2026-01-01-000000")}


def test_a_home_that_cannot_be_moved_is_not_started_in(tmp_path):
    (tmp_path / "x").write_text("")
    (tmp_path / "old-home-1").write_text("in the way")
    words = container.entrypoint(str(tmp_path), ["echo", "started"], "old-home-1")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (78, "")
    assert (tmp_path / "x").exists()


def test_the_container_has_the_label_and_the_directories(made, monkeypatch):
    alice = made("alice")
    started(alice, {"profile": "staff-b"})
    monkeypatch.setattr("hubinstall.hubside.container.mountinfo_here", lambda: "1 1 0:1 / / rw - ext4 /dev/sda rw\n")
    labels = alice.own_labels(Account.find("alice"))
    assert json.loads(labels[layout.CHOICE_LABEL]) == {"profile": "staff-b"}
    found = {mount["Target"]: mount["ReadOnly"] for mount in alice.chosen_mounts()}
    assert found == {"/srv/material": True, "/srv/new": False}
    assert layout.CHOICE_LABEL not in made("alice", ()).own_labels(Account.find("alice"))


def test_the_file_is_read_back_whole_and_says_nothing_where_there_are_none():
    settings = replace(SETTINGS, profiles=OFFERED)
    assert HubSettings.parse(json.dumps(settings.as_dict())) == settings
    assert "profiles" not in SETTINGS.as_dict()
    assert HubSettings.parse(json.dumps(SETTINGS.as_dict())) == SETTINGS


@pytest.mark.parametrize(("text", "size"), [("128M", 128 << 20), ("1.5G", 3 << 29), ("268435456", 1 << 28)])
def test_sizes_that_people_write(text, size):
    assert profiles.size(text) == size


@pytest.mark.parametrize("text", ["127M", "1P", "-1G", "1e9", "G", "0.5", "", "\u0661G"])
def test_what_is_no_size(text):
    option = replace(OFFERED[1].options["size"].unlisted_choice, validation_regex="(?s).*")
    with pytest.raises(NoChoiceError):
        option.gives("Size", text)
