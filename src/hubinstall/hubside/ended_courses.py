"""The files of courses that have ended: each of their people can fetch them for a while, and nobody else can.

`hubinstall course remove` puts the archives here (people/course_ends.py). No part of a path comes from an address: a
course is one of those that are here, and the file is that of the number of the person who is logged in.
"""

import asyncio
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyterhub.handlers.base import BaseHandler
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, authenticated

from hubinstall import layout
from hubinstall.hubside.accounts import Account

EVERY = 3600.0
"""Seconds between two looks for what is too old."""
CHUNK = 1 << 20
GONE = "There are no files of such a course for your account."


@dataclass(frozen=True)
class Ended:
    """`until`: in seconds since the epoch; `people`: the numbers of those who were in it."""

    folder: Path
    course: str
    title: str
    until: float
    people: frozenset[int]

    @classmethod
    def read(cls, folder: Path) -> "Ended | None":
        try:
            about = json.loads((folder / layout.ENDED_COURSE).read_text(encoding="utf-8"))
            people = frozenset(int(uid) for uid in about["people"])
            return cls(folder, str(about["course"]), str(about["title"]), float(about["until"]), people)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def own(self, uid: int) -> Path:
        return self.folder / f"{uid}.zip"

    def file(self, uid: int, which: str) -> Path | None:
        """What the account with this number may have of it."""
        path = self.own(uid) if which == "own" else self.folder / layout.ENDED_MATERIAL
        return path if uid in self.people and path.is_file() else None


def known(now: float) -> list[Ended]:
    """Of each course that has ended the last time that it did, as long as people can fetch its files."""
    folders = sorted(Path(layout.COURSE_ENDS).glob("*/"))
    found = [ended for folder in folders if (ended := Ended.read(folder)) and ended.until > now]
    return list({ended.course: ended for ended in sorted(found, key=lambda one: one.until)}.values())


def of(name: str) -> list[Ended]:
    """Those in which this account was."""
    ended = known(time.time())
    account = Account.brief(name) if ended else None
    return [one for one in ended if account and account.uid in one.people]


def for_page(user: Any) -> list[dict[str, Any]]:
    """What the home page shows, with JupyterHub's user or None: title, last day, and addresses below the hub's."""
    found = []
    for one in of(user.name) if user else []:
        account = Account.brief(user.name)
        files = {which: f"course/{one.course}/files/{which}.zip" for which in ("own", "material")
                 if account and one.file(account.uid, which)}  # fmt: skip
        found.append({"title": one.title, "until": time.strftime("%Y-%m-%d", time.localtime(one.until)), **files})
    return found


class EndedFilesHandler(BaseHandler):  # type: ignore[misc]  # JupyterHub has no types
    """An archive, for the person who is logged in."""

    @authenticated  # type: ignore[untyped-decorator]
    async def get(self, name: str, which: str) -> None:
        user: Any = self.current_user
        path = await asyncio.to_thread(file_of, user.name, name, which)
        if path is None:
            raise HTTPError(404, "%s", GONE)
        self.set_header("Content-Type", "application/zip")
        saved_as = name if which == "own" else f"{name}-{which}"
        self.set_header("Content-Disposition", f'attachment; filename="{saved_as}.zip"')
        self.set_header("Cache-Control", "private, no-store")
        with path.open("rb") as file:
            self.set_header("Content-Length", str(path.stat().st_size))
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                self.write(chunk)
                try:
                    await self.flush()
                except StreamClosedError:
                    return


def file_of(name: str, course: str, which: str) -> Path | None:
    account = Account.brief(name)
    ended = next((one for one in known(time.time()) if one.course == course), None)
    return ended.file(account.uid, which) if ended and account else None


def delete_old(now: float) -> list[str]:
    """What people cannot fetch any more, and what nobody can; the names of the folders."""
    old = []
    for folder in Path(layout.COURSE_ENDS).glob("*/"):
        ended = Ended.read(folder)
        if not folder.is_symlink() and (ended is None or ended.until <= now):
            shutil.rmtree(folder, ignore_errors=True)
            old.append(folder.name)
    return old


async def watch(log: Callable[..., None]) -> None:
    """Delete for as long as the hub runs."""
    while True:
        if old := await asyncio.to_thread(delete_old, time.time()):
            log("Deleted the files of courses that ended long ago: %s", ", ".join(old))
        await asyncio.sleep(EVERY)


def handlers() -> list[tuple[str, type, dict[str, Any]]]:
    """None if no course has ended."""
    return [(r"/course/([^/]+)/files/(own|material)\.zip", EndedFilesHandler, {})] if known(time.time()) else []
