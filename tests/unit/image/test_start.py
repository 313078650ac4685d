"""The start of a user's server: what it leaves out is there for whoever does ask for it."""

import asyncio
import gc
import importlib.util
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from aiohttp import ClientConnectorError, ServerDisconnectedError
from aiohttp.client_reqrep import ConnectionKey

from checkout_path import CHECKOUT

SCRIPT = CHECKOUT / "templates/image/root/usr/local/bin/start-singleuser.py"

NOBODY = ConnectionKey("hub", 8081, False, True, None, None, None)
REFUSED = ClientConnectorError(NOBODY, ConnectionRefusedError(111, "Connection refused"))


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script as a module, beside a package `heavy` that notes when it is loaded."""
    package = tmp_path / "heavy"
    package.mkdir()
    (package / "__init__.py").write_text("import sys\nsys.heavy_was_loaded = True\nthing = 1\n")
    (package / "exc.py").write_text("from heavy import thing\nclass Trouble(Exception): pass\n")
    (package / "below.py").write_text("from heavy.exc import Trouble\nother = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "heavy_was_loaded", False, raising=False)
    spec = importlib.util.spec_from_file_location("start_singleuser", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.leave_out("heavy", is_package=True)
    module.leave_out("heavy.exc", Trouble=type("Trouble", (Exception,), {}))
    yield module
    for name in [name for name in sys.modules if name.partition(".")[0] == "heavy"]:
        del sys.modules[name]


def run(code: str) -> dict[str, object]:
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102 - imports as modules write them
    return names


def test_what_is_imported_and_not_used_is_not_loaded(start: ModuleType) -> None:
    run("import heavy\nimport heavy as h\nfrom heavy.exc import Trouble\n")
    assert not sys.heavy_was_loaded  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "code",
    [
        "import heavy as h\nfound = h.thing",
        "from heavy import thing as found",
        "from heavy.below import other\nimport heavy\nfound = heavy.thing",
        "import heavy.below\nfound = heavy.thing",
    ],
)
def test_what_is_used_is_the_real_one(start: ModuleType, code: str) -> None:
    assert run(code)["found"] == 1
    assert sys.heavy_was_loaded  # type: ignore[attr-defined]
    assert run("from heavy.exc import Trouble\nfrom heavy import below\nsame = below.Trouble is Trouble")["same"]


def test_what_is_not_there_either_is_said_as_ever(start: ModuleType) -> None:
    with pytest.raises(ImportError):
        run("from heavy import nothing")


@pytest.mark.parametrize(
    ("method", "error", "asked"),
    [
        ("GET", ServerDisconnectedError(), 3),
        ("GET", REFUSED, 3),
        ("POST", REFUSED, 3),
        ("POST", ServerDisconnectedError(), 1),
        ("GET", ValueError(), 1),
    ],
)
def test_a_hub_that_is_away_is_asked_again_where_that_is_safe(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, method: str, error: Exception, asked: int
) -> None:
    monkeypatch.setattr(start, "EVERY", 0.001)
    calls: list[str] = []

    async def fetch(url: str, *, method: str, headers: dict[str, str]) -> str:
        calls.append(f"{method} {url} {headers}")
        if len(calls) < 3:
            raise error
        return "answer"

    question = start.patient(fetch)("hub", method=method, headers={"a": "b"})
    if asked == 3:
        assert asyncio.run(question) == "answer"
    else:
        with pytest.raises(type(error)):
            asyncio.run(question)
    assert calls == [f"{method} hub {{'a': 'b'}}"] * asked


def test_a_hub_that_stays_away_is_given_up(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "EVERY", 0.001)
    monkeypatch.setattr(start, "HOLD", 0.02)

    async def fetch(url: str, *, method: str) -> None:
        raise REFUSED

    with pytest.raises(ClientConnectorError):
        asyncio.run(start.patient(fetch)("hub"))


def test_garbage_is_collected_once_it_has_started(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "START", 0.05)
    try:
        start.collect_no_garbage_yet()
        assert not gc.isenabled()
        end = time.monotonic() + 60
        while not gc.isenabled():
            assert time.monotonic() < end
            time.sleep(0.01)
    finally:
        gc.unfreeze()
        gc.enable()


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ('{"argv": ["python", "-m", "ipykernel_launcher"]}', ""),
        ('{"argv": ["/bin/sh"]}', ""),
        ('{"argv": [], "metadata": {"kernel_provisioner": {}}}', ""),
        ('{"argv": ["/gone/bin/python"]}', "its program /gone/bin/python is not there"),
        ("{", "its kernel.json cannot be read"),
        ("[1]", "its kernel.json cannot be read"),
        ("", "its kernel.json cannot be read"),
    ],
)
def test_a_kernel_that_cannot_be_started_is_known(start: ModuleType, tmp_path: Path, spec: str, fault: str) -> None:
    (tmp_path / "kernel.json").write_text(spec)
    assert start.fault_of_kernel(str(tmp_path)) == fault


@pytest.mark.parametrize(
    ("package", "install", "fault"),
    [
        ('{"name": "a", "version": "1"}', None, ""),
        ('{"name": "a", "version": "1", "jupyterlab": {"_build": {}}}', "{}", ""),
        ('{"name": "a"}', None, "its package.json cannot be read"),
        ("{", None, "its package.json cannot be read"),
        ('{"name": "a", "version": "1", "jupyterlab": true}', None, "its package.json says nothing about JupyterLab"),
        ('{"name": "a", "version": "1"}', "{", "its install.json cannot be read"),
    ],
)
def test_an_extension_that_breaks_the_page_is_known(
    start: ModuleType, tmp_path: Path, package: str, install: str | None, fault: str
) -> None:
    (tmp_path / "package.json").write_text(package)
    if install is not None:
        (tmp_path / "install.json").write_text(install)
    assert start.fault_of_extension(str(tmp_path / "package.json")) == fault


def test_a_fault_is_said_once(start: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert [start.sound("/a", "it is broken"), start.sound("/a", "it is broken"), start.sound("/b", "")] == [
        False, False, True,
    ]  # fmt: skip
    assert capsys.readouterr().err == "start-singleuser.py: /a is left out: it is broken\n"


def test_nothing_is_imported_from_the_home(start: ModuleType, tmp_path: Path) -> None:
    home, link = tmp_path / "home", tmp_path / "link"
    home.mkdir()
    link.symlink_to(home)
    folders = [str(home), str(home / "lib"), str(link / "lib"), "/usr/lib", f"{home}-of-another"]
    assert start.without_home(folders, str(link)) == ["/usr/lib", f"{home}-of-another"]
