"""What a server says of a home that is full, from what the file system tells."""

import asyncio
import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from checkout_path import CHECKOUT

ROOT = CHECKOUT / "templates/image/root"
SOURCE = ROOT / "usr/lib/python3/dist-packages/hubinstall_home.py"
MB, GB = 1 << 20, 1 << 30


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("hubinstall_home", SOURCE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "hubinstall_home", module)
    spec.loader.exec_module(module)
    return module


def mine(module: ModuleType, *items: tuple[str, int, int]) -> Any:
    """A home with these paths: bytes and files."""
    below = [module.Item(path, used, files) for path, used, files in items]
    return module.Item(".", sum(i.used for i in below), 1 + sum(i.files for i in below), below)


def test_a_quota_that_is_used_up(home: ModuleType) -> None:
    there = home.Room(used=10 * GB, size=10 * GB, files=4, most_files=10**6, limited=True)
    found = mine(home, ("data/run.bin", 7 * GB, 1), (".cache", 2 * GB, 300), ("notes.ipynb", MB, 1))
    said = home.words(there, found, complete=True)
    assert said.startswith(
        "Your home is full: 10 GB of 10 GB are used. The biggest: data/run.bin (7 GB), .cache (2 GB). "
    )


def test_a_disk_that_others_have_filled(home: ModuleType) -> None:
    there = home.Room(used=98 * GB, size=100 * GB, files=4, most_files=10**6, limited=False)
    assert not there.is_full, "2 GB are room enough"
    there = home.Room(used=100 * GB - 500 * MB, size=100 * GB, files=4, most_files=10**6, limited=False)
    assert there.is_full
    said = home.words(there, mine(home, ("a", 3 * MB, 1)), complete=False)
    assert said.startswith(
        "The disk of your home is full: 99.5 GB of 100 GB are used, at least 3 MB by you. The biggest: a"
    )


def test_too_many_files(home: ModuleType) -> None:
    there = home.Room(used=MB, size=GB, files=980, most_files=1000, limited=True)
    assert there.is_full
    said = home.words(there, mine(home, ("a", 1 * MB, 1), ("many", 4096, 900)), complete=True)
    assert "nearly full: 980 of 1000 files and folders are there. The biggest: many (900 files). " in said


@pytest.mark.parametrize(
    ("used", "limited", "full"), [(96, True, True), (94, True, False), (96, False, True), (94, False, False)]
)
def test_when_a_home_counts_as_full(home: ModuleType, used: int, limited: bool, full: bool) -> None:
    assert home.Room(used * MB, 100 * MB, 0, 0, limited=limited).is_full is full


def test_what_is_big_is_named_by_the_smallest_folder_that_has_most_of_it(home: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "data/2024/run").mkdir(parents=True)
    (tmp_path / "data/2024/run/model.bin").write_bytes(b"x" * 4 * MB)
    (tmp_path / "data/notes").write_bytes(b"x" * 4096)
    (tmp_path / "many").mkdir()
    for number in range(6):
        (tmp_path / "many" / str(number)).write_bytes(b"x" * MB)
    os.link(tmp_path / "data/2024/run/model.bin", tmp_path / "a-second-name")
    os.symlink("/usr", tmp_path / "elsewhere")
    look = home.Look(str(tmp_path))
    found = home.biggest(look.of(str(tmp_path)), by_files=False)
    assert look.complete
    assert {item.path for item in found} <= {"many", "data/2024/run/model.bin", "a-second-name"}
    assert found[0].path == "many"
    assert 6 * MB <= found[0].used < 7 * MB
    assert len(found) == 2, "a second name takes no second room, and what a link points to is not there"


def test_a_look_ends_in_time(home: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "LONGEST", 0.0)
    (tmp_path / "a").write_text("x")
    look = home.Look(str(tmp_path))
    assert look.of(str(tmp_path)).below == []
    assert not look.complete


def test_it_is_said_once_until_much_has_changed(
    home: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = [
        home.Room(used, 1000 * MB, 0, 0, limited=True) for used in (90 * MB, 960 * MB, 961 * MB, 990 * MB, 900 * MB)
    ]
    monkeypatch.setattr(home, "room", lambda _: rooms.pop(0))
    watch = home.Watch(str(tmp_path))
    said = [watch.look() for _ in range(5)]
    assert said[0] == said[4] == ""
    assert said[1] == said[2] != said[3]
    assert "990 MB of 1000 MB" in said[3]


def test_page_and_hub_are_told(home: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub once, each page that may have been opened since each time, and both when it is over."""
    shown: list[str] = []
    posted: list[str] = []

    async def tell_hub(self: Any, text: str) -> None:
        posted.append(text)
        self.hub, self.told_hub = text, home.time.monotonic()

    monkeypatch.setattr(home.Teller, "tell_hub", tell_hub)
    events = SimpleNamespace(emit=lambda schema_id, data: shown.append(data["text"]))
    teller = home.Teller(SimpleNamespace(event_logger=events, log=SimpleNamespace(warning=lambda *_: None)))

    async def tell() -> None:
        for text in ("", "full", "full", "", ""):
            await teller.tell(text)

    asyncio.run(tell())
    assert shown == ["full", "full", ""]
    assert posted == ["", "full", ""], "an earlier server may have said something else"


def test_the_page_and_the_server_mean_the_same_event(home: ModuleType) -> None:
    page = ROOT / "usr/local/share/jupyter/labextensions/hubinstall-announcements/static/remoteEntry.js"
    assert f'"{home.SCHEMA}"' in page.read_text(encoding="utf-8")
    enabled = json.loads(
        (ROOT / "usr/local/etc/jupyter/jupyter_server_config.d/hubinstall_home.json").read_text(encoding="utf-8")
    )
    assert enabled == {"ServerApp": {"jpserver_extensions": {SOURCE.stem: True}}}
