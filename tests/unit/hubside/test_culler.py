"""The service that stops what the hub calls due. jupyterhub_idle_culler is only in the hub's virtualenv: a fake one."""

import asyncio
import importlib
import json
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


class FakeHub:
    """`asks`: what was asked of it."""

    url, token = "http://hub/hub/api", "secret"

    def __init__(self, *due: str) -> None:
        self.due, self.asks = due, []

    async def asked(self, method: str) -> bytes:
        self.asks.append(method)
        return json.dumps({"due": self.due}).encode() if method == "GET" else b""


@pytest.fixture
def culled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The servers that the fake culler stops, of three that run."""
    stopped: list[str] = []

    async def cull_idle(url: str, token: str, limit: int, log: Any, *, cull_arbiter: Any, **_: Any) -> None:
        for name in ("alice/", "alice/big", "bob/"):
            server = {"full_name": name}
            if cull_arbiter(inactive=None, inactive_limit=limit, server=server):
                stopped.append(name)

    monkeypatch.setitem(sys.modules, "jupyterhub_idle_culler", SimpleNamespace(cull_idle=cull_idle))
    monkeypatch.delitem(sys.modules, "hubinstall.hubside.culler", raising=False)
    return stopped


@pytest.fixture
def culler(culled: list[str]) -> ModuleType:
    return importlib.import_module("hubinstall.hubside.culler")


def test_it_stops_what_is_due_and_says_that_it_has_looked(culler: ModuleType, culled: list[str]) -> None:
    hub = FakeHub("alice/big")
    asyncio.run(culler.look(hub))
    assert culled == ["alice/big"]
    assert hub.asks == ["GET", "POST"]


def test_a_look_that_fails_is_no_look(culler: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub is not told, so that `status` sees it; the next look tries again, and the hub's end is the service's."""
    hub, parents = FakeHub(), iter([7, 7, 7, 1])

    async def fails(*_: Any, **__: Any) -> None:
        raise OSError("the hub is away")

    monkeypatch.setattr(culler, "cull_idle", fails)
    monkeypatch.setattr(culler.os, "getppid", lambda: next(parents))
    asyncio.run(culler.run(hub, 0))
    assert hub.asks == ["GET", "GET"]
