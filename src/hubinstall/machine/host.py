"""The one door to the machine: run, read, write, link, remove. Nothing else starts processes or changes files.

Answers to queries are cached (query_cache.py) until something changes: every method that changes the machine clears
the cache by itself. So a command is either a query (`query`) or a change (`run`). When in doubt, call it a change: that
costs time, whereas a query that changes something would leave false answers in the cache.

Files are written beside their path under one fixed temporary name (0600 until complete), fsynced and renamed, so that
a kill at any moment leaves the old file or the new one, and the next run overwrites the temporary one.
"""

import contextlib
import functools
import os
import shutil
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from hubinstall import layout
from hubinstall.errors import CommandError, StalledError, UserError, without_passwords
from hubinstall.machine import access_lists, processes, unix_http
from hubinstall.machine.command_environment import BASE_ENVIRONMENT, for_commands
from hubinstall.machine.crash_points import KillPoints
from hubinstall.machine.query_cache import Answers

T = TypeVar("T")
TEMPORARY = ".hubinstall-new"
CANDIDATE = ".candidate"
STALL = 300.0
"""Seconds without any progress after which a command counts as hanging (activity.py)."""
OWN_NOTES = (layout.LEDGER, layout.GENERATIONS)
"""Files that this program writes before and after each step. No cached answer depends on them."""


@dataclass(frozen=True)
class Completed:
    """A command that has ended."""

    argv: list[str]
    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Stat:
    """What is at a path; links are not followed. `kind`: file, dir, link or other; `mode`: such as "0644"."""

    kind: str
    mode: str
    owner: str
    group: str
    target: str = ""


class Journal(Protocol):
    """Is told about every path before it changes, and every membership before it ends (engine/journal.py)."""

    def remember(self, path: str) -> None: ...
    def remember_member(self, account: str, group: str) -> None: ...


class Host:
    """The machine; in tests, a directory that stands for one (`root`)."""

    def __init__(self, root: str = "/", log: Callable[[str], None] = lambda _: None) -> None:
        self.root = Path(root)
        self.log = log
        self.say: Callable[[str], None] = log
        """Shows a line on the screen while a step runs: what it waits for."""
        self.watch: Callable[[str], None] = lambda _: None
        """Shows a line of a long command's output, as it comes, to a person who wants to see that."""
        self.notices: list[str] = []
        self.tried: set[str] = set()
        """What this run has tried in people's homes. They may undo it at once, or refuse it: whatever is there now
        counts as settled, and the next run tries again.
        """
        self.silent: set[str] = set()
        """Homes and mounts that did not answer in this run, as of a server that is away: nobody asks them again."""
        self.way_out: Mapping[str, str] = {}
        """Variables for every command: how this machine reaches the internet, as config.yaml says (way_out.py)."""
        self.journal: Journal | None = None
        self.kill_points = KillPoints(os.environ.get("HUBINSTALL_CRASH_AT", ""))
        self._known = Answers()
        self._making = threading.Lock()

    # -- reading ---------------------------------------------------------------------------------------------

    def path(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def read(self, path: str, size: int = -1) -> bytes | None:
        """The content of a file, or its first `size` bytes; None if there is no file."""
        try:
            with self.path(path).open("rb") as file:
                return file.read(size)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ProcessLookupError):
            return None

    def text(self, path: str) -> str:
        """The content of a text file; empty if there is no file."""
        return (self.read(path) or b"").decode(errors="replace")

    def stat(self, path: str) -> Stat | None:
        try:
            st = self.path(path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link"}
        kind = kinds.get(stat.S_IFMT(st.st_mode), "other")
        try:
            target = os.readlink(self.path(path)) if kind == "link" else ""
        except OSError:  # its owner has replaced it meanwhile
            return None
        owner, group = self._owner(path, st)
        return Stat(kind, f"{stat.S_IMODE(st.st_mode):04o}", owner, group, target)

    def exists(self, path: str) -> bool:
        return os.path.lexists(self.path(path))

    def names(self, path: str) -> list[str]:
        """The sorted names in a directory; none if there is no directory."""
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
        """A variable of every command: from config.yaml, or else the administrator's shell; empty if it is not set."""
        return self.way_out.get(name) or os.environ.get(name, "")

    def query(
        self,
        argv: list[str],
        *,
        check: bool = True,
        input: str | None = None,  # noqa: A002 - subprocess's own name for it
        env: Mapping[str, str] | None = None,
        stall: float = STALL,
    ) -> Completed:
        """Run a command like `run`, but one that changes nothing: cached answers stay valid."""
        return self._execute(argv, check=check, input=input, env=env, cwd=None, stall=stall, bound=False)

    def ask(self, socket: str, path: str, timeout: float = 60) -> tuple[int, bytes]:
        """GET `path` from a daemon at its unix socket: HTTP status and body; status 0 if nobody answers."""
        return unix_http.get(str(self.path(socket)), path, timeout)

    def once(self, question: str, ask: Callable[[], T]) -> T:
        """The answer to a query that many resources share; asked once, until the next change (query_cache.py)."""
        return self._known.once(question, ask)

    def ahead(self, ask: Callable[[], object]) -> None:
        """Start queries in the background that will be needed anyway."""
        self._known.ahead(ask)

    def wait(self, seconds: float) -> None:
        """Give a program time to get further; cached answers are not used after that."""
        time.sleep(seconds)
        self.forget()

    def forget(self) -> None:
        """Clear the cache: something that is no method of this class, such as another process, changed the machine."""
        self._known.forget()

    # -- changing --------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def changing(self, path: str = "") -> Iterator[None]:
        """The block changes the machine (what is at `path`): cached answers are not used after it.

        All methods here that change something use it, and so must code that makes a daemon act, over a socket.
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
        stall: float = STALL,
        daemons: Collection[str] = (),
        bound: bool = False,
        live: bool = False,
    ) -> Completed:
        """Run a command that changes the machine, and wait for its end; its output goes to the log (`live`: each line
        at once, and to who watches).

        Raises CommandError if the exit code is not 0 (unless `check` is False), and StalledError after `stall` seconds
        without progress, its own or that of `daemons`: the names of programs that work for it. The command has its own
        session: Ctrl-C only reaches this program, which lets a running step finish. `bound`: if this program is killed,
        the command is killed too, so that it does not write where the next run rebuilds.
        """
        with self.changing():
            return self._execute(
                argv, check=check, input=input, env=env, cwd=cwd, stall=stall, daemons=daemons, bound=bound, live=live
            )

    def _execute(
        self,
        argv: list[str],
        *,
        check: bool,
        input: str | None,  # noqa: A002 - as above
        env: Mapping[str, str] | None,
        cwd: str | None,
        stall: float,
        bound: bool,
        daemons: Collection[str] = (),
        live: bool = False,
    ) -> Completed:
        self.log(f"$ {' '.join(argv)}")
        if bound:
            argv = ["setpriv", "--pdeathsig", "KILL", "--", *argv]
        try:
            ended = processes.to_its_end(
                argv, input=input, env=for_commands(env or {}, self.way_out), cwd=cwd, stall=stall, daemons=daemons,
                begun=functools.partial(self.kill_points.mid, wait=0.05), told=self._tell if live else None,
            )  # fmt: skip
        except FileNotFoundError:
            if check:
                raise CommandError(argv, 127, f"{argv[0]}: command not found") from None
            return Completed(argv, 127, "", f"{argv[0]}: command not found")
        for line in [] if live else (ended.stdout[-20000:] + ended.stderr[-20000:]).splitlines():
            self.log(f"  {without_passwords(line)}")
        if ended.stalled:
            self.log("\n    ".join([f"  killed: no progress for {stall:.0f} s; its processes then:", *ended.stalled]))
            raise StalledError(argv, stall, ended.stderr)
        if check and ended.returncode != 0:
            raise CommandError(argv, ended.returncode, ended.stderr.strip() or ended.stdout)
        return Completed(argv, ended.returncode, ended.stdout, ended.stderr)

    def _tell(self, line: str) -> None:
        self.log(f"  {without_passwords(line)}")
        self.watch(without_passwords(line))

    def show(self, argv: list[str]) -> int:
        """Run a command whose output goes to the terminal; returns its exit code."""
        return subprocess.run(argv, check=False, env={**os.environ, **BASE_ENVIRONMENT}).returncode

    def write(self, path: str, content: bytes, mode: str = "0644", owner: str = "root", group: str = "root") -> None:
        """Write a file, completely or not at all; its owner and mode are right before anyone can see it."""
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
            error.filename = error.filename or path  # errors of write(2) have no name
            raise
        self.kill_points.mid()
        self.rename(path + TEMPORARY, path)

    def rename(self, source: str, target: str) -> None:
        """Replace what is at `target`, atomically and durably (the directory is fsynced)."""
        self._remember(target)
        with self.changing(target):
            self.path(source).rename(self.path(target))
            self._fsync(self.path(target).parent)

    def link(self, path: str, target: str) -> None:
        """Create or replace a symbolic link, atomically."""
        temporary = path + TEMPORARY
        self.path(temporary).unlink(missing_ok=True)
        self.path(temporary).symlink_to(target)
        self.kill_points.mid()
        self.rename(temporary, path)

    def mkdir(self, path: str, mode: str = "0755", owner: str = "root", group: str = "root") -> None:
        """Create a directory, or set the owner and mode of an existing one. Its parent must exist."""
        self._remember(path)
        with self.changing(path), self._making:  # two threads may want the same directory
            at = path if self.exists(path) else path + TEMPORARY
            with contextlib.suppress(FileExistsError):
                self.path(at).mkdir(mode=0o700)
            self.kill_points.mid()
            self._chown(at, owner, group)
            self.path(at).chmod(int(mode, 8))
            self._fsync(self.path(at))  # its owner and mode are on the disk before its name is
            if at != path:
                self.rename(at, path)

    def new_files(self, path: str, listed: bytes, attribute: str = access_lists.ATTRIBUTE) -> None:
        """Set the default access list of a directory, or its own (access_lists.OWN)."""
        with self.changing(path):
            access_lists.write(self.path(path), listed, attribute)

    def remove(self, path: str) -> None:
        """Remove a file, a link or an empty directory; does nothing if it is absent, or a directory with content."""
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
        """Remove a directory with all its content; links in it are removed, never followed."""
        if not path.strip("/."):
            raise ValueError(f"{path!r} is all of the machine")
        target = self.path(path)
        if not target.is_dir() or target.is_symlink():
            return
        with self.changing(path):
            for entry in sorted(target.iterdir()):  # a seal sorts first
                (shutil.rmtree if entry.is_dir() and not entry.is_symlink() else os.unlink)(entry)
                self.kill_points.mid()
            target.rmdir()
            self._fsync(self.path(path).parent)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Within the block, this thread works on the step `name`; a test may kill it there (crash_points.py)."""
        self.kill_points.enter(name)
        try:
            self.kill_points.before()
            yield
            self.kill_points.after()
        finally:
            self.kill_points.leave()

    def notice(self, text: str) -> None:
        """Add a message that people should read at the end of the run."""
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
        there, wanted = self.path(path).lstat(), (self.uid(owner), self.gid(group))
        if (there.st_uid, there.st_gid) != wanted:  # the sandbox of a unit may forbid the call itself
            os.lchown(self.path(path), *wanted)

    def _owner(self, _path: str, st: os.stat_result) -> tuple[str, str]:
        return self._name("/etc/passwd", st.st_uid), self._name("/etc/group", st.st_gid)

    def _table(self, path: str) -> list[list[str]]:
        return self.once(path, lambda: [line.split(":") for line in self.text(path).splitlines() if ":" in line])

    def _number(self, path: str, name: str) -> int:
        for row in self._table(path):
            if row[0] == name:
                return int(row[2])
        # A directory service may know it.
        row = self.query(["getent", path.rpartition("/")[2], name], check=False).stdout.split(":")
        if len(row) > 2 and row[2].isdecimal():
            return int(row[2])
        raise UserError(f"{path} has no entry {name!r}")

    def _name(self, path: str, number: int) -> str:
        return next((row[0] for row in self._table(path) if row[2] == str(number)), str(number))
