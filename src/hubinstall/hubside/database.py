"""Check the hub's database before the hub opens it: with a damaged file the hub would crash again and again, without
saying why.
"""

import contextlib
import sqlite3
from pathlib import Path


def damage(path: str, *, touch: bool = True) -> str | None:
    """What is wrong with an SQLite file; None if nothing is, or if it does not exist yet. Locked files are not judged.

    A hub that was killed during a write leaves a journal. SQLite uses it to roll the write back when the file is next
    opened (sqlite.org/lockingv3.html, "hot journals"), and needs write access for that. Without `touch` the file is
    opened read-only: the rollback is left to the hub, and such a file is not judged.
    """
    if not Path(path).exists() or Path(path).stat().st_size == 0:
        return None
    unjudged = ("locked",) if touch else ("locked", "readonly")
    try:
        mode = "rw" if touch else "ro"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode={mode}", uri=True, timeout=1)) as connection:
            (answer,) = connection.execute("pragma quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        return None if any(word in str(error) for word in unjudged) else str(error)
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if answer == "ok" else " ".join(str(answer).split())
