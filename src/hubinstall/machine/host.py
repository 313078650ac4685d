"""The one door to the machine: run, read, write, link, remove. Nothing else starts processes or changes files.

What was asked once is remembered (query_cache.py) until something acts: every method that changes the machine forgets
the answers by itself. So a command is either a question (`query`) or an act (`run`); when in doubt it is an act, which
costs time where a question that acts would leave false answers.

Files are written beside their place under one fixed temporary name (0600 until complete), fsynced and renamed,
so that a kill at any moment leaves the old file or the new one, and the next run overwrites the temporary.
"""

import contextlib
import functools
import os
import shutil
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from hubinstall import layout
from hubinstall.errors import CommandError, OverdueError, UserError
from hubinstall.machine import processes, unix_http
from hubinstall.machine.command_environment import BASE_ENVIRONMENT, for_commands
from hubinstall.machine.crash_points import KillPoints
from hubinstall.machine.query_cache import Answers

T = TypeVar("T")
TEMPORARY = ".hubinstall-new"
CANDIDATE = ".candidate"
OWN_NOTES = (layout.LEDGER, layout.GENERATIONS)
"""What this program writes about each step, before and after it. No question to the machine is about these files."""


@dataclass(frozen=True)
class Completed:
    """A command that has ended."""

    argv: list[str]
    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Stat:
    """What stands at a path, links not followed. `kind` is file, dir, link or other; `mode` like "0644"."""

    kind: str
    mode: str
    owner: str
    group: str
    target: str = ""


class Journal(Protocol):
    """Is told of every path before it changes (engine/journal.py)."""

    def remember(self, path: str) -> None: ...


class Host:
    """The machine, or in tests a folder that stands for one (`root`)."""

    def __init__(self, root: str = "/", log: Callable[[str], None] = lambda _: None) -> None:
        self.root = Path(root)
        self.log = log
        self.say: Callable[[str], None] = log
        """A line for the screen while a step runs: what it waits for."""
        self.notices: list[str] = []
        self.journal: Journal | None = None
        self.kill_points = KillPoints(os.environ.get("HUBINSTALL_CRASH_AT", ""))
        self._known = Answers()
        self._making = threading.Lock()

    # -- looking ---------------------------------------------------------------------------------------------

    def path(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def read(self, path: str, size: int = -1) -> bytes | None:
        """The content of a file, or its first bytes; None where there is none."""
        try:
            with self.path(path).open("rb") as file:
                return file.read(size)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ProcessLookupError):
            return None

    def text(self, path: str) -> str:
        """The content of a text file; empty where there is none."""
        return (self.read(path) or b"").decode(errors="replace")

    def stat(self, path: str) -> Stat | None:
        try:
            st = self.path(path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link"}
        kind = kinds.get(stat.S_IFMT(st.st_mode), "other")
        target = os.readlink(self.path(path)) if kind == "link" else ""
        owner, group = self._owner(path, st)
        return Stat(kind, f"{stat.S_IMODE(st.st_mode):04o}", owner, group, target)

    def exists(self, path: str) -> bool:
        return os.path.lexists(self.path(path))

    def names(self, path: str) -> list[str]:
        """The sorted names in a folder; none where there is no folder."""
        try:
            return sorted(os.listdir(self.path(path)))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def uid(self, name: str) -> int:
        return self._number("/etc/passwd", name)

    def gid(self, name: str) -> int:
        return self._number("/etc/group", name)

    def which(self, program: str) -> str | None:
        return shutil.which(program, path=BASE_ENVIRONMENT["PATH"])

    def environment(self, name: str) -> str:
        """What the administrator's shell says; empty when it says nothing."""
        return os.environ.get(name, "")

    def query(
        self,
        argv: list[str],
        *,
        check: bool = True,
        input: str | None = None,  # noqa: A002 - subprocess's own name for it
        env: Mapping[str, str] | None = None,
        timeout: float = 1800,
    ) -> Completed:
        """Run a command that only looks, as `run` does; what was asked before still holds after it."""
        return self._execute(argv, check=check, input=input, env=env, cwd=None, timeout=timeout, bound=False)

    def ask(self, socket: str, path: str, timeout: float = 60) -> tuple[int, bytes]:
        """GET `path` of a daemon at its unix socket: HTTP status and body; status 0 where nobody answers."""
        return unix_http.get(str(self.path(socket)), path, timeout)

    def once(self, question: str, ask: Callable[[], T]) -> T:
        """Ask the machine something that holds for many resources only once, until the next change (query_cache.py)."""
        return self._known.once(question, ask)

    def ahead(self, look: Callable[[], object]) -> None:
        """Begin, beside what is going on, to ask what will be asked anyway."""
        self._known.ahead(look)

    def wait(self, seconds: float) -> None:
        """Let a program get on; what is asked after that is asked of the machine."""
        time.sleep(seconds)
        self.forget()

    def forget(self) -> None:
        """Ask the machine again: something has changed it that no method here has seen, such as another process."""
        self._known.forget()

    # -- acting ----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def changing(self, path: str = "") -> Iterator[None]:
        """What happens within changes the machine (what stands at `path`): answers from before count no more after it.

        All that acts here is in it; what tells a daemon to act, over a socket, says so by it.
        """
        try:
            yield
        finally:
            if not path.startswith(OWN_NOTES):
                self.forget()

    def run(
        self,
        argv: list[str],
        *,
        check: bool = True,
        input: str | None = None,  # noqa: A002 - subprocess's own name for it
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        timeout: float = 1800,
        bound: bool = False,
    ) -> Completed:
        """Run a command that acts to its end; its output goes to the log.

        Raises CommandError on a non-zero exit (unless `check` is False) and on a timeout in seconds. The command
        has a session of its own: Ctrl-C reaches this program, which lets a running step finish. `bound`: when this
        program is killed it goes too, so that it does not still write where the next run builds anew.
        """
        with self.changing():
            return self._execute(argv, check=check, input=input, env=env, cwd=cwd, timeout=timeout, bound=bound)

    def _execute(
        self,
        argv: list[str],
        *,
        check: bool,
        input: str | None,  # noqa: A002 - as above
        env: Mapping[str, str] | None,
        cwd: str | None,
        timeout: float,
        bound: bool,
    ) -> Completed:
        self.log(f"$ {' '.join(argv)}")
        if bound:
            argv = ["setpriv", "--pdeathsig", "KILL", "--", *argv]
        try:
            ended = processes.to_its_end(
                argv, input=input, env=for_commands(env or {}), cwd=cwd, timeout=timeout,
                begun=functools.partial(self.kill_points.mid, wait=0.05),
            )  # fmt: skip
        except FileNotFoundError:
            if check:
                raise CommandError(argv, 127, f"{argv[0]}: command not found") from None
            return Completed(argv, 127, "", f"{argv[0]}: command not found")
        for line in (ended.stdout[-20000:] + ended.stderr[-20000:]).splitlines():
            self.log(f"  {line}")
        if ended.overdue:
            self.log("\n    ".join([f"  killed after {timeout:.0f} s, when it was at:", *ended.overdue]))
            raise OverdueError(argv, timeout, ended.stderr)
        if check and ended.returncode != 0:
            raise CommandError(argv, ended.returncode, ended.stderr.strip() or ended.stdout)
        return Completed(argv, ended.returncode, ended.stdout, ended.stderr)

    def show(self, argv: list[str]) -> int:
        """Run a command whose output is for the person at the terminal; returns its exit code."""
        return subprocess.run(argv, check=False, env={**os.environ, **BASE_ENVIRONMENT}).returncode

    def write(self, path: str, content: bytes, mode: str = "0644", owner: str = "root", group: str = "root") -> None:
        """Put a file there, whole or not at all; its owner and mode are right before anyone can see it."""
        self._remember(path)
        with self.changing(path):
            self._write(path, content, mode, owner, group)

    def _write(self, path: str, content: bytes, mode: str, owner: str, group: str) -> None:
        temporary = self.path(path + TEMPORARY)
        temporary.unlink(missing_ok=True)
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(content)
                self._chown(path + TEMPORARY, owner, group)
                os.fchmod(file.fileno(), int(mode, 8))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            temporary.unlink(missing_ok=True)
            error.filename = error.filename or path  # write(2) knows no name
            raise
        self.kill_points.mid()
        self.rename(path + TEMPORARY, path)

    def rename(self, source: str, target: str) -> None:
        """Switch what stands at `target`, at once and for good (the folder is fsynced)."""
        self._remember(target)
        with self.changing(target):
            self.path(source).rename(self.path(target))
            self._fsync(self.path(target).parent)

    def link(self, path: str, target: str) -> None:
        """Make or switch a symbolic link, at once."""
        temporary = path + TEMPORARY
        self.path(temporary).unlink(missing_ok=True)
        self.path(temporary).symlink_to(target)
        self.kill_points.mid()
        self.rename(temporary, path)

    def mkdir(self, path: str, mode: str = "0755", owner: str = "root", group: str = "root") -> None:
        """Make a folder, or set the owner and mode of the one that is there. Its parent must be there."""
        self._remember(path)
        with self.changing(path), self._making:  # two threads may want the same one
            at = path if self.exists(path) else path + TEMPORARY
            with contextlib.suppress(FileExistsError):
                self.path(at).mkdir(mode=0o700)
            self.kill_points.mid()
            self._chown(at, owner, group)
            self.path(at).chmod(int(mode, 8))
            self._fsync(self.path(at))  # its rights are on the disk before its name is
            if at != path:
                self.rename(at, path)

    def remove(self, path: str) -> None:
        """Remove a file, a link or an empty folder; nothing where there is nothing, or a folder in use."""
        self._remember(path)
        self.kill_points.mid()
        target = self.path(path)
        with self.changing(path), contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if target.is_dir() and not target.is_symlink():
                with contextlib.suppress(OSError):
                    target.rmdir()
            else:
                target.unlink()
            self._fsync(self.path(path).parent)

    def remove_tree(self, path: str) -> None:
        """Remove a folder with all that is in it; links in it are removed, never followed."""
        target = self.path(path)
        if not target.is_dir() or target.is_symlink():
            return
        with self.changing(path):
            for entry in sorted(target.iterdir()):  # a seal comes first
                (shutil.rmtree if entry.is_dir() and not entry.is_symlink() else os.unlink)(entry)
                self.kill_points.mid()
            target.rmdir()
            self._fsync(self.path(path).parent)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Within it, this thread works on the step `name`; a test may have it killed there (crash_points.py)."""
        self.kill_points.enter(name)
        try:
            self.kill_points.before()
            yield
            self.kill_points.after()
        finally:
            self.kill_points.leave()

    def notice(self, text: str) -> None:
        """Something a person should read at the end of the run."""
        if text not in self.notices:
            self.notices.append(text)

    # -- inside ----------------------------------------------------------------------------------------------

    def _remember(self, path: str) -> None:
        if self.journal is not None and not path.endswith(TEMPORARY):
            self.journal.remember(path)

    def _fsync(self, folder: Path) -> None:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def _chown(self, path: str, owner: str, group: str) -> None:
        os.lchown(self.path(path), self.uid(owner), self.gid(group))

    def _owner(self, _path: str, st: os.stat_result) -> tuple[str, str]:
        return self._name("/etc/passwd", st.st_uid), self._name("/etc/group", st.st_gid)

    def _table(self, path: str) -> list[list[str]]:
        return self.once(path, lambda: [line.split(":") for line in self.text(path).splitlines() if ":" in line])

    def _number(self, path: str, name: str) -> int:
        for row in self._table(path):
            if row[0] == name:
                return int(row[2])
        raise UserError(f"there is no {name!r} in {path}")

    def _name(self, path: str, number: int) -> str:
        return next((row[0] for row in self._table(path) if row[2] == str(number)), str(number))
