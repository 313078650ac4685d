"""Files that nginx gives out by itself: taken out of where they come from, and compressed once for all.

A content-named folder like a `Tree`, but what is in it is printed by a command, as a tar archive.
"""

from dataclasses import dataclass
from typing import ClassVar

from hubinstall.errors import CommandError
from hubinstall.machine.docker import AT_SOCKET
from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, State, digest
from hubinstall.resources.files.tree import ASIDE, built_anew, seal, sealed

BROTLI = "br"
NOTHING_GIVEN = 99
"""pack.sh: the command ran, and printed no archive."""
MADE_OF = "made-of"


@dataclass(frozen=True)
class StaticFiles:
    """`command` reads a program of `scripts` and prints the archive; `encodings` are the ways of compression.

    `source`: the path of a file that names what the command takes the files from, where the folder's name does not.
    Where the files cannot be had, the folder is made and stays empty: nginx then passes on what it is asked for.
    """

    kind: ClassVar[str] = "static-files"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    command: tuple[str, ...] = ()
    scripts: str = ""
    encodings: tuple[str, ...] = ()
    source: str = ""
    what: str = ""
    """What they are taken from, for people."""
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
        with built_anew(host, self.name):
            host.mkdir(self.name)
            self._pack(host)
            host.write(f"{self.name}/{MADE_OF}", made_of.encode())
            seal(host, self.name)

    def remove(self, host: Host) -> None:
        host.remove_tree(self.name)
        host.remove_tree(self.name + ASIDE)

    def _pack(self, host: Host) -> None:
        brotli = BROTLI if BROTLI in self.encodings else "-"
        argv = ["bash", f"{self.scripts}/pack.sh", str(host.path(self.name)), brotli, *self.command]
        done = host.run(argv, env=AT_SOCKET, check=False, bound=True)
        if done.returncode == NOTHING_GIVEN:
            said = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("tar:")]
            host.notice(
                f"{self.what} does not give its static files to nginx: its servers send them, which is a little slower"
                f" ({(said or ['no reason given'])[-1]})"
            )
        elif done.returncode:
            raise CommandError(argv, done.returncode, done.stderr.strip() or done.stdout)

    def _made_of(self, host: Host) -> str:
        return digest(host.read(self.source) or b"") if self.source else ""
