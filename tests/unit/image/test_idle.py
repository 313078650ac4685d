"""What a server counts as use, and what it tells the hub and the page."""

import asyncio
import importlib.util
import multiprocessing
import sys
import time
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from checkout_path import CHECKOUT

SOURCE = CHECKOUT / "templates/image/root/usr/lib/python3/dist-packages/hubinstall_idle.py"


class Server:
    """As Jupyter's. `now`: of a clock that the test moves; `state`: of its one kernel."""

    def __init__(self, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.activity, self.state = 1000.0, 0, "idle"
        self.told: list[float] = []
        self.answer: dict[str, Any] | None = {"stops_in": None, "can_wait": True, "again": 60.0}
        self.events: list[dict[str, Any]] = []
        self.web_app = SimpleNamespace(last_activity=lambda: self.activity)
        kernel = SimpleNamespace(get_kernel=lambda _: SimpleNamespace(execution_state=self.state))
        self.kernel_manager = SimpleNamespace(list_kernel_ids=lambda: ["k"], **vars(kernel))
        self.event_logger = SimpleNamespace(emit=lambda schema_id, data: self.events.append(data))
        self.log = SimpleNamespace(info=lambda *_: None)
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(module, "tell", self.tell)
        self.reporter = module.Reporter(self)

    async def tell(self, idle: float) -> Any:
        self.told.append(idle)
        if self.answer is None:
            raise OSError("the hub is away")
        return self.answer

    def look(self, *, after: float) -> None:
        self.now += after
        asyncio.run(self.reporter.look())


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("hubinstall_idle", SOURCE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "hubinstall_idle", module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def server(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(module, monkeypatch)


@pytest.mark.parametrize(
    ("request_", "counts"),
    [
        ("PUT api/contents/notes.ipynb", True),
        ("POST api/kernels/1/restart", True),
        ("DELETE api/terminals/1", True),
        ("GET api/contents/notes.ipynb", False),
        ("GET api/kernels", False),
        ("POST git/status", False),
        ("PUT lab/api/workspaces/default", False),
        ("POST api/contentsofanother", False),
    ],
)
def test_what_changes_something_is_use_and_what_asks_is_not(module: ModuleType, request_: str, counts: bool) -> None:
    assert module.is_work(*request_.split()) is counts


def test_use_is_what_jupyter_sees_and_a_kernel_that_computes(server: Server) -> None:
    server.look(after=0)
    server.look(after=100)
    assert server.told == [0, 100]
    server.activity = 1
    server.look(after=100)
    server.look(after=100)
    assert server.told[2:] == [0, 100]
    server.state = "busy"
    server.look(after=7200)
    assert server.told[4:] == [0]


def test_a_job_in_the_background_is_use_until_it_ends(server: Server) -> None:
    """jupyter-scheduler runs each notebook in such a process, with a kernel that the server does not know."""
    server.look(after=0)
    job = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
    job.start()
    server.look(after=7200)
    job.kill()
    job.join()
    server.look(after=7200)
    assert server.told == [0, 0, 7200]


def test_the_hub_is_told_when_it_wants_to_be(server: Server) -> None:
    for _ in range(61):
        server.look(after=2)
    assert len(server.told) == 3
    server.answer = None
    server.look(after=60)
    server.look(after=2)
    assert len(server.told) == 4, "a hub that is away is not asked all the time"


def test_the_page_hears_of_the_end_and_that_it_was_put_off(server: Server) -> None:
    server.answer = {"stops_in": 500.0, "can_wait": True, "again": 10.0}
    server.look(after=60)
    assert server.events == [{"stops_in": 500.0, "can_wait": True}]
    server.answer = {"stops_in": None, "can_wait": True, "again": 60.0}
    asyncio.run(server.reporter.keep())
    server.look(after=2)
    assert server.told[-1] == 2, "at once, and not after another ten seconds"
    assert server.events[-1] == {"stops_in": None, "can_wait": True}
    server.look(after=60)
    assert len(server.events) == 2
