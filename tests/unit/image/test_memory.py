"""What a server says of its memory limit, from what the kernel has counted."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from checkout_path import CHECKOUT

ROOT = CHECKOUT / "templates/image/root"
SOURCE = ROOT / "usr/lib/python3/dist-packages/hubinstall_memory.py"
VERSION_2 = {"memory.events": "low 0\nhigh 0\nmax 9\noom {full}\noom_kill {ended}\n", "memory.max": "{limit}\n"}
VERSION_1 = {
    "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill {ended}\n",
    "memory/memory.max_usage_in_bytes": "{used}\n",
    "memory/memory.limit_in_bytes": "{limit}\n",
}


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("hubinstall_memory", SOURCE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VERSION_2", str(tmp_path))
    monkeypatch.setattr(module, "VERSION_1", str(tmp_path / "memory"))
    monkeypatch.setattr(module, "prefer_programs", lambda: None)
    return module


def counted(folder: Path, files: dict[str, str], **numbers: int | str) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text.format(**numbers))


@pytest.mark.parametrize("files", [VERSION_2, VERSION_1])
@pytest.mark.parametrize(
    ("limit", "full", "words"),
    [
        (2 << 30, 8, "it used more than this server's 2 GB of memory"),
        (1536 << 20, 8, "it used more than this server's 1.5 GB of memory"),
        (300 << 20, 8, "it used more than this server's 300 MB of memory"),
        (2 << 30, 7, "the machine's memory for all servers was used up"),
        ("none", 8, "the machine's memory for all servers was used up"),
    ],
)
def test_it_says_which_limit_it_was(
    memory: ModuleType, tmp_path: Path, files: dict[str, str], limit: int | str, full: int, words: str
) -> None:
    none = "max" if files is VERSION_2 else str((1 << 63) - 4096)
    limit = none if limit == "none" else limit
    told: list[dict[str, str]] = []
    events = SimpleNamespace(emit=lambda schema_id, data: told.append({"schema": schema_id, **data}))
    app = SimpleNamespace(event_logger=events, log=SimpleNamespace(warning=lambda *_: None))
    counted(tmp_path, files, ended=3, full=7, limit=limit, used=200 << 20)
    watch = memory.Watch(app)
    watch.look()
    assert told == [], "what was before is not told"
    used = limit if full == 8 else 250 << 20
    counted(tmp_path, files, ended=4, full=full, limit=limit, used=used)
    watch.look()
    watch.look()
    assert [one["schema"] for one in told] == [memory.SCHEMA]
    assert words in told[0]["text"]


USE_2 = {"memory.current": "{used}\n", "memory.stat": "anon 5\ninactive_file {cached}\n", "memory.max": "{limit}\n"}
USE_1 = {
    "memory/memory.usage_in_bytes": "{used}\n",
    "memory/memory.stat": "inactive_file 5\ntotal_inactive_file {cached}\n",
    "memory/memory.limit_in_bytes": "{limit}\n",
}


@pytest.mark.parametrize("files", [USE_2, USE_1])
@pytest.mark.parametrize(("used", "short"), [(1100, False), (1900, False), (1901, True)])
def test_the_use_is_told_beside_the_limit(
    memory: ModuleType, tmp_path: Path, files: dict[str, str], used: int, *, short: bool
) -> None:
    counted(tmp_path, files, used=used, cached=1000, limit=1000)
    assert memory.use() == {"rss": used - 1000, "limits": {"memory": {"rss": 1000, "warn": short}}}


@pytest.mark.parametrize(("files", "none"), [(USE_2, "max"), (USE_1, str((1 << 63) - 4096))])
def test_without_a_limit_there_is_none_beside_it(
    memory: ModuleType, tmp_path: Path, files: dict[str, str], none: str
) -> None:
    counted(tmp_path, files, used=700, cached=800, limit=none)
    assert memory.use() == {"rss": 0, "limits": {"memory": {"rss": 0, "warn": False}}}


def test_where_nothing_is_counted_nothing_is_said(memory: ModuleType) -> None:
    assert memory.counts() == memory.Counts(0, 0)


def test_the_page_and_the_server_mean_the_same_event(memory: ModuleType) -> None:
    page = ROOT / "usr/local/share/jupyter/labextensions/hubinstall-announcements/static/remoteEntry.js"
    assert f'"{memory.SCHEMA}"' in page.read_text(encoding="utf-8")
    enabled = json.loads(
        (ROOT / "usr/local/etc/jupyter/jupyter_server_config.d/hubinstall_memory.json").read_text(encoding="utf-8")
    )
    assert enabled == {"ServerApp": {"jpserver_extensions": {SOURCE.stem: True}}}
