"""No cell waits for the disk: IPython writes each one into its history, and the next one waits until it is written.

Without this, one person who writes many files keeps everyone's cells from running for as long as the file system takes
to write what they have written, 30 seconds and more. A machine that crashes may lose the history's last lines, or the
history; IPython then puts the damaged file aside, and begins another.
"""

import sqlite3
from typing import Any


class Unhurried(sqlite3.Connection):
    """Leaves to the kernel when to write to the disk, and does not create and delete a file for each cell."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.execute("PRAGMA synchronous = OFF")
        self.execute("PRAGMA journal_mode = PERSIST")


# The first is IPython's own: it writes in one thread and reads in another.
c.HistoryAccessor.connection_options = {"check_same_thread": False, "factory": Unhurried}  # type: ignore[name-defined]  # noqa: F821 - the file's reader gives it
