"""Jupyter's configuration in a room, which the hub mounts into it: what people wrote last is not lost at a restart.

jupyter-collaboration keeps each change at once in a store, and writes the document a second after the last change. A
server that ends in between would afterwards take the older document for what is true, and the last changes from
everybody who has it open. Here the store counts, unless the document was changed later.

And a server in which people only write is in use (hubinstall_idle.py): what they type comes over a websocket, which
Jupyter's server does not count.
"""

from typing import Any

from jupyter_server._tz import utcnow  # type: ignore[import-not-found]
from jupyter_server_ydoc.handlers import YDocWebSocketHandler  # type: ignore[import-not-found]
from jupyter_server_ydoc.rooms import DocumentRoom  # type: ignore[import-not-found]  # only in a room's image
from jupyter_server_ydoc.websocketserver import JupyterWebsocketServer  # type: ignore[import-not-found]
from jupyter_ydoc import ydocs  # type: ignore[import-not-found]
from pycrdt import Doc, YMessageType, YSyncMessageType  # type: ignore[import-not-found]
from pycrdt.store import YDocNotFound  # type: ignore[import-not-found]

CHANGE = bytes([YMessageType.SYNC, YSyncMessageType.SYNC_UPDATE])
"""How a message begins that changes a document; one about a cursor has another beginning."""
SAVING = 30.0
"""Seconds that Jupyter may take at most to write a document."""
before, clean_before = DocumentRoom.initialize, JupyterWebsocketServer.clean
heard_before = YDocWebSocketHandler.on_message


async def initialize(room: Any) -> None:
    """At the first look at a document since the server has started."""
    if not room.ready and room.ystore is not None:
        try:
            await bring_up_to_date(room)
        except Exception:
            room.log.exception("The changes of %s that were not saved could not be looked for", room.room_id)
    await before(room)


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
YDocWebSocketHandler.on_message = heard
