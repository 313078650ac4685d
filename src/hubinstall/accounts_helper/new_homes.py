"""Homes from /etc/skel, made beside the others and put in place whole: a home that is there is complete.

What lies in the folder for new homes also says which account was being made when the helper was killed.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hubinstall import layout
from hubinstall.accounts_helper.log import say


@dataclass(frozen=True)
class NewHome:
    """Of an account that is to have this name and number."""

    name: str
    uid: int
    homes: str = layout.HOMES

    @property
    def path(self) -> Path:
        return Path(self.homes, self.name)

    @property
    def _new(self) -> Path:
        return Path(self.homes, layout.NEW_HOMES, f"{self.name}.{self.uid}")

    def stage(self, skel: str) -> None:
        """What /etc/skel has, root's own, where nobody else gets in. On the disk before the account is made: after a
        power failure an account without its group must be known for ours.
        """
        self._new.parent.mkdir(mode=0o700, exist_ok=True)
        try:
            shutil.copytree(skel, self._new, symlinks=True)
        except shutil.Error as error:  # the rest was copied
            say(f"Not all of {skel} is in the home of {self.name}: {error}")
        except FileNotFoundError:  # a machine may have none
            self._new.mkdir(exist_ok=True)
        self._new.chmod(0o700)
        for folder in (self._new.parent, Path(self.homes)):
            _sync(folder)

    def put(self, gid: int) -> None:
        """Give it to the account, and put it where it belongs."""
        for folder, folders, files in os.walk(self._new):
            for name in (*folders, *files):
                os.lchown(os.path.join(folder, name), self.uid, gid)
        os.lchown(self._new, self.uid, gid)
        self._new.rename(self.path)
        _sync(Path(self.homes))
        self.drop()

    def drop(self) -> None:
        """What was staged is not needed."""
        shutil.rmtree(self._new, ignore_errors=True)
        with suppress(OSError):
            self._new.parent.rmdir()


def left(homes: str) -> Iterator[NewHome]:
    """Those that a helper which was killed has left."""
    with suppress(FileNotFoundError):
        for entry in os.listdir(Path(homes, layout.NEW_HOMES)):
            name, _, uid = entry.rpartition(".")
            if name and uid.isdecimal():
                yield NewHome(name, int(uid), homes)


def owners(homes: str) -> set[int]:
    """The numbers to which something in the folder of homes belongs, also of accounts that are gone."""
    with os.scandir(homes) as entries:
        return {entry.stat(follow_symlinks=False).st_uid for entry in entries}


def _sync(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
