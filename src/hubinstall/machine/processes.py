"""One command from start to end: its output, and the end of all its processes if it hangs."""

import contextlib
import functools
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from hubinstall.machine import activity

PROC = Path("/proc")
CHUNK = 65536
LAST = 2.0
"""Seconds for a killed process to end."""


@dataclass(frozen=True)
class Ended:
    """`stalled`: a line for each process that it had when it was killed because it hung; empty if it ended itself."""

    returncode: int
    stdout: str
    stderr: str
    stalled: tuple[str, ...] = ()


def to_its_end(
    argv: list[str],
    *,
    env: Mapping[str, str],
    stall: float,
    begun: Callable[[], None],
    input: str | None = None,  # noqa: A002 - subprocess's own name for it
    cwd: str | None = None,
    daemons: Collection[str] = (),
    told: Callable[[str], None] | None = None,
) -> Ended:
    """Run a command in its own session. It is killed after `stall` seconds without progress (activity.py), its own or
    that of `daemons`: the names of programs that work for it. `begun` is called when it has started, `told` with each
    line of its output as it comes.

    We wait for the end of the command, not of its output: a daemon that it leaves behind may keep the pipes open.
    """
    with contextlib.ExitStack() as stack:
        source = _input(stack, input)
        process = stack.enter_context(
            subprocess.Popen(
                argv, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(env), cwd=cwd,
                start_new_session=True,
            )
        )  # fmt: skip
        begun()
        out, err = _Output(told), _Output(told)
        assert process.stdout
        assert process.stderr
        stalled: tuple[str, ...] = ()
        watch = activity.Watch(functools.partial(activity.of_command, process.pid, daemons), stall)
        if not _listen(process, {process.stdout.fileno(): out, process.stderr.fileno(): err}, watch):
            stalled = tuple(_end(process.pid))
            _leave(process)
        process.wait()
        return Ended(process.returncode, out.end(), err.end(), stalled)


class _Output:
    """What a program says, and who is told of each line."""

    def __init__(self, told: Callable[[str], None] | None) -> None:
        self._all, self._told, self._at = bytearray(), told, 0

    def hear(self, said: bytes) -> None:
        self._all += said
        while self._told and (end := self._all.find(b"\n", self._at)) >= 0:
            self._tell(end)

    def end(self) -> str:
        """All of it."""
        if self._told and self._at < len(self._all):
            self._tell(len(self._all))
        return _text(self._all)

    def _tell(self, end: int) -> None:
        """A line up to there. Of one that was written over itself, as progress bars do, the last state."""
        line, self._at = _text(self._all[self._at : end]), end + 1
        if self._told and (states := [state for state in line.split("\n") if state.strip()]):
            self._told(states[-1])


def _input(stack: contextlib.ExitStack, text: str | None) -> IO[bytes] | int:
    if text is None:
        return subprocess.DEVNULL
    file = stack.enter_context(os.fdopen(os.memfd_create("input"), "w+b"))
    file.write(text.encode())
    file.seek(0)
    return file


def _listen(process: "subprocess.Popen[bytes]", heard: dict[int, _Output], watch: activity.Watch) -> bool:
    """Read the output of a process until it has ended; False if it hangs."""
    end = os.pidfd_open(process.pid)
    try:
        with selectors.DefaultSelector() as selector:
            for fd in (end, *heard):
                selector.register(fd, selectors.EVENT_READ)
            next_look = time.monotonic() + watch.every
            while True:
                ready = {key.fd for key, _ in selector.select(max(0.0, next_look - time.monotonic()))}
                for fd in ready & heard.keys():
                    said = os.read(fd, CHUNK)
                    heard[fd].hear(said)
                    if not said:
                        selector.unregister(fd)
                if ready == {end}:  # nothing is left to read
                    return True
                if time.monotonic() >= next_look:
                    if watch.hangs():
                        return False
                    next_look = time.monotonic() + watch.every
    finally:
        os.close(end)


def _end(session: int) -> list[str]:
    """Kill every process of a session; returns PID, state, wait channel and command of each."""
    members = [pid for pid in map(int, filter(str.isdigit, os.listdir(PROC))) if _session(pid) == session]
    told = [" ".join([str(pid), _state(pid), _read(pid, "wchan") or "-", _command(pid)]) for pid in members]
    for pid in members:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return told


def _leave(process: "subprocess.Popen[bytes]") -> None:
    """Return when the killed process has ended, or does not: one that waits in the kernel for a file system's program
    cannot be killed. It stays behind until that program ends, and is init's after us.
    """
    try:
        process.wait(LAST)
    except subprocess.TimeoutExpired:
        process.returncode = -signal.SIGKILL  # nobody waits for it again


def _session(pid: int) -> int:
    """The session of a process; 0 if it is gone. See proc(5), /proc/pid/stat: the fields after the name."""
    fields = _read(pid, "stat").rpartition(")")[2].split()
    return int(fields[3]) if fields else 0


def _state(pid: int) -> str:
    return (_read(pid, "stat").rpartition(")")[2].split() or ["gone"])[0]


def _command(pid: int) -> str:
    return _read(pid, "cmdline").replace("\0", " ").strip()[:200]


def _read(pid: int, name: str) -> str:
    try:
        return (PROC / str(pid) / name).read_text(errors="replace")
    except OSError:  # the process has ended meanwhile
        return ""


def _text(said: bytearray) -> str:
    """The text of an output, with Unix line endings."""
    return said.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
