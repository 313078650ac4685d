"""Room in the hub's database, so that logins and starts go on while the disk is full, no matter who filled it.

A write of SQLite's needs space in two places: for new rows, and in the journal for the pages as they were. Both are
taken beforehand: free pages in the database, and a journal that stays (sqlite.org/pragma.html#pragma_journal_mode,
PERSIST). File systems that write each change to another place, such as btrfs, need space all the same.
"""

import contextlib
import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

ROOM = 2 << 20
"""Bytes of free pages, at most; each start of the hub looks whether half of them are left."""
ROW = 3900
"""Bytes of a row that fills a page."""
ROWS = "with recursive n(i) as (select 1 union all select i + 1 from n where i < ?) select zeroblob(?) from n"
CLEARED = "drop table if exists hubinstall_room"
TAKEN = (
    (CLEARED, ()),
    ("create table hubinstall_room (filler blob)", ()),
    (f"insert into hubinstall_room {ROWS}", (ROOM // ROW, ROW)),
    ("update hubinstall_room set filler = zeroblob(?)", (ROW,)),
    (CLEARED, ()),
)
"""Statements with their values: new rows take pages, a change of rows takes space in the journal."""


def kept_on_connect() -> None:
    """Each connection of the hub's to SQLite keeps its journal. To be called once, before the hub connects."""
    if not event.contains(Engine, "connect", _keep_journal):
        event.listen(Engine, "connect", _keep_journal)


def _keep_journal(connection: Any, _record: Any) -> None:
    """A journal of another kind (WAL), which an administrator has chosen, stays."""
    if isinstance(connection, sqlite3.Connection):
        with contextlib.closing(connection.cursor()) as cursor:
            if cursor.execute("pragma journal_mode").fetchone()[0] == "delete":
                cursor.execute("pragma journal_mode = persist")
            cursor.execute("pragma temp_store = memory")


def make(path: str, warn: Callable[[str], None]) -> None:
    """Take the room if less than half of it is left. Calls `warn` if there is none, and the hub starts all the same."""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=5, isolation_level=None)) as connection:
            _keep_journal(connection, None)
            if free(connection) < ROOM // 2:
                for statement, values in TAKEN:
                    connection.execute(statement, values)
    except sqlite3.Error as error:
        warn(f"The hub's database has no room for a time when the disk is full: {error}")


def free(connection: sqlite3.Connection) -> int:
    """Bytes of the pages that are in no use."""
    pages, size = (connection.execute(f"pragma {name}").fetchone()[0] for name in ("freelist_count", "page_size"))
    return int(pages) * int(size)
