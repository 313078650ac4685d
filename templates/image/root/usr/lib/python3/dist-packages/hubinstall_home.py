"""Says in JupyterLab, and to the hub's pages, that a home is full, and what is big in it.

An extension of Jupyter's server, with the rights of the server's owner. What it says is an event, as in
hubinstall_memory.py; the hub keeps it for its own pages (hubside/full_homes.py).
"""

import fcntl
import json
import os
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tornado.httpclient import AsyncHTTPClient, HTTPRequest

EVERY = 10.0
"""Seconds between two looks: one call of statvfs(3) each."""
AGAIN = 600.0
"""Seconds until the hub is told again, which may have been restarted."""
LONGEST = 5.0
"""Seconds that looking for what is big may take."""
SHOWN = 5
MUCH = 0.8
"""Who has so much of a folder's bytes or files is named instead of the folder."""
NEARLY, FULL = 0.95, 0.995
LITTLE = 1 << 30
"""Bytes. Of a disk that many share, 5 % can be much."""
SCHEMA = "urn:hubinstall:home"
DESCRIBED = {
    "$id": SCHEMA,
    "version": "1",
    "title": "The home is full, or no longer",
    "type": "object",
    "properties": {"text": {"type": "string", "description": "What people read; empty: no longer"}},
    "required": ["text"],
}
GET_ATTRIBUTES, ATTRIBUTES = 0x801C581F, struct.Struct("5I8x")
"""FS_IOC_FSGETXATTR and its struct fsxattr (linux/fs.h): flags, …, the project."""
IS_INHERITED = 0x200


@dataclass(frozen=True)
class Room:
    """`limited`: it is the person's own (a project's quota), and not that of the whole disk. Bytes, and files."""

    used: int
    size: int
    files: int
    most_files: int
    limited: bool

    @property
    def by_files(self) -> bool:
        """No more files can be made. (A full xfs has none left, either, but its bytes are the reason.)"""
        return share(self.used, self.size) < NEARLY <= share(self.files, self.most_files)

    @property
    def filled(self) -> float:
        return max(share(self.files, self.most_files), share(self.used, self.size))

    @property
    def is_full(self) -> bool:
        return self.filled >= NEARLY and (self.limited or self.by_files or self.size - self.used < LITTLE)


def share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def room(home: str) -> Room:
    """Of a folder with a project the kernel tells the project's quota instead of the disk's size (ext4, xfs)."""
    found = os.statvfs(home)
    unit = found.f_frsize
    return Room(
        (found.f_blocks - found.f_bavail) * unit, found.f_blocks * unit, found.f_files - found.f_favail, found.f_files,
        has_project(home),
    )  # fmt: skip


def has_project(folder: str) -> bool:
    try:
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        flags, _, _, project, _ = ATTRIBUTES.unpack(fcntl.ioctl(file, GET_ATTRIBUTES, bytes(ATTRIBUTES.size)))
    except OSError:
        return False
    finally:
        os.close(file)
    return bool(flags & IS_INHERITED and project)


@dataclass
class Item:
    """A file, or a folder with all that is in it on the same disk."""

    path: str
    used: int = 0
    files: int = 1
    below: "list[Item]" = field(default_factory=list)

    def much(self, by_files: bool) -> int:
        return self.files if by_files else self.used


class Look:
    """One look through a home. `complete`: there was time for all of it."""

    def __init__(self, home: str) -> None:
        self.home, self.end, self.complete = home, time.monotonic() + LONGEST, True
        self.device = os.stat(home).st_dev
        self.seen: set[int] = set()

    def of(self, folder: str, depth: int = 0) -> Item:
        """Of what lies deep only the sum is kept."""
        found = Item(os.path.relpath(folder, self.home))
        for entry, there in self.entries(folder):
            if there.st_nlink > 1 and not entry.is_dir(follow_symlinks=False):
                if there.st_ino in self.seen:
                    continue
                self.seen.add(there.st_ino)
            item = Item(os.path.relpath(entry.path, self.home), there.st_blocks * 512)
            if entry.is_dir(follow_symlinks=False) and depth < 100:
                inside = self.of(entry.path, depth + 1)
                item.used, item.files, item.below = item.used + inside.used, inside.files, inside.below
            found.used, found.files = found.used + item.used, found.files + item.files
            if depth < 8:
                found.below.append(item)
        found.below.sort(key=lambda item: -max(item.used, item.files << 12))
        del found.below[50:]
        return found

    def entries(self, folder: str) -> Iterator[tuple[Any, os.stat_result]]:
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if time.monotonic() > self.end:
                        self.complete = False
                        return
                    there = entry.stat(follow_symlinks=False)
                    if there.st_dev == self.device:
                        yield entry, there
        except OSError:
            return


def biggest(home: Item, by_files: bool) -> list[Item]:
    """The largest first. A folder that is large because of one thing in it gives its place to that."""

    def reason(item: Item) -> Item:
        for inner in item.below:
            if inner.much(by_files) >= MUCH * item.much(by_files):
                return reason(inner)
        return item

    found = sorted(map(reason, home.below), key=lambda item: -item.much(by_files))
    return [item for item in found[:SHOWN] if item.much(by_files) >= home.much(by_files) / 50]


def words(there: Room, mine: Item, *, complete: bool) -> str:
    """What people read, in one line."""
    full = "full" if there.filled >= FULL else "nearly full"
    least = "" if complete else "at least "
    if there.by_files:
        sum_ = f"{there.files} of {there.most_files} files and folders are there"
        own = f"{least}{mine.files}"
    else:
        sum_ = f"{size(there.used)} of {size(there.size)} are used"
        own = f"{least}{size(mine.used)}"
    said = f"Your home is {full}: {sum_}."
    if not there.limited:
        said = f"The disk of your home is {full}: {sum_}, {own} by you."
    found = [
        f"{item.path} ({f'{item.files} files' if there.by_files else size(item.used)})"
        for item in biggest(mine, there.by_files)
    ]
    if found:
        said += f" The biggest: {', '.join(found)}."
    return f"{said} What you delete in the file browser is gone for good, and its room is free at once."[:1500]


def size(count: int) -> str:
    for unit, name in ((1 << 30, "GB"), (1 << 20, "MB")):
        if count >= unit:
            return f"{count / unit:.3g} {name}" if count < 1000 * unit else f"{count / unit:.0f} {name}"
    return f"{count / 1024:.0f} KB"


class Watch:
    """`text`: what is said now. It stays the same while little changes, so that who has closed it is left in peace."""

    def __init__(self, home: str) -> None:
        self.home, self.text, self.used = home, "", (0, 0)

    def look(self) -> str:
        there = room(self.home)
        if not there.is_full:
            self.text = ""
            return ""
        moved = max(
            share(abs(there.used - self.used[0]), there.size), share(abs(there.files - self.used[1]), there.most_files)
        )
        if not self.text or moved > 0.01:
            look = Look(self.home)
            mine = look.of(self.home)
            self.text = words(there, mine, complete=look.complete)
            self.used = there.used, there.files
        return self.text


class Teller:
    """Passes on what there is to say, in the server's own thread."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.page = ""
        self.hub: str | None = None
        """What the hub was told last. It may still have what an earlier server has told it."""
        self.told_hub = 0.0

    async def tell(self, text: str) -> None:
        """A page that was opened since the last time hears it now."""
        if text or self.page:
            if text != self.page:
                self.app.log.warning("%s", text or "The home is no longer full.")
            self.page = text
            self.app.event_logger.emit(schema_id=SCHEMA, data={"text": text})
        if text != self.hub or (text and time.monotonic() - self.told_hub > AGAIN):
            await self.tell_hub(text)

    async def tell_hub(self, text: str) -> None:
        try:
            url = f"{os.environ['JUPYTERHUB_API_URL']}/users/{quote(os.environ['JUPYTERHUB_USER'], safe='')}/home"
            token = os.environ["JUPYTERHUB_API_TOKEN"]
        except KeyError:
            return  # no hub
        headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
        try:
            await AsyncHTTPClient().fetch(HTTPRequest(url, "POST", headers, json.dumps({"text": text})))
        except Exception as error:  # noqa: BLE001 - the next look tries again
            self.app.log.info("The hub was not told of the home: %s", error)
        else:
            self.hub, self.told_hub = text, time.monotonic()


def run(watch: Watch, teller: Teller, loop: Any) -> None:
    """In a thread of its own: a disk can be slow, or a file server be away."""
    while True:
        try:
            text = watch.look()
        except OSError:
            text = watch.text
        loop.add_callback(teller.tell, text)
        time.sleep(EVERY)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "hubinstall_home"}]


def _load_jupyter_server_extension(app: Any) -> None:
    app.event_logger.register_event_schema(DESCRIBED)
    watch = Watch(os.path.expanduser("~"))
    threading.Thread(target=run, args=(watch, Teller(app), app.io_loop), daemon=True).start()
