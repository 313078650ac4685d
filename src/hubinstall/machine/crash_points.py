"""Points at which a test kills this program (SIGKILL), to see that the next run continues: HUBINSTALL_CRASH_AT.

A step has these moments: `before` anything is touched; `mid`, `mid2` … the first times that it touches the machine (a
command runs, a file is written but not renamed yet); `after` it was applied, but before the ledger records that.
"""

import os
import signal
import threading
import time
from pathlib import Path

MIDS = 12
"""The number of `mid` moments in a step; a step that waits for something may have no end of them."""


class KillPoints:
    """`asked`: `<step>:<moment>`; or the path of a file: then every moment that the file does not list. Empty: none.

    In the second case the moment is added to the file before the kill, so that the next run gets one moment further.
    """

    def __init__(self, asked: str = "") -> None:
        self._asked = asked
        self._here = threading.local()
        self._lock = threading.Lock()

    def enter(self, step: str) -> None:
        """From now on this thread works on `step`."""
        self._here.step, self._here.mids = step, 0

    def leave(self) -> None:
        """The step has ended."""
        self._here.step, self._here.mids = "", 0

    def before(self) -> None:
        self._pass("before")

    def mid(self, wait: float = 0) -> None:
        """`wait`: seconds for which a command that has just started may run before the kill."""
        if getattr(self._here, "step", ""):
            self._here.mids += 1
            if self._here.mids <= MIDS:
                self._pass("mid" if self._here.mids == 1 else f"mid{self._here.mids}", wait)

    def after(self) -> None:
        self._pass("after")

    def _pass(self, moment: str, wait: float = 0) -> None:
        point = f"{self._here.step}:{moment}"
        if self._asked.startswith("/"):
            with self._lock, Path(self._asked).open("a+", encoding="utf-8") as file:
                file.seek(0)
                if point not in file.read().splitlines():
                    file.write(f"{point}\n")
                    file.flush()
                    _die(wait)
        elif point == self._asked:
            _die(wait)


def _die(wait: float) -> None:
    time.sleep(wait)
    os.kill(os.getpid(), signal.SIGKILL)
