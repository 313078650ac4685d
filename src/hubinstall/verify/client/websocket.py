"""A websocket for code that waits for answers.

All TLS of it is done on one thread, by asyncio: websockets' own client for threads reads and writes one TLS
connection from two of them at once, which OpenSSL does not allow (openssl-threads(7)). On a busy machine it lost the
first request that way: 2 of 800, where asyncio lost none of 800.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection, connect

T = TypeVar("T")
CLOSING = 10.0
"""Seconds for the other side to close."""


class Websocket:
    """Opens when it is made, within `timeout` seconds. `options` are those of websockets' connect.

    It uses no proxy: what it connects to is this machine.

    Raises what websockets raises: WebSocketException, InvalidStatus among them, or OSError (TimeoutError is one).
    """

    def __init__(self, address: str, timeout: float, **options: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="websocket")
        self._thread.start()
        # No pings of ours: the server sends its own, and every wait here has an end.
        options |= {
            "open_timeout": timeout,
            "close_timeout": CLOSING,
            "ping_interval": None,
            "max_size": None,
            "proxy": None,
        }
        try:
            self._connection = self._run(_open(address, options))
        except BaseException:
            self._end()
            raise

    def send(self, text: str) -> None:
        self._run(self._connection.send(text))

    def receive(self, until: float) -> str | bytes:
        """Wait for the next message; TimeoutError if none has come by `until` (time.monotonic())."""
        return self._run(asyncio.wait_for(self._connection.recv(), max(0.0, until - time.monotonic())))

    def close(self) -> None:
        """Close it; does nothing if it is closed or broken."""
        if not self._loop.is_closed():
            with contextlib.suppress(OSError):
                self._run(self._connection.close())
            self._end()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _open(address: str, options: dict[str, Any]) -> ClientConnection:
    return await connect(address, **options)
