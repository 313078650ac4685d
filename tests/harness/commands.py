"""Commands on the test host, including those with a machine's argv prefix."""

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

TAIL = 6000


@dataclass(frozen=True)
class Result:
    """A command that has ended; output decoded as UTF-8, undecodable bytes replaced."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"$ {shlex.join(self.argv)}\n→ {self.code}\n{self.out[-TAIL:]}{self.err[-TAIL:]}"


class CommandFailedError(AssertionError):
    """A test's command did not end as it should; carries its `result`."""

    def __init__(self, result: Result, why: str = "") -> None:
        super().__init__(f"{why or 'the command failed'}:\n{result}")
        self.result = result


class EndlessError(AssertionError):
    """A test's command did not end within its time limit."""


def execute(
    argv: Sequence[str],
    *,
    check: bool = True,
    timeout: float = 600,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    shown: Sequence[str] | None = None,
    stuck: Callable[[], str] = str,
) -> Result:
    """Run a command to its end. `shown` replaces a long prefix in messages; `stuck` says more about a command that did
    not end.

    Output goes to files, not to pipes, which a daemon that the command leaves behind may keep open.
    """
    __tracebackhide__ = True
    more = ""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, _stdin(stdin) as source:
        process = subprocess.Popen(argv, stdin=source, stdout=out, stderr=err, env=env, start_new_session=True, cwd="/")
        try:
            code: int | None = process.wait(timeout)
        except subprocess.TimeoutExpired:
            code, more = None, stuck()
        finally:
            kill_group(process)
        result = Result(tuple(shown or argv), -1 if code is None else code, _text(out), _text(err))
    if code is None:
        raise EndlessError(f"not done after {timeout:g} s:\n{result}\n{more}")
    if check and code:
        raise CommandFailedError(result)
    return result


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """End a started process and its process group; do nothing if it has already ended."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def _stdin(data: bytes | None) -> Iterator[int | IO[bytes]]:
    if data is None:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield file


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
