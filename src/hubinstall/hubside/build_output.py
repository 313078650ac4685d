"""What the build of an environment prints, for the hub's page: root writes a file that the hub can only read.

The first line is JSON: whose build it is, and since when. Each line of output has a space before it, so that no program
of a build can write the last line, which is JSON again: how it ended. While root writes, it holds a lock on the file,
which ends with its process: what has no last line and no lock was killed.
"""

import contextlib
import fcntl
import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hubinstall import layout

FIRST, LAST = 50_000, 100_000
"""Bytes of output that are left when there is too much: from its beginning, and from its end."""
MOST = 300_000
"""Bytes of output that are too much."""
LINE = 2_000
"""Characters of a line that are kept."""
LEFT_OUT = " … (lines are left out here; hubinstall's log has all of them)\n".encode()
TERMINAL = re.compile(
    r"(\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, the cursor
    r"|(\x1b\]|\x9d)[^\x07\x1b\x9c]*(\x07|\x1b\\|\x9c)?"  # titles, links
    r"|\x1b[ -/]*[0-~]"
)
"""What only a terminal understands (ECMA-48)."""
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
"""Control characters, and those that change the direction of what follows."""


class Output:
    """For root: what the build of an environment prints from now on, instead of that of the last build. What cannot be
    written is left out: no build fails because of that. Its end is that of the process, or `close`.
    """

    def __init__(self, path: Path, environment: str) -> None:
        self._fd, self._beginning = -1, 0
        with contextlib.suppress(OSError):
            self._fd = _begun(path, {"environment": environment, "began": time.time()})

    def tell(self, line: str) -> None:
        text = line[:LINE].replace("\n", " ")
        self._add(f" {text}\n".encode(errors="replace"))

    def end(self, failure: str = "") -> None:
        """`failure`: empty if it was built."""
        self._add(f"{json.dumps({'failure': failure[: 10 * LINE]})}\n".encode())

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def _add(self, encoded: bytes) -> None:
        with contextlib.suppress(OSError):
            if self._fd >= 0 and os.lseek(self._fd, 0, os.SEEK_END) + len(encoded) > MOST:
                self._shorten()
            if self._fd >= 0:
                os.write(self._fd, encoded)

    def _shorten(self) -> None:
        """In place, because the lock is the file's: who reads it meanwhile reads it again soon."""
        told = os.pread(self._fd, 2 * MOST, 0)
        self._beginning = self._beginning or told.rfind(b"\n", 0, FIRST) + 1
        left = told[: self._beginning] + LEFT_OUT + told[told.find(b"\n", len(told) - LAST) + 1 :]
        os.ftruncate(self._fd, os.pwrite(self._fd, left, 0))
        os.lseek(self._fd, 0, os.SEEK_END)


def _begun(path: Path, head: dict[str, str | float]) -> int:
    """A new file in the place of the last one; it is locked before anybody else can open it. Raises OSError."""
    temporary = path.with_name(f"{path.name}.new")
    temporary.unlink(missing_ok=True)
    fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(fd, f"{json.dumps(head)}\n".encode())
        os.fchmod(fd, 0o640)  # its group is that of the directory
        temporary.replace(path)
    except OSError:
        os.close(fd)
        raise
    return fd


@dataclass(frozen=True)
class Build:
    """The build that runs, or the last one. `began`: in seconds of the clock; `lines`: what it has printed, without
    what is for terminals alone; `failure`: why it failed, in words.
    """

    environment: str
    began: float
    lines: str
    state: Literal["running", "built", "failed", "lost"]
    failure: str = ""


def last_build() -> Build | None:
    """None: there was none since the machine was started, or it cannot be read."""
    try:
        fd = os.open(layout.BUILD_OUTPUT, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(fd, "rb") as file:
        running = _is_locked(fd)  # before it is read: it may end meanwhile
        try:
            return _parsed(file.read(2 * MOST).decode(errors="replace"), running=running)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None


def _is_locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


def _parsed(text: str, *, running: bool) -> Build:
    """Raises ValueError and others if it is not such a file."""
    head, *lines = text.split("\n")
    told = json.loads(head)
    output = "\n".join(cleaned(line[1:]) for line in lines if line.startswith(" "))
    name, began = str(told["environment"]), float(told["began"])
    end = next((line for line in lines if line.startswith("{")), "")
    if end:
        failure = cleaned(str(json.loads(end)["failure"]))
        return Build(name, began, output, "failed" if failure else "built", failure)
    return Build(name, began, output, "running" if running else "lost")


def cleaned(text: str) -> str:
    """Without what only terminals understand, and without characters that nobody sees."""
    return UNSEEN.sub("", TERMINAL.sub("", text))
