"""GPUs are lent to one server each, whatever is restarted, and whoever wants them at the same time."""

import json
import random
import threading
import time
from collections import Counter
from dataclasses import replace

import pytest

from hubinstall import layout
from hubinstall.broker import calls, gpus, servers
from hubinstall.broker.engine import Call, Engine
from hubinstall.broker.policy import Policy
from hubinstall.broker.refusal import BusyError, RefusedError
from hubinstall.broker.wire import Request
from hubinstall.hubside import profiles
from hubinstall.settings.model import Settings
from unit.broker.test_calls import POLICY, described

CARDS = ("GPU-11111111-aaaa", "GPU-22222222-bbbb")
FILE = [{"display_name": "Plain"}, {"display_name": "One", "gpus": 1}, {"display_name": "Two", "gpus": 2}]
OFFERED = profiles.parse(one.described() for one in Settings.model_validate({"profiles": FILE}).profiles)
WITH = replace(POLICY, profiles=OFFERED, gpus=CARDS)


class Docker(Engine):
    """Remembers containers as dockerd does, and takes some time to answer."""

    def __init__(self, delay: float = 0) -> None:
        self.containers: dict[str, dict] = {}
        self.delay, self.lock = delay, threading.Lock()
        self.most: Counter[str] = Counter()

    def ask(self, path, query=None):
        with self.lock:
            if path == "/containers/json":
                return [dict(one) for one in self.containers.values() if one["Labels"].get(layout.GPU_LABEL)]
            found = self.containers.get(path.split("/")[2])
        return {"Id": found["Id"], "Config": {"Labels": found["Labels"]}} if found else None

    def send(self, call: Call):
        time.sleep(random.random() * self.delay)
        with self.lock:
            if call.path.endswith("/create"):
                one = f"{len(self.containers):064x}"
                self.containers[one] = {
                    "Id": one, "State": "created", "Created": time.time(), "Labels": call.body["Labels"],
                    "body": call.body,
                }  # fmt: skip
            else:
                one = call.path.split("/")[2]
                self.containers[one]["State"] = "running"
            self.most |= Counter(gpu for c in self.containers.values() if c["State"] == "running"
                                 for gpu in profiles.lent(c))  # fmt: skip
        if call.answered:
            call.answered()
        return one


@pytest.fixture(autouse=True)
def _ada(ada_alone, monkeypatch):
    monkeypatch.setattr(servers, "_OURS", set())
    monkeypatch.setattr(gpus, "_PROMISED", {})


def create(docker, slug="one", name="a", policy=WITH, **more):
    made = described()
    made["Labels"] |= {layout.CHOICE_LABEL: json.dumps({"profile": slug})} | more.pop("labels", {})
    made["HostConfig"] |= more
    path = {"name": f"jupyter-{name}{layout.CONTAINER_TAIL}"}
    request = Request("POST", "/containers/create", path, {}, json.dumps(made).encode())
    return docker.send(calls.call(policy, docker, request))


def start(docker, one, policy=WITH):
    docker.send(calls.call(policy, docker, Request("POST", f"/containers/{one}/start", {}, {}, b"")))


def test_each_has_its_own_and_who_comes_last_is_told():
    docker = Docker()
    first, second = create(docker, name="a"), create(docker, name="b")
    for one, card in ((first, CARDS[0]), (second, CARDS[1])):
        start(docker, one)
        config = docker.containers[one]["body"]["HostConfig"]
        assert config["DeviceRequests"] == [{"Driver": "nvidia", "DeviceIDs": [card], "Capabilities": [["gpu"]]}]
    with pytest.raises(BusyError, match=r"The 2 GPUs of this machine are in use\. Try again later") as refused:
        create(docker, name="c")
    assert refused.value.status == 409
    plain = create(docker, slug="plain", name="d")
    assert "DeviceRequests" not in docker.containers[plain]["body"]["HostConfig"]
    docker.containers[first]["State"] = "exited"
    assert profiles.lent(docker.containers[create(docker, name="c")]) == (CARDS[0],)
    with pytest.raises(BusyError, match="are in use"):
        create(docker, slug="two", name="e")


def test_one_that_has_ended_does_not_start_again_with_what_another_has():
    docker = Docker()
    ended = create(docker, name="a")
    start(docker, ended)
    docker.containers[ended]["State"] = "exited"
    for name in "bc":
        start(docker, create(docker, name=name))
    with pytest.raises(BusyError):
        start(docker, ended)
    assert max(docker.most.values()) == 1


def test_one_that_was_never_started_gives_it_back_after_a_while():
    docker = Docker()
    for name in "ab":
        create(docker, name=name)
    with pytest.raises(BusyError):
        create(docker, name="c")
    docker.containers[f"{0:064x}"]["Created"] -= layout.START_SECONDS
    start(docker, create(docker, name="c"))
    with pytest.raises(BusyError):
        start(docker, f"{0:064x}")


def test_a_broker_that_has_forgotten_everything_lends_nothing_twice():
    """It was killed while Docker was creating: the container is there, but was not seen when the next was lent."""
    docker = Docker()
    unseen = create(docker, name="a")
    hidden = docker.containers.pop(unseen)
    start(docker, create(docker, name="b"))
    docker.containers[unseen + "x"] = {**hidden, "Id": unseen + "x"}
    assert profiles.lent(hidden) == (CARDS[0],)
    with pytest.raises(BusyError):
        start(docker, unseen + "x")


def test_a_hundred_at_once_on_two_cards_with_restarts():
    docker, done, busy = Docker(0.004), [], []

    def person(number: int) -> None:
        for _ in range(40):
            try:
                one = create(docker, name=f"p{number}")
                start(docker, one)
            except BusyError:
                busy.append(number)
                time.sleep(random.random() * 0.02)
                continue
            time.sleep(random.random() * 0.004)
            with docker.lock:
                docker.containers[one]["State"] = "exited"
            done.append(number)
            return

    threads = [threading.Thread(target=person, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        time.sleep(0.02)
        gpus._PROMISED.clear()  # as a broker that was killed
    for thread in threads:
        thread.join()
    assert docker.most == dict.fromkeys(CARDS, 1), "both were in use, and never by two"
    assert done
    assert busy


@pytest.mark.parametrize(
    "more",
    [
        {"labels": {layout.GPU_LABEL: "[]"}},
        {"DeviceRequests": [{"Driver": "nvidia", "Count": -1, "Capabilities": [["gpu"]]}]},
        {"DeviceRequests": [{"Driver": "nvidia", "DeviceIDs": [CARDS[1]], "Capabilities": [["gpu"]]}]},
        {"Devices": [{"PathOnHost": "/dev/nvidia0", "PathInContainer": "/dev/nvidia0", "CgroupPermissions": "rw"}]},
        {"Runtime": "nvidia"},
    ],
)
def test_the_hub_cannot_take_any_itself(more):
    with pytest.raises(RefusedError):
        create(Docker(), **more)


def test_devices_are_lent_by_their_paths():
    docker = Docker()
    one = create(docker, policy=replace(WITH, gpus=("/dev/dri/renderD128",)))
    assert docker.containers[one]["body"]["HostConfig"]["Devices"] == [{
        "PathOnHost": "/dev/dri/renderD128", "PathInContainer": "/dev/dri/renderD128", "CgroupPermissions": "rw",
    }]  # fmt: skip


def test_what_is_not_there_is_said():
    with pytest.raises(BusyError, match="no GPU to lend"):
        create(Docker(), policy=replace(WITH, gpus=()))
    with pytest.raises(BusyError, match="has 1 GPU, and a server with 2"):
        create(Docker(), "two", policy=replace(WITH, gpus=CARDS[:1]))


def test_the_file_is_read_back_whole():
    assert Policy.parse(json.dumps(WITH.as_dict())) == WITH
    assert "gpus" not in POLICY.as_dict()
