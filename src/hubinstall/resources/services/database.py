"""A service's SQLite database: a new version of the service may want it in another form (its schema's revision).

The change is made in a copy, which then replaces the database by a rename: a kill leaves the old one or the new one.
The old one is backed up by the journal, like every file, so that a rollback brings it back. The service is stopped
meanwhile, and started again by its own step.
"""

import contextlib
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from hubinstall.errors import CommandError, UserError, cures
from hubinstall.machine.host import TEMPORARY, Host
from hubinstall.machine.process_managers.choice import MANAGERS
from hubinstall.resources.base import Change, State

RECOVER = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('select count(*) from sqlite_master').fetchone()"


@dataclass(frozen=True)
class Database:
    """A database in the form `revision`, by the name that Alembic keeps in the table alembic_version.

    `upgrade`: a command that gets the paths of the database and of the copy to make, in the form `revision`. It runs as
    `owner`. `service`: what has the database open; it is stopped first. A database that does not exist, or has no
    table, is in the right form: the service makes it.
    """

    kind: ClassVar[str] = "database"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = True
    name: str
    manager: str = "systemd"
    service: str = ""
    owner: str = "root"
    revision: str = ""
    upgrade: tuple[str, ...] = field(default=(), repr=False)
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"revision": self.revision}

    def actual(self, host: Host) -> State | None:
        found = revision(str(host.path(self.name)))
        return {"revision": self.revision if found is None else found}

    def apply(self, host: Host, change: Change) -> None:
        self.release(host)
        copy = self.name + TEMPORARY
        for leftover in (copy, f"{copy}-journal"):
            host.remove(leftover)
        before = change.before and change.before["revision"]
        try:
            host.run(
                [*self._rights(host), *self.upgrade, str(host.path(self.name)), str(host.path(copy))],
                cwd="/", bound=True,
            )  # fmt: skip
        except CommandError as error:
            last = (error.output.strip().splitlines() or [error.message])[-1]
            unchanged = "The database is unchanged. If a newer version wrote it, install that version or a newer one."
            raise UserError(
                f"{self.name} is in the form {before or 'without a name'}, and could not be upgraded to"
                f" {self.revision}: {last}",
                "\n".join([*cures(error.output), unchanged]),
            ) from error
        host.rename(copy, self.name)

    def release(self, host: Host) -> None:
        """Stop the service, and let SQLite roll back what it had not finished: then the one file is all of it."""
        if self.service and MANAGERS[self.manager].look(host, self.service).known:
            MANAGERS[self.manager].stop(host, self.service)
        if host.exists(self.name):
            host.run([*self._rights(host), "/usr/bin/python3", "-c", RECOVER, str(host.path(self.name))], check=False)

    def remove(self, host: Host) -> None:
        """It is removed with the directory of the service."""

    def _rights(self, host: Host) -> list[str]:
        """The start of a command that runs with only the rights of the owner."""
        uid, gid = host.uid(self.owner), host.gid(self.owner)
        return ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs", "--"]


def revision(path: str) -> str | None:
    """The form of an SQLite database; empty if it has none, None if there is no database yet or it cannot be read.

    The file is only read. One that was left in the middle of a write cannot be opened like that
    (sqlite.org/lockingv3.html, "hot journals"): its form is read as if it were complete, for no write changes the form.
    """
    for options in ("mode=ro", "mode=ro&immutable=1"):
        with contextlib.suppress(sqlite3.Error):
            return _revision(f"{Path(path).as_uri()}?{options}")
    return None


def _revision(uri: str) -> str | None:
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=1)) as connection:
        tables = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
        if "alembic_version" not in tables:
            return "" if tables else None
        row = connection.execute("select version_num from alembic_version").fetchone()
    return str(row[0]) if row else ""
