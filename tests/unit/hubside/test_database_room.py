"""The hub's database on a full disk: here a process that may make no file any longer (RLIMIT_FSIZE)."""

import sqlite3
import subprocess
import sys

import pytest

from hubinstall.hubside import database_room

HUB = """
import os, resource, signal, sqlite3, sys
from sqlalchemy import create_engine, text
from hubinstall.hubside import database_room
path, kept = sys.argv[1], sys.argv[2] == "kept"
if kept:
    database_room.kept_on_connect()
engine = create_engine(f"sqlite:///{path}")
with engine.begin() as session:
    session.execute(text("create table spawners (state blob)"))
if kept:
    database_room.make(path, print)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
full = max(os.path.getsize(path), os.path.getsize(f"{path}-journal") if kept else 0)
resource.setrlimit(resource.RLIMIT_FSIZE, (full if kept else 0, full))
with engine.begin() as session:
    for _ in range(20):
        session.execute(text("insert into spawners values (zeroblob(20000))"))
with engine.begin() as session:
    session.execute(text("delete from spawners where rowid < 10"))
print("written")
"""


def hub(path, kept):
    return subprocess.run(
        [sys.executable, "-c", HUB, path, kept], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_hub_writes_what_logins_and_starts_need(tmp_path):
    ended = hub(str(tmp_path / "hub.sqlite"), "kept")
    assert ended.stdout == "written\n", ended.stderr


def test_without_the_room_it_does_not(tmp_path):
    assert "disk I/O error" in hub(str(tmp_path / "hub.sqlite"), "not").stderr


def test_room_is_taken_once(tmp_path):
    path = tmp_path / "hub.sqlite"
    sizes = []
    for _ in range(3):
        database_room.make(str(path), pytest.fail)
        sizes.append(path.stat().st_size)
    assert sizes[0] >= database_room.ROOM
    assert sizes == sizes[:1] * 3
    with sqlite3.connect(path) as connection:
        assert database_room.free(connection) >= database_room.ROOM
        assert connection.execute("select count(*) from sqlite_master").fetchone() == (0,), "no table stays"


def test_a_hub_that_was_killed_while_it_took_the_room(tmp_path):
    path = tmp_path / "hub.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("create table hubinstall_room (filler blob)")
    database_room.make(str(path), pytest.fail)
    with sqlite3.connect(path) as connection:
        assert connection.execute("select count(*) from sqlite_master").fetchone() == (0,)


def test_no_room_is_a_warning(tmp_path):
    said = []
    (tmp_path / "hub.sqlite").write_text("no database, but of more bytes than a header of SQLite's has: " * 20)
    database_room.make(str(tmp_path / "hub.sqlite"), said.append)
    assert len(said) == 1
    assert said[0].startswith("The hub's database has no room")


def test_a_journal_of_another_kind_stays(tmp_path):
    path = tmp_path / "hub.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("pragma journal_mode = wal")
    database_room.make(str(path), pytest.fail)
    with sqlite3.connect(path) as connection:
        assert connection.execute("pragma journal_mode").fetchone() == ("wal",)
