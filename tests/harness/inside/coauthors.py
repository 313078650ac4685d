"""Two people in one notebook of a room, as JupyterLab's own client is there: each has a copy that outlives the server.

It runs in the room's own image, which has the libraries. The first line of stdin is a JSON object: `url` of the server,
`headers` of each person's requests, `path` of the notebook, `rounds`, `pause` (seconds). Each further line has new
headers, because a server that was started again knows no cookie of before. In each round one of the two, in turn, adds
a line to the first cell. Once they are apart for three rounds they wait. Prints `connected` for each connection, the
number of each round, and at the end both copies as JSON, once they are the same or after `patience` seconds.
"""

import asyncio
import json
import ssl
import sys
from typing import Any

import pycrdt  # type: ignore[import-not-found]  # only in a room's image
from jupyter_ydoc import YNotebook  # type: ignore[import-not-found]
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

ANY = ssl.create_default_context()
ANY.check_hostname, ANY.verify_mode = False, ssl.CERT_NONE
AGAIN = 0.3
"""Seconds until a connection that ended is tried again."""


class Author:
    """`headers` may change at any time."""

    def __init__(self, url: str, headers: dict[str, str], path: str) -> None:
        self.url, self.headers, self.path = url, headers, path
        self.document = YNotebook()
        self.doc = self.document.ydoc
        self.session: dict[str, str] = {}
        self.socket: Any = None
        self.sending: set[asyncio.Task[None]] = set()
        self.watched = self.doc.observe(self.changed)

    @property
    def text(self) -> str:
        cells = self.document.ycells
        return str(cells[0]["source"]) if len(cells) else ""

    def write(self, line: str) -> None:
        source = self.document.ycells[0]["source"]
        source += f"{line}\n"

    def changed(self, event: Any) -> None:
        if self.socket is not None:
            task = asyncio.ensure_future(self.told(pycrdt.create_update_message(event.update)))
            self.sending.add(task)
            task.add_done_callback(self.sending.discard)

    async def told(self, message: bytes) -> None:
        try:
            await self.socket.write_message(message, binary=True)
        except Exception as error:  # noqa: BLE001 - what was not sent goes with the next connection
            print(repr(error), file=sys.stderr)

    async def stay(self) -> None:
        """Connected, again and again."""
        while True:
            try:
                await self.connected()
            except Exception as error:  # noqa: BLE001 - whatever a restart looks like from here
                print(repr(error), file=sys.stderr)
            self.socket = None
            await asyncio.sleep(AGAIN)

    async def connected(self) -> None:
        if not self.session:
            body = json.dumps({"format": "json", "type": "notebook"})
            where = f"{self.url}api/collaboration/session/{self.path}"
            asked = HTTPRequest(where, "PUT", self.headers, body, ssl_options=ANY)
            self.session = json.loads((await AsyncHTTPClient().fetch(asked)).body)
        room = f"json:notebook:{self.session['fileId']}?sessionId={self.session['sessionId']}"
        where = f"{self.url}api/collaboration/room/{room}".replace("http", "ws", 1)
        headers = self.headers | {"Sec-Fetch-Mode": "websocket"}
        socket = await websocket_connect(HTTPRequest(where, headers=headers, ssl_options=ANY), ping_interval=5)
        await socket.write_message(pycrdt.create_sync_message(self.doc), binary=True)
        self.socket = socket
        print("connected", flush=True)
        while (message := await socket.read_message()) is not None:
            if message and message[0] == pycrdt.YMessageType.SYNC:
                answer = pycrdt.handle_sync_message(message[1:], self.doc)
                if answer is not None:
                    await socket.write_message(answer, binary=True)
        print("closed", socket.close_code, socket.close_reason, file=sys.stderr)


async def take_headers(authors: list[Author]) -> None:
    while line := await asyncio.to_thread(sys.stdin.readline):
        for author, headers in zip(authors, json.loads(line), strict=True):
            author.headers = headers


async def write_all(authors: list[Author], rounds: int, pause: float) -> list[str]:
    """The lines that were written."""
    wanted, apart = [], 0
    for number in range(rounds):
        apart = 0 if all(author.socket for author in authors) else apart + 1
        while apart > 3 and not all(author.socket for author in authors):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.1)
        wanted.append(f"{number} {'ab'[number % 2]}")
        authors[number % 2].write(wanted[-1])
        print(number, flush=True)
        await asyncio.sleep(pause)
    return wanted


async def main() -> None:
    asked = json.loads(sys.stdin.readline())
    authors = [Author(asked["url"], headers, asked["path"]) for headers in asked["headers"]]
    tasks = [asyncio.create_task(take_headers(authors)), *(asyncio.create_task(one.stay()) for one in authors)]
    while not all(len(author.document.ycells) for author in authors):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    wanted = await write_all(authors, asked["rounds"], asked["pause"])
    end = asyncio.get_running_loop().time() + asked["patience"]
    while asyncio.get_running_loop().time() < end:
        lines = [author.text.splitlines() for author in authors]
        if lines[0] == lines[1] and set(wanted) <= set(lines[0]):
            break
        await asyncio.sleep(0.1)
    print(json.dumps({"wanted": wanted, "copies": [author.text for author in authors]}), flush=True)
    for task in tasks:
        task.cancel()
    sys.stdout.flush()
    sys.stdin.close()


if __name__ == "__main__":
    asyncio.run(main())
