"""Jupyter's configuration in a room, which the hub mounts into it: what people wrote last is not lost at a restart.

jupyter-collaboration keeps each change at once in a store, and writes the document a second after the last change. A
server that ends in between would afterwards take the older document for what is true, and the last changes from
everybody who has it open. Here the store counts, unless the document was changed later.

Pages that were open bring what they have, and a server that lacks a change of theirs gets lines twice: those from the
document, and those of the pages. So the store has each change from the first one on, and a document is written when the
store has all that is in it.

And a server in which people only write is in use (hubinstall_idle.py): what they type comes over a websocket, which
Jupyter's server does not count.
"""

import asyncio
import contextlib
from functools import partial
from typing import Any

from jupyter_server._tz import utcnow  # type: ignore[import-not-found]
from jupyter_server_ydoc.handlers import YDocWebSocketHandler  # type: ignore[import-not-found]
from jupyter_server_ydoc.rooms import DocumentRoom  # type: ignore[import-not-found]  # only in a room's image
from jupyter_server_ydoc.websocketserver import JupyterWebsocketServer  # type: ignore[import-not-found]
from jupyter_ydoc import ydocs  # type: ignore[import-not-found]
from pycrdt import Doc, YMessageType, YSyncMessageType  # type: ignore[import-not-found]
from pycrdt.store import YDocNotFound  # type: ignore[import-not-found]
from pycrdt.websocket.yutils import put_updates  # type: ignore[import-not-found]

CHANGE = bytes([YMessageType.SYNC, YSyncMessageType.SYNC_UPDATE])
"""How a message begins that changes a document; one about a cursor has another beginning."""
SAVING = 30.0
"""Seconds that Jupyter may take at most to write a document."""
BEHIND = 5.0
"""Seconds for which a document waits until the store has its changes: half of what Docker gives a server to end."""
before, clean_before = DocumentRoom.initialize, JupyterWebsocketServer.clean
save_before = DocumentRoom._maybe_save_document  # noqa: SLF001 - there is no other way to the document
heard_before = YDocWebSocketHandler.on_message


async def initialize(room: Any) -> None:
    """At the first look at a document since the server has started."""
    if not room.ready and room.ystore is not None:
        try:
            await bring_up_to_date(room)
        except Exception:
            room.log.exception("The changes of %s that were not saved could not be looked for", room.room_id)
    await before(room)
    if room.ready:
        watch(room)


class Pending:
    """The changes of a room that its store does not have yet."""

    def __init__(self) -> None:
        self._count = 0
        self.none = asyncio.Event()
        self.none.set()

    def add(self, more: int) -> None:
        self._count += more
        (self.none.clear if self._count > 0 else self.none.set)()


def watch(room: Any) -> None:
    """Hand each change on to the store and to the pages, from now on. Jupyter begins in its next turn: a page's change
    in between was in the document, but not in the store, which could then make nothing of all that follow.
    """
    stream = getattr(room, "_update_send_stream", None)
    if stream is None or stream is getattr(room, "hubinstall_stream", None):
        return
    if room._subscription is not None:  # noqa: SLF001
        room.ydoc.unobserve(room._subscription)  # noqa: SLF001
    room.hubinstall_stream, room.hubinstall_pending = stream, Pending()
    room._subscription = room.ydoc.observe(partial(changed, room))  # noqa: SLF001
    room.ydoc_observed.set()
    if room.ystore is not None:
        room.ystore.write = partial(kept, room, room.hubinstall_pending, type(room.ystore).write)


def changed(room: Any, event: Any) -> None:
    if room.ystore is not None:
        room.hubinstall_pending.add(1)
    put_updates(room.hubinstall_stream, event)


async def kept(room: Any, pending: Pending, write: Any, update: bytes) -> None:
    try:
        await write(room.ystore, update)
    finally:
        pending.add(-1)


async def watch_ready(room: Any) -> None:
    """In place of Jupyter's own, which is also for a room that has begun again after an error."""
    await room.ready_event.wait()
    watch(room)


async def save(room: Any, earlier: "asyncio.Task[None] | None", save_now: bool = False) -> None:
    """As Jupyter does, but a change goes to the store first."""
    if room._save_delay is None and not save_now:  # noqa: SLF001
        return
    if earlier is not None and not earlier.done():
        earlier.cancel()
    try:
        await asyncio.sleep(0 if save_now else room._save_delay)  # noqa: SLF001
        with contextlib.suppress(TimeoutError, AttributeError):
            await asyncio.wait_for(room.hubinstall_pending.none.wait(), BEHIND)
    except asyncio.CancelledError:
        return
    await save_before(room, None, save_now=True)


async def bring_up_to_date(room: Any) -> None:
    """Save the changes that only the store has."""
    store, file = room.ystore, room._file  # noqa: SLF001 - there is no other way to the document
    async with store.start_lock:
        if not store.started.is_set():
            room.create_task(store.start())
            await store.started.wait()
    form = {"format": room.file_format, "type": room.file_type}
    model = await file.load_content(room.file_format, room.file_type)
    stored = Doc()
    try:
        await store.apply_updates(stored)
        content = await content_of(stored, room.file_type)
        # All of them at once: the store is locked while it is read.
        lost = content != model["content"] and await is_older(
            model, [one async for one in store.read()], room.file_type
        )
    except YDocNotFound:
        return
    if lost:
        room.log.info("Saving changes of %s from before the restart", room.room_id)
        await file.maybe_save_content({**form, "content": content})


async def is_older(model: dict[str, Any], updates: list[tuple[bytes, bytes, float]], kind: str) -> bool:
    """Whether the file is older than the last change, by its time or by its content: while a document is being written
    it may be changed again, and then the file has the later time.
    """
    saved = model["last_modified"].timestamp()
    past = Doc()
    for update, _, moment in updates:
        past.apply_update(update)
        if moment > saved:
            return True
        if saved - moment < SAVING and written(await content_of(past, kind)) == written(model["content"]):
            return True
    return False


def written(content: Any) -> Any:
    """What a file keeps of a document: not whether a notebook's cells are trusted."""
    if not isinstance(content, dict):
        return content
    cells = [
        {**cell, "metadata": {key: value for key, value in cell["metadata"].items() if key != "trusted"}}
        for cell in content["cells"]
    ]
    return {**content, "cells": cells}


async def content_of(doc: Any, kind: str) -> Any:
    return await ydocs.get(kind, ydocs["file"])(doc).aget()


async def clean(server: Any) -> None:
    """When the server ends: what was changed in the last second is saved."""
    for room in list(server.rooms.values()):
        if isinstance(room, DocumentRoom) and room.ready and (saving := room._save_to_disc()):  # noqa: SLF001
            await saving
    await clean_before(server)


async def heard(handler: Any, message: Any) -> None:
    if isinstance(message, bytes) and message.startswith(CHANGE):
        handler.settings["last_activity_times"]["documents"] = utcnow()
    await heard_before(handler, message)


DocumentRoom.initialize, JupyterWebsocketServer.clean = initialize, clean
DocumentRoom._watch_ready, DocumentRoom._maybe_save_document = watch_ready, save  # noqa: SLF001
YDocWebSocketHandler.on_message = heard
