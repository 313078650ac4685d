"""Where the time of one hubinstall command goes: `where.py VERB …`, run by hubinstall's own Python, prints JSON.

A timer interrupts the main thread every millisecond and asks what it is doing. A look counts for the module that is
being imported (the one that hubinstall's own code asked for), else for hubinstall's innermost function: a wait for a
child process or another thread counts for the function that waits. Child processes are noted with their wall time.
"""

import contextlib
import io
import json
import signal
import subprocess
import sys
import threading
import time
from types import FrameType
from typing import Any

EVERY = 0.001
MAIN = threading.main_thread().ident
WAITING = ("host.once", "engine._settle", "report._beat", "python")
BEGAN = time.perf_counter()
looks: list[tuple[float, str]] = []
children: list[tuple[str, float, float]] = []


class Timed(subprocess.Popen):  # type: ignore[type-arg]
    """A child process with its place on the clock, from its start until it has been waited for."""

    def __init__(self, args: Any, *rest: Any, **named: Any) -> None:
        self._began = time.perf_counter()
        self._noted = False
        super().__init__(args, *rest, **named)

    def wait(self, timeout: float | None = None) -> int:
        code = super().wait(timeout)
        if not self._noted:
            self._noted = True
            words = " ".join(self.args) if isinstance(self.args, list) else str(self.args)
            children.append((words, self._began - BEGAN, time.perf_counter() - self._began))
        return code


def look(_number: int, frame: FrameType | None) -> None:
    what = doing(frame)
    if what == "engine.apply":
        # It waits for its workers, of which some wait as well: for a lock, or for work.
        others = {doing(other) for thread, other in sys._current_frames().items() if thread != MAIN}
        what = " + ".join(sorted(o for o in others if not o.endswith(WAITING))) or what
    looks.append((time.perf_counter() - BEGAN, what))


def doing(frame: FrameType | None) -> str:
    asked = inner = ""
    while frame is not None:
        name, function = frame.f_globals.get("__name__", ""), frame.f_code.co_name
        if name == "importlib._bootstrap" and function == "_find_and_load":
            asked = str(frame.f_locals.get("name", ""))
        elif name == __name__ or name.startswith("hubinstall"):
            if asked or function == "<module>":
                return f"import {asked or name}"
            place = f"{name.removeprefix('hubinstall.')}.{function}"
            if name == "hubinstall.machine.host" and not inner:
                inner = f" → {place}"  # the door to the machine: who went through it tells more
            elif name != __name__:
                return place + inner
        frame = frame.f_back
    return "python"


def main() -> None:
    subprocess.Popen = Timed  # type: ignore[misc]
    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, EVERY, EVERY)
    with contextlib.redirect_stdout(io.StringIO()):
        from hubinstall.cli.main import main as command  # noqa: PLC0415 - the import is part of what is measured

        code = command(sys.argv[1:])
    signal.setitimer(signal.ITIMER_REAL, 0)
    took = time.perf_counter() - BEGAN
    print(json.dumps({"code": code, "took": took, "looks": looks, "children": children}))


if __name__ == "__main__":
    main()
