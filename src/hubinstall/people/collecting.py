"""What a course's people have handed in, in a folder for each of them, with a list of who and when."""

import csv
import io
import os
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field

from hubinstall.machine import careful_copy
from hubinstall.machine.accounts import accounts
from hubinstall.machine.careful_copy import Found, Left, Modes
from hubinstall.machine.host import Host
from hubinstall.people.sheet import plain

MOST_BYTES, MOST_FILES = 2 << 30, 10_000
"""Of one person; more is left out."""
MOST_NAMED = 20
"""What is left out and named, of one person."""
OLDEST = 366 * 86400.0 * 11
"""The files of a zip are of 1980 at the earliest."""
LIST = "hand-in.csv"
COLUMNS = ("name", "full name", "files", "bytes", "last", "left out")


@dataclass
class HandedIn:
    """Of one person. `last`: when the last of the files came, in seconds since the epoch."""

    name: str
    full_name: str = ""
    files: list[Found] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    size: int = 0

    @property
    def last(self) -> float:
        return max((found.changed for found in self.files), default=0.0)

    def add(self, found: Found | Left) -> None:
        if isinstance(found, Left):
            self.leave(found)
        elif len(self.files) >= MOST_FILES or self.size + found.size > MOST_BYTES:
            self.leave(Left(found.path, found.uid, "is more than one person may hand in"))
        else:
            self.files.append(found)
            self.size += found.size

    def drop(self, found: Found, why: str) -> None:
        """It could not be copied."""
        self.files.remove(found)
        self.size -= found.size
        self.leave(Left(found.path, found.uid, why))

    def leave(self, left: Left) -> None:
        if len(self.left) < MOST_NAMED:
            self.left.append(left)


def look(host: Host, box: int, students: Iterable[str], since: float) -> dict[str, HandedIn]:
    """Name → what is in the open folder from `since` on: first the students, also those who have nothing there. Whose
    account is gone has a number for a name.
    """
    rows = accounts(host)
    names = {int(row[2]): name for name, row in rows.items()}
    found = {name: HandedIn(name, rows[name][4].partition(",")[0] if name in rows else "") for name in students}
    for one in careful_copy.files(box):
        if isinstance(one, Found) and one.changed < since:
            continue
        name = names.get(one.uid, f"uid-{one.uid}")
        found.setdefault(name, HandedIn(name)).add(one)
    return found


def collect(box: int, target: int, found: Iterable[HandedIn], gid: int) -> None:
    """Copy all to FOLDER/NAME/…, readable for one group, and write the list. What could not be copied is in `left`."""
    for person in found:
        for one in list(person.files):
            if why := careful_copy.copy(box, one, target, f"{person.name}/{one.path}", Modes(0o750, 0o640, gid)):
                person.drop(one, why)


def zipped(box: int, folder: int, found: Iterable[HandedIn]) -> None:
    """Write NAME.zip, which only root can read, for each who has handed in something, into an open folder."""
    for person in found:
        if person.files:
            zip_of(box, folder, f"{person.name}.zip", person)


def zip_of(root: int, folder: int, name: str, found: HandedIn) -> None:
    """Write an archive with this name, which only root can read, of files below one open folder into another."""
    file = os.open(name, careful_copy.NEW, 0o600, dir_fd=folder)
    with os.fdopen(file, "wb") as raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in list(found.files):
            if why := _add(archive, root, one):
                found.drop(one, why)
        raw.flush()
        os.fsync(raw.fileno())


def _add(archive: zipfile.ZipFile, box: int, found: Found) -> str:
    """Why the file is not in the archive; empty if it is."""
    try:
        file = careful_copy.reopened(box, found.path)
    except OSError as error:
        return error.strerror or str(error)
    try:
        if why := careful_copy.other(file, found):
            return why
        name = found.path.encode("utf-8", "replace").decode()  # it may be any bytes
        about = zipfile.ZipInfo(name, time.localtime(max(found.changed, OLDEST))[:6])
        about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
        with archive.open(about, "w", force_zip64=True) as written:
            for chunk in careful_copy.chunks(file, found.size):
                written.write(chunk)
    finally:
        os.close(file)
    return ""


def table(found: Iterable[HandedIn]) -> str:
    """As CSV; no cell is a formula for a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in found:
        last = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.last)) if one.files else ""
        left = "; ".join(f"{left.path} {left.why}" for left in one.left)
        cells = (one.name, one.full_name, str(len(one.files)), str(one.size), last, left)
        writer.writerow([plain(cell) for cell in cells])
    return text.getvalue()
