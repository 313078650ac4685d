"""One test machine, seen from outside: start and stop it, run commands in it, copy files, cut its network."""

import contextlib
import functools
import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from harness import checkout, numbers, room, store, stuck
from harness.archives import pack
from harness.cgroups import Cgroup
from harness.commands import Result, execute, kill_group
from harness.network import Link, write_resolvers
from harness.nspawn import Boot, ProcessManager

KEEP = os.environ.get("HUBINSTALL_KEEP") == "1"
# Where a machine finds the test host's cache of Python packages; an installation does not know about it.
UV_CACHE = "/var/cache/hubinstall-tests/uv"
LOGIN = {
    "HOME": "/root",
    "USER": "root",
    "LOGNAME": "root",
    "SHELL": "/bin/bash",
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "UV_CACHE_DIR": UV_CACHE,
    "UV_LINK_MODE": "copy",
}
# The proxy settings of the test host, if its administrator has set any.
SITE = (
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "PIP_CERT",
    "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "PIP_DEFAULT_TIMEOUT", "PIP_INDEX_URL",
    "UV_DEFAULT_INDEX", "NPM_CONFIG_REGISTRY",
)  # fmt: skip


@dataclass(frozen=True)
class Snapshot:
    """The root directory of a stopped machine, kept to start others from."""

    root: Path
    process_manager: ProcessManager
    number: int
    """The number of that machine: a machine that starts from the snapshot gets the same address, unless it is taken."""


class Running(Protocol):
    """A machine that is up: the way into it, and the ways to end it."""

    @property
    def leader(self) -> int:
        """The process on the test host that ends with the machine."""

    @property
    def pace(self) -> float:
        """By how much times are to be multiplied here."""

    def prefix(self) -> list[str]:
        """The prefix for an argv that runs it inside the machine as root."""

    def shut_down(self) -> None: ...

    def cut_power(self) -> None: ...


class Machine:
    """A context manager: booted within the block, removed after it. With HUBINSTALL_KEEP=1 and `keep()` it stays."""

    def __init__(
        self, process_manager: ProcessManager, *, memory: int | None = None, snapshot: Snapshot | None = None,
        number: int | None = None, packages: Sequence[str] = store.PACKAGES,
    ) -> None:  # fmt: skip
        """`memory`: the memory of the whole machine, in bytes. `snapshot`: start from it instead of a fresh root.
        `number`: the number in its name and address, if it is free. `packages`: what a fresh root has.
        """
        self.process_manager = process_manager
        self.memory = memory
        self._snapshot = snapshot
        self._number = snapshot.number if snapshot else number
        self._packages = packages
        self._booted: Running | None = None
        self._kept = False
        self._claim: numbers.Claim | None = None
        self.beside = contextlib.ExitStack()
        """Processes on the test host that run for this machine and end with it."""

    @classmethod
    def from_snapshot(cls, snapshot: Snapshot, *, memory: int | None = None) -> Self:
        return cls(snapshot.process_manager, memory=memory, snapshot=snapshot)

    def __enter__(self) -> Self:
        self._claim = numbers.claim(self._number)
        try:
            self._make_root()
            self.start()
        except BaseException:
            self._destroy()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.beside.close()
        if KEEP and (self._kept or error is not None):
            self._leave()
        else:
            self._destroy()

    # Its names, and where it is.

    @property
    def link(self) -> Link:
        if self._claim is None:
            raise RuntimeError("the machine exists only inside its `with` block")
        return Link(self._claim.number)

    @property
    def name(self) -> str:
        return self.link.name

    @property
    def address(self) -> str:
        return self.link.address

    @property
    def own_words(self) -> tuple[str, ...]:
        """Its address and name, and those of the machine of its snapshot, which are still in its files."""
        links = [self.link, *([Link(self._snapshot.number)] if self._snapshot else [])]
        words = {word for link in links for word in (link.address, link.name)}
        return tuple(sorted(words, key=len, reverse=True))  # hi1 is in hi12, too

    @property
    def pace(self) -> float:
        """By how much the time limits of tests are multiplied on this machine: 1 unless it is slower than the host."""
        return self._booted.pace if self._booted else 1.0

    @property
    def folder(self) -> Path:
        return store.folder("machines", self.name)

    @property
    def root(self) -> Path:
        """The machine's root on the test host; its /run, /proc and mounts are not in it."""
        return self.folder / "root"

    # Power.

    def start(self) -> None:
        if self._booted:
            raise RuntimeError(f"{self.name} runs already")
        self.link.up()
        self._booted = self._boot()

    def _boot(self) -> Running:
        write_resolvers(self.root)
        cache = store.folder("cache", "uv")
        return Boot(
            name=self.name,
            root=self.root,
            namespace=self.link.namespace,
            cgroup=Cgroup(self.name, self.memory),
            process_manager=self.process_manager,
            console=self.folder / "console.log",
            binds=((cache, UV_CACHE),),
            outlive=KEEP,
        ).start()

    def stop(self, *, power_cut: bool = False) -> None:
        """Shut down cleanly, or as in a power failure."""
        if self._booted:
            if power_cut:
                self._booted.cut_power()
            else:
                self._booted.shut_down()
        self._booted = None
        self.link.down()
        Cgroup(self.name).remove()

    def reboot(self, *, power_cut: bool = False) -> None:
        """A cold boot: the root stays; processes, /run and the kernel's network state go. A cut network stays cut."""
        self.stop(power_cut=power_cut)
        self.start()

    def cut_network(self) -> None:
        self.link.cut()

    def restore_network(self) -> None:
        self.link.restore()

    @contextlib.contextmanager
    def offline(self) -> Iterator[None]:
        """No outside network within the block; loopback and the link to the test host remain."""
        self.cut_network()
        try:
            yield
        finally:
            self.restore_network()

    def snapshot(self, target: Path) -> Snapshot:
        """Keep the root of this machine, which must be stopped, as `target`."""
        if self._booted:
            raise RuntimeError("stop the machine before its snapshot is taken")
        unfinished = target.with_name(f"{target.name}.new")
        store.remove(unfinished)
        store.copy(self.root, unfinished)
        store.remove(target)
        unfinished.rename(target)
        return Snapshot(target, self.process_manager, self.link.number)

    # Commands.

    def prefix(self, env: Mapping[str, str] | None = None) -> list[str]:
        """The prefix for an argv that runs it inside the machine as root, with the environment of a login."""
        if self._booted is None:
            raise RuntimeError(f"{self.name} is stopped")
        site = {name: os.environ[name] for name in SITE if name in os.environ}
        variables = [f"{name}={value}" for name, value in {**LOGIN, **site, **(env or {})}.items()]
        return [*self._booted.prefix(), "env", "-i", "-C", "/root", *variables]

    def run(
        self,
        command: str | Sequence[str],
        *,
        check: bool = True,
        timeout: float = 600,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Result:
        """Run an argv, or a line of bash.

        :raises CommandFailedError: it ended with an exit code other than 0 (unless `check` is false).
        :raises EndlessError: it had not ended after `timeout` seconds (times `pace`), and was killed.
        """
        __tracebackhide__ = True
        argv = ["bash", "-c", command] if isinstance(command, str) else list(command)
        shown = [f"[{self.name}]", *argv]
        prefix = self.prefix(env)
        more = functools.partial(stuck.story, prefix)
        return execute([*prefix, *argv], check=check, timeout=timeout * self.pace, stdin=stdin, shown=shown, stuck=more)

    @contextlib.contextmanager
    def background(
        self, command: str | Sequence[str], *, env: Mapping[str, str] | None = None
    ) -> "Iterator[subprocess.Popen[bytes]]":
        """A command that runs during the block, with pipes, and is killed at the end of the block."""
        argv = ["bash", "-c", command] if isinstance(command, str) else list(command)
        pipe = subprocess.PIPE
        argv = [*self.prefix(env), *argv]
        with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as process:
            try:
                yield process
            finally:
                kill_group(process)

    # Files.

    def write(self, path: str, content: str | bytes, mode: int = 0o644) -> None:
        data = content.encode() if isinstance(content, str) else content
        script = 'mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"'
        self.run(["sh", "-c", script, "sh", path, f"{mode:o}"], stdin=data)

    def read(self, path: str) -> str:
        return self.run(["cat", "--", path]).out

    def exists(self, path: str) -> bool:
        return self.run(["test", "-e", path, "-o", "-L", path], check=False).code == 0

    def push(self, source: Path, target: str) -> None:
        """Copy a file, or a directory with its content, to the path `target`."""
        if source.is_dir():
            self.unpack(pack(source, sorted(p.name for p in source.iterdir())), target)
        else:
            self.write(target, source.read_bytes(), source.stat().st_mode & 0o777)

    def push_checkout(self, target: str = "/root/hubinstall") -> None:
        """Copy this checkout's sources."""
        self.unpack(checkout.archive(), target)

    def unpack(self, archive: bytes, target: str) -> None:
        """Unpack a tar into the directory `target`."""
        self.run(["sh", "-c", 'mkdir -p "$1" && tar -C "$1" -xf -', "sh", target], stdin=archive)

    # Beginning and end.

    def keep(self) -> None:
        """Something failed here: with HUBINSTALL_KEEP=1 the machine keeps running for inspection."""
        self._kept = True

    def _make_root(self) -> None:
        if self._snapshot:
            store.copy(self._snapshot.root, self.root)
            return
        store.unpack(self.root, self._packages)
        (self.root / "etc/hostname").write_text(f"{self.name}\n")
        (self.root / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n::1 localhost\n")

    def _leave(self) -> None:
        enter = self.folder / "enter"
        prefix = shlex.join(self.prefix({"TERM": "xterm"}))
        enter.write_text(f'#!/bin/sh\n[ $# -gt 0 ] || set -- bash -l\nexec {prefix} "$@"\n')
        enter.chmod(0o755)
        if self._claim and self._booted:
            end = f"kill -9 {self._booted.leader}"  # an init ignores weaker signals
            self._claim.keep(f"{self.name} ({self.address}) is kept. Enter it: {enter}   End it: {end}")

    def _destroy(self) -> None:
        room.note()
        if self._booted:
            self._booted.cut_power()
            self._booted = None
        if self._claim:
            numbers.clear(self._claim.number)
            self._claim.release()
            self._claim = None
