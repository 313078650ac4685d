"""Whether idle servers are looked for, as `status` says it."""

import json
from pathlib import Path
from typing import Any

import pytest

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.settings.model import Settings
from hubinstall.verify.http_probe import Answer
from hubinstall.verify.idle_servers import idle_servers


def found(host: FakeHost, data: Any, status: int = 200, **rules: Any) -> tuple[str, str]:
    settings = Settings.model_validate({"services": {"cull": rules}})
    _, state, message, hint = idle_servers(host, settings, Answer(status, "", data, "", 0.0))
    assert bool(hint) == (state != "ok")
    return state, message


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(tmp_path, {})


def test_a_service_that_looks_is_well(host: FakeHost) -> None:
    assert found(host, {"ran": 12, "up": 900}) == ("ok", "stopped after 2 h without use")
    assert found(host, {"ran": None, "up": 20}, timeout="90m") == ("ok", "stopped after 90 min without use")


def test_one_that_has_ended_is_not(host: FakeHost) -> None:
    state, message = found(host, {"ran": 900, "up": 5000})
    assert (state, message) == ("failed", "nobody has looked for them for 900 s: they run on")
    assert found(host, {"ran": None, "up": 900})[0] == "failed"
    assert found(host, {}, status=403)[0] == "failed"
    assert found(host, {"ran": 900, "up": 5000}, every="15m")[0] == "ok"


def test_it_says_whose_it_is(host: FakeHost) -> None:
    assert "enabled: false" in found(host, None, status=0, enabled=False)[1]
    host.put(layout.DROPIN_REPORT, json.dumps({"authenticator": "", "culler": "cull", "files": {}, "warnings": []}))
    state, message = found(host, {"ran": None, "up": 900})
    assert state == "ok"
    assert "the service cull of a drop-in" in message
