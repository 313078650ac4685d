"""The hub's database before the hub opens it: a damaged file would make it crash for ever, without a word."""

import contextlib
import sqlite3
from pathlib import Path


def damage(path: str, *, touch: bool = True) -> str | None:
    """What is wrong with an SQLite file; None: nothing, or there is none yet. Locked files are not judged.

    A hub that was killed while it wrote leaves a journal, with which SQLite undoes the half of it at the next opening
    (sqlite.org/lockingv3.html, "hot journals"); it must be allowed to write for that. `touch` off: whoever only looks
    leaves that to the hub, and does not judge such a file.
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
