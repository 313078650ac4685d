"""Static files that nginx serves itself: extracted from where they come from, and compressed once.

A content-named directory like a `Tree`, but a command prints its content, as a tar archive.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import ClassVar

from hubinstall.errors import CommandError, UserError
from hubinstall.machine.docker import AT_SOCKET, DAEMONS, docker
from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, State, digest
from hubinstall.resources.docker.build_guard import Guard, guarded
from hubinstall.resources.files.tree import ASIDE, SEAL, rebuilding, seal, sealed
from hubinstall.resources.packages import offline

BROTLI = "br"
NOTHING_GIVEN = 99
"""Exit code of pack.sh: the command ran but printed no archive."""
MADE_OF = "made-of"


@dataclass(frozen=True)
class StaticFiles:
    """`command` reads a program from `scripts` and prints the archive; `encodings` are the compressions to make.

    `source`: the path of a file that names where the command takes the files from, unless the directory's name does.
    If the files cannot be extracted, the directory stays empty, and nginx passes the requests on to the servers.
    """

    kind: ClassVar[str] = "static-files"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    command: tuple[str, ...] = ()
    container: str = ""
    """The name of the container that the command runs, if it does."""
    scripts: str = ""
    encodings: tuple[str, ...] = ()
    source: str = ""
    what: str = ""
    """What they are extracted from, in words for people."""
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"complete": True, "of": "what is there now"}

    def actual(self, host: Host) -> State | None:
        found = sealed(host, self.name)
        if found is None:
            return None
        current = host.text(f"{self.name}/{MADE_OF}") == self._made_of(host)
        return {**found, "of": "what is there now" if current else "what was there before"}

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        made_of = self._made_of(host)
        with rebuilding(host, self.name):
            host.mkdir(self.name)
            self._pack(host)
            host.write(f"{self.name}/{MADE_OF}", made_of.encode())
            seal(host, self.name)

    def remove(self, host: Host) -> None:
        host.remove_tree(self.name)
        host.remove_tree(self.name + ASIDE)

    @property
    def archive(self) -> str:
        """Their name in an offline bundle."""
        return f"{PurePosixPath(self.name).name}.tar"

    def save(self, host: Host, path: str) -> None:
        """Write them into an archive, for a bundle."""
        left_out = [f"--exclude=./{name}" for name in (SEAL, MADE_OF)]
        owned = ["--owner=root:0", "--group=root:0", "--sort=name"]
        where = [f"--file={host.path(path)}", f"--directory={host.path(self.name)}"]
        host.run(["tar", "--create", *where, *left_out, *owned, "."])

    def _pack(self, host: Host) -> None:
        if brought := offline.file(host, offline.STATIC, self.archive):
            where = [f"--file={host.path(brought)}", f"--directory={host.path(self.name)}"]
            host.run(["tar", "--extract", *where, "--no-same-owner", "--no-same-permissions"], bound=True)
            return
        brotli = BROTLI if BROTLI in self.encodings else "-"
        argv = ["bash", f"{self.scripts}/pack.sh", str(host.path(self.name)), brotli, *self.command]
        with self._guarded(host) as guard:
            done = host.run(argv, env=AT_SOCKET, check=False, daemons=DAEMONS, bound=True)
        if guard.why:
            raise UserError(f"the static files of {self.what} could not be extracted: {guard.why}", guard.hint)
        if done.returncode == NOTHING_GIVEN:
            said = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("tar:")]
            host.notice(
                f"nginx cannot serve the static files of {self.what} itself ({(said or ['no reason given'])[-1]}): its"
                " servers send them, which is a little slower"
            )
        elif done.returncode:
            raise CommandError(argv, done.returncode, done.stderr.strip() or done.stdout)

    @contextlib.contextmanager
    def _guarded(self, host: Host) -> Iterator[Guard]:
        if not self.container:
            yield Guard()
            return
        docker(host, "rm", "--force", self.container, check=False)  # of a run that was killed
        with guarded(host, self.container) as guard:
            yield guard

    def _made_of(self, host: Host) -> str:
        return digest(host.read(self.source) or b"") if self.source else ""
