"""hubinstall's own log: every step, and every command with its output; readable by root only."""

import contextlib
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

LARGE = 8 << 20
"""Bytes after which a run starts a new file."""
KEPT = 4
"""How many older files are kept; .1 is the newest."""


class Log:
    """Appends lines with their time (UTC). Thread-safe; a full disk does not stop a run."""

    def __init__(self, path: str) -> None:
        file = Path(path)
        self._lock = threading.Lock()
        self._fd = -1
        with contextlib.suppress(OSError):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            rotate(file)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._fd = os.open(file, flags, 0o600)
            os.fchmod(self._fd, 0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def write(self, text: str) -> None:
        """One entry; lines after the first are indented."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        lines = text.rstrip().replace("\r", " ").replace("\n", "\n    ")
        entry = f"{now}Z {lines}\n"
        with self._lock, contextlib.suppress(OSError):
            if self._fd >= 0:
                os.write(self._fd, entry.encode(errors="replace"))

    def close(self) -> None:
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1


def rotate(file: Path) -> None:
    """Rotate a large log and delete the oldest file."""
    if not file.exists() or file.stat().st_size < LARGE:
        return
    for number in range(KEPT - 1, 0, -1):
        older = file.with_name(f"{file.name}.{number}")
        if older.exists():
            older.replace(file.with_name(f"{file.name}.{number + 1}"))
    file.replace(file.with_name(f"{file.name}.1"))
