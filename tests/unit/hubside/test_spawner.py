"""Starting and watching a server, against DockerSpawner and a Docker that answers from a table."""

import asyncio
import socket
import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import docker.errors
import pytest
import requests
from jupyterhub.spawner import Spawner
from jupyterhub.utils import format_exception

from fakes.hub_installation import configured, with_files, with_people
from fakes.hub_people import SETTINGS
from hubinstall import layout
from hubinstall.hubside import spawner, startqueue, unseen_end
from hubinstall.hubside.accounts import Account, NoServerError
from hubinstall.hubside.rights import Vouched
from hubinstall.hubside.safe_start import API_HINT
from hubinstall.hubside.shares import SharedFolder
from hubinstall.hubside.spawner import HomeSpawner, StartFailure


class FakeDocker:
    """Docker's API as far as a start needs it. `answers`: method → what it returns or raises."""

    def __init__(self, **answers):
        self.answers = {
            "inspect_image": {"Config": {"Entrypoint": ["tini", "-g", "--"], "Cmd": ["start"]}},
            "create_container": {"Id": "c0ffee"},
            "inspect_container": {},
            "logs": b"it said\n",
            "stats": {"cpu_stats": {"cpu_usage": {"total_usage": 0}}},
            "containers": [],
            **answers,
        }
        self.calls = []

    def __getattr__(self, method):
        def call(*args, **kwargs):
            self.calls.append((method, args, kwargs))
            answer = self.answers.get(method)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    @staticmethod
    def create_host_config(**kwargs):
        return docker.types.HostConfig(version="1.41", **kwargs)


class NothingToRepair:
    """test_repair.py is about repairs."""

    async def before_start(self, image, say):
        assert image == SETTINGS.image


def running(*, alive: bool = True, code: int = 0, path: str = "/user/alice/", uid: str = "1000", pid: int = 0) -> dict:
    networks = {"Networks": {layout.NETWORK: {"IPAddress": "127.0.0.1"}}}
    state = {"Running": alive, "ExitCode": code, "Error": "", "OOMKilled": False, "Pid": pid}
    config = {"Env": ["HOME=/home/alice", f"JUPYTERHUB_SERVICE_PREFIX={path}"], "Labels": {layout.UID_LABEL: uid}}
    return {"Id": "c0ffee", "State": state, "NetworkSettings": networks, "Config": config}


def not_found(words: str) -> docker.errors.APIError:
    response = requests.Response()
    response.status_code = 404
    return docker.errors.NotFound(words, response, words)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A spawner of alice's with a Docker of its own, configured as the hub configures it."""
    with_files(tmp_path, monkeypatch)
    with_people(monkeypatch)
    monkeypatch.setattr(layout, "SERVER_ACCOUNTS", str(tmp_path / "accounts"))
    monkeypatch.setattr(spawner, "homes", lambda _uid_min: {})
    monkeypatch.setattr(spawner.shares, "group_ids", lambda _groups: {"teachers": 2000})
    monkeypatch.setattr(spawner.container, "is_folder", lambda _share: True)
    monkeypatch.setattr(spawner, "PATIENCE", 0)
    monkeypatch.setattr(HomeSpawner, "_queues", {})
    monkeypatch.setattr(spawner.repair, "of_this_hub", NothingToRepair)
    monkeypatch.setattr(Spawner, "get_env", lambda _self: {"JUPYTERHUB_API_TOKEN": "t"})
    user = SimpleNamespace(name="alice", escaped_name="alice", url="/user/alice/", base_url="/user/alice/", settings={})
    made = HomeSpawner(config=configured(), user=user, hub=SimpleNamespace(base_url="/hub/"))

    def with_docker(**answers):
        monkeypatch.setattr(HomeSpawner, "_client", FakeDocker(**answers))
        return made, HomeSpawner._client

    return with_docker


def test_the_container_is_the_persons_own(server):
    made, fake = server()
    asyncio.run(made.create_object())
    create = next(kwargs for method, _, kwargs in fake.calls if method == "create_container")
    assert create["user"] == "1000:1001"
    assert create["name"].startswith("jupyter-alice_")
    assert len(create["name"].rpartition(".")[2]) > 63, "what the DNS can carry"
    assert create["labels"] == {layout.USER_LABEL: "alice", layout.SERVER_LABEL: "", layout.UID_LABEL: "1000"}
    assert create["entrypoint"][-4:] == ["/home/alice", "tini", "-g", "--"]
    assert create["environment"]["HOME"] == create["working_dir"] == "/home/alice"
    host = create["host_config"]
    assert host["CapDrop"] == ["ALL"]
    assert host["Memory"] == host["MemorySwap"] == 2 << 30
    assert host["GroupAdd"] == ["2000"]
    assert host["NetworkMode"] == layout.NETWORK
    assert "Init" not in host or host["Init"] is False
    assert [m["Target"] for m in host["Mounts"]][-2:] == ["/srv/data", "/srv/data/project"]


def test_whom_a_provider_vouches_for_gets_a_server_and_nobody_else_does(server):
    made, _ = server()
    made.hub_settings = replace(made.hub_settings, admins=(), allowed=(), allow_all=False)
    with pytest.raises(NoServerError, match="alice is not on the list"):
        asyncio.run(made.create_object())
    made.authenticator = SimpleNamespace(vouched=lambda name: Vouched(allowed=name == "alice"))
    asyncio.run(made.create_object())


def test_a_share_of_another_group_is_neither_mounted_nor_named(server, monkeypatch):
    monkeypatch.setattr(spawner.shares, "group_ids", lambda _groups: {"teachers": 2000, "staff": 3000})
    made, fake = server()
    groups = {"project": "teachers", "marks": "staff", "old": "gone"}
    found = tuple(SharedFolder(name, group=group) for name, group in groups.items())
    made.hub_settings = replace(made.hub_settings, shares=found)
    asyncio.run(made.create_object())
    host = next(kwargs for method, _, kwargs in fake.calls if method == "create_container")["host_config"]
    assert host["GroupAdd"] == ["2000"]
    assert [m["Target"] for m in host["Mounts"] if not m["ReadOnly"]] == ["/home/alice", "/srv/data/project"]
    groups = Path(layout.SERVER_ACCOUNTS, "1000.group").read_text(encoding="utf-8")
    assert "teachers:x:2000:alice" in groups
    assert "staff" not in groups


def test_links_to_what_a_group_alone_reads_are_made_by_the_server(server):
    made, fake = server()
    groups = {"exams": "teachers", "secret": "staff"}
    found = tuple(SharedFolder(name, readers=group) for name, group in groups.items())
    made.hub_settings = replace(made.hub_settings, shares=found)
    asyncio.run(made.create_object())
    create = next(kwargs for method, _, kwargs in fake.calls if method == "create_container")
    assert create["environment"]["HUBINSTALL_SHARES"] == "/srv/data/exams"
    assert create["host_config"]["GroupAdd"] == ["2000"]


def test_what_an_administrator_adds_comes_on_top(server):
    made, fake = server()
    made.extra_host_config = {"tmpfs": {"/scratch": "size=1g"}, "oom_score_adj": 100}
    made.extra_create_kwargs = {"labels": {"course": "101"}}
    asyncio.run(made.create_object())
    create = next(kwargs for method, _, kwargs in fake.calls if method == "create_container")
    assert {"/scratch", "/tmp"} <= set(create["host_config"]["Tmpfs"])
    assert create["host_config"]["OomScoreAdj"] == 100
    labels = {layout.USER_LABEL: "alice", layout.SERVER_LABEL: "", layout.UID_LABEL: "1000"}
    assert create["labels"] == labels | {"course": "101"}


def failed_start(made) -> str:
    with pytest.raises(StartFailure) as failure:
        asyncio.run(made.start())
    return format_exception(failure.value)[0]


def test_a_container_that_dies_says_why(server):
    made, _ = server(inspect_container=running(alive=False, code=3))
    said = "Your server exited while it was starting (exit code 3). Its last output:\nit said"
    assert failed_start(made) == f"{said}\n{API_HINT}"


def test_a_container_that_never_listens_is_given_up(server, monkeypatch):
    monkeypatch.setattr(spawner, "SILENCE", 0.1)
    monkeypatch.setattr(spawner, "LOOK", 0.05)
    monkeypatch.setattr(spawner, "listens", never)
    made, _ = server(inspect_container=running())
    assert failed_start(made).startswith("Your server is running, but did not answer within 0 seconds. Its last output")


async def never(_ip, _port) -> bool:
    return False


def test_a_missing_image_account_or_docker_is_said(server, monkeypatch):
    made, _ = server(inspect_image=not_found("No such image: x"))
    assert failed_start(made).endswith("Ask its administrator to run `hubinstall apply`.")
    made, _ = server(inspect_container=requests.exceptions.ConnectionError("refused"))
    assert failed_start(made).startswith("Docker does not answer")
    made, _ = server(inspect_container=not_found("No such container"))
    monkeypatch.setattr(Account, "find", classmethod(lambda *_: None))
    assert failed_start(made) == "The account alice no longer exists on this machine."


def test_only_docker_itself_ends_a_server(server):
    for answer, expected in (
        (running(), None),
        (running(alive=False, code=137), "exit code 137"),
        (not_found("No such container"), 0),
        (requests.exceptions.ConnectionError("refused"), None),
        (requests.exceptions.ReadTimeout("slow"), None),
        (docker.errors.DockerException("Error while fetching server API version"), None),
    ):
        made, _ = server(inspect_container=answer)
        assert asyncio.run(made.poll()) == expected


def test_a_server_without_a_process_has_ended_whatever_docker_says(server, monkeypatch):
    monkeypatch.setattr(unseen_end, "SOON", 0.01)
    with subprocess.Popen(["sleep", "60"]) as process:
        answer = running(pid=process.pid)
        made, there = server(inspect_container=answer)
        assert asyncio.run(made.poll()) is None
        assert len(there.calls) == 1
        process.kill()
    assert asyncio.run(made.poll()) == "exit code 0 Docker missed its end"
    assert [method for method, _, _ in there.calls] == ["inspect_container"] * 3, "Docker may be about to tell of it"
    assert asyncio.run(server(inspect_container=running(pid=1))[0].poll()) is None, "another account's process"


def test_a_server_that_no_way_leads_to_is_ended(server):
    """It was started just before the hub came up under another base URL."""
    made, there = server(inspect_container=running(path="/jupyter/user/alice/"))
    assert asyncio.run(made.poll()) == "started under another URL"
    assert ("stop", ("c0ffee",), {}) in there.calls
    made, there = server(inspect_container=running(path="/user/alice/second/"))
    assert asyncio.run(made.poll()) is None
    assert [method for method, _, _ in there.calls] == ["inspect_container"]
    made, _ = server(inspect_container=running(path="/elsewhere/"), stop=requests.exceptions.ConnectionError("refused"))
    assert asyncio.run(made.poll()) == "started under another URL"


def test_a_server_of_an_earlier_account_is_ended(server):
    made, there = server(inspect_container=running(uid="999"))
    assert asyncio.run(made.poll()) == "started for an earlier account of that name"
    assert ("stop", ("c0ffee",), {}) in there.calls


def test_a_home_that_cannot_be_used_is_said(server):
    made, _ = server(inspect_container=running(alive=False, code=79), logs=b"owner=0\n")
    assert failed_start(made).startswith(
        "The home directory /home/alice belongs to root, and alice cannot write to it."
    )


def test_an_account_that_changes_while_its_server_starts_does_not_get_it(server, monkeypatch):
    made, there = server(inspect_container=running())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made.port = listener.getsockname()[1]
        there.answers["inspect_container"] = running(uid="999")
        assert failed_start(made) == "Your account was changed while your server was starting. Start it again."
    assert ("stop", ("c0ffee",), {}) in there.calls


def test_a_start_returns_when_something_listens(server):
    made, _ = server(inspect_container=running())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made.port = listener.getsockname()[1]
        assert asyncio.run(made.start()) == ("127.0.0.1", made.port)


def test_people_read_what_their_start_waits_for(server):
    made, _ = server()

    async def story():
        HomeSpawner._queues["administrators"] = spawner.StartQueue(1)
        events = made.progress()
        await made._turns().enter("another", "bob")
        waiting = asyncio.create_task(made._turns().enter(made, "carol"))
        await asyncio.sleep(0)
        first = await anext(events)
        made._turns().leave("another")
        await waiting
        made._stage = "Starting your container"
        return first["message"], (await anext(events))["message"]

    assert asyncio.run(story()) == ("You are next", "Starting your container")


def test_the_clock_of_a_start_begins_with_its_turn(server):
    """JupyterHub limits `start` by start_timeout, and awaits this hook without a limit before it (User.spawn)."""
    made, _ = server(inspect_container=running())
    queue = HomeSpawner._queues["administrators"] = spawner.StartQueue(1)

    async def story():
        await queue.enter("another", "bob")
        spawn = asyncio.create_task(made.run_pre_spawn_hook())
        await asyncio.sleep(0.01)
        assert queue.ahead(made) == 0
        queue.leave("another")
        await spawn
        assert queue.ahead(made) is None

    asyncio.run(story())


@pytest.mark.parametrize("ends", ["hook fails", "cancelled", "cancelled while waiting", "start fails"])
def test_a_start_gives_its_place_back_however_it_ends(server, ends):
    made, _ = server(inspect_container=running(alive=False, code=3))
    queue = HomeSpawner._queues["administrators"] = spawner.StartQueue(1)
    forever = asyncio.Event()

    async def hook(_spawner):
        if ends == "hook fails":
            raise ValueError("of a drop-in")
        if ends == "cancelled":
            await forever.wait()

    async def spawn():
        await made.run_pre_spawn_hook()
        await made.start()

    async def story():
        made.pre_spawn_hook = hook
        if ends == "cancelled while waiting":
            await queue.enter("another", "bob")
        task = asyncio.create_task(spawn())
        await asyncio.sleep(0.05)
        if ends.startswith("cancelled"):
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        queue.leave("another")
        async with asyncio.timeout(60):
            await queue.enter("the next", "bob")

    asyncio.run(story())


def test_a_start_that_does_nothing_gives_its_place_back_before_it_ends(server, monkeypatch):
    monkeypatch.setattr(spawner, "LOOK", 0.01)
    monkeypatch.setattr(startqueue, "IDLE", 0.05)
    monkeypatch.setattr(spawner, "listens", never)
    made, _ = server(inspect_container=running())
    queue = HomeSpawner._queues["administrators"] = spawner.StartQueue(1)

    async def story():
        start = asyncio.create_task(made.start())
        await asyncio.sleep(0)
        assert queue.has_place(made)
        async with asyncio.timeout(60):
            await queue.enter("the next", "bob")
        assert not start.done()
        start.cancel()
        await asyncio.gather(start, return_exceptions=True)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("name", "admin", "waits"), [("bob", False, True), ("bob", True, False), (layout.PROBE_USER, False, False)]
)
def test_administrators_and_the_probe_do_not_wait_behind_people(server, monkeypatch, name, admin, waits):
    made, _ = server(inspect_container=running())
    monkeypatch.setattr(HomeSpawner, "_queues", {"people": spawner.StartQueue(1)})
    made.user.name, made.user.admin = name, admin

    async def story():
        await HomeSpawner._queues["people"].enter("another", "carol")
        spawn = asyncio.create_task(made.run_pre_spawn_hook())
        if waits:
            await asyncio.sleep(0.01)
            assert not spawn.done()
        else:
            await asyncio.wait_for(spawn, 60)
        spawn.cancel()
        await asyncio.gather(spawn, return_exceptions=True)

    asyncio.run(story())


def test_what_somebody_did_by_hand_to_a_container(server):
    paused = running()
    paused["State"]["Paused"] = True
    made, there = server(inspect_container=paused)
    assert asyncio.run(made.poll()) is None
    assert ("unpause", ("c0ffee",), {}) in there.calls
    made, there = server(inspect_container=running())
    made.object_id = "c0ffee"
    assert asyncio.run(made.poll()) is None
    assert [args for _, args, _ in there.calls] == [("c0ffee",)], "asked by its id: somebody may have renamed it"


def test_a_start_removes_the_old_containers_of_this_server_only(server):
    theirs = [
        {"Id": "renamed", "Names": ["/old"], "State": "running", "Labels": {layout.USER_LABEL: "alice"}},
        {"Id": "named", "Names": ["/x"], "State": "running", "Labels": {layout.SERVER_LABEL: "second"}},
    ]
    made, there = server(inspect_container=running(alive=False), containers=theirs)
    with pytest.raises(StartFailure):
        asyncio.run(made.start())
    asked = next(kwargs for method, _, kwargs in there.calls if method == "containers")
    assert asked == {"all": True, "filters": {"label": f"{layout.USER_LABEL}=alice"}}
    removed = [args for method, args, kwargs in there.calls if method == "remove_container" and kwargs.get("force")]
    assert removed[0] == ("renamed",)
    assert ("named",) not in removed
