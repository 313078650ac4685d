"""The hub's database before the hub opens it: a damaged file would make it crash for ever, without a word."""

import contextlib
import sqlite3
from pathlib import Path


def damage(path: str) -> str | None:
    """What is wrong with an SQLite file; None: nothing, or there is none yet. Locked files are not judged."""
    if not Path(path).exists() or Path(path).stat().st_size == 0:
        return None
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=1)) as connection:
            (answer,) = connection.execute("pragma quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        return None if "locked" in str(error) else str(error)
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if answer == "ok" else " ".join(str(answer).split())
