"""A kernel in a person's server, used over the websocket.

The messages are those of Jupyter's messaging protocol 5.3 in the JSON form of the default websocket protocol
(jupyter-client's documentation, "Messaging in Jupyter"; jupyter-server's, "WebSocket kernel wire protocols").
"""

import contextlib
import json
import re
import socket
import ssl
import time
import uuid
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.typing import Origin

from hubinstall.verify.client.errors import HubError, shortened
from hubinstall.verify.client.websocket import Websocket

ANSI = re.compile(r"\x1b\[[0-9;]*m")
FETCH_MODE = {"Sec-Fetch-Mode": "websocket", "Sec-Fetch-Site": "same-origin"}


class Connection(Protocol):
    """What a kernel needs of the client (client/hub.py) whose server it runs in."""

    address: str | None
    """Where to connect to; None: to the URL's host."""
    user: str
    token: str
    context: ssl.SSLContext
    timeout: float
    """Seconds to connect."""

    def home_url(self) -> str: ...
    def cookies_for(self, url: str) -> str: ...
    def fetch(self, method: str, path: str, *, step: str) -> object: ...


class Kernel:
    """A kernel and one websocket to it, which stays open from cell to cell (and across a restart of the hub).

    `timeout`: seconds until the websocket is open, which the server delays until the kernel has started.
    """

    def __init__(self, client: Connection, kernel_id: str, timeout: float = 60) -> None:
        self._client = client
        self._timeout = timeout
        self.id = kernel_id
        self._url = f"{client.home_url()}api/kernels/{kernel_id}"
        self._session = uuid.uuid4().hex
        self._socket = self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def execute(self, code: str, timeout: float | None = None) -> str:
        """Run a cell and return its outputs as text: streams, results, and an error's name and message.

        Raises HubError when the websocket broke, the kernel died, or the cell took more than `timeout` seconds (as long
        as the kernel's start may take if None).
        """
        timeout = timeout or self._timeout
        end = time.monotonic() + timeout
        content = {
            "code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False,
            "stop_on_error": True,
        }  # fmt: skip
        sent = self._send("execute_request", content)
        outputs: list[str] = []
        idle = replied = False
        while not (idle and replied):
            message = self._receive(end, timeout)
            kind, body = message.get("header", {}).get("msg_type"), message.get("content", {})
            if kind == "status" and body.get("execution_state") in {"restarting", "autorestarting", "dead"}:
                state, words = body["execution_state"], shortened("".join(outputs))
                raise HubError("cell", f"the kernel died: it is {state}. {words}".strip())
            if message.get("parent_header", {}).get("msg_id") != sent:
                continue
            idle = idle or (kind == "status" and body.get("execution_state") == "idle")
            replied = replied or kind == "execute_reply"
            outputs.append(_output(kind, body))
        return "".join(outputs)

    def reconnect(self) -> None:
        """Open a new websocket to the same kernel, as a page does after its old one broke."""
        self.close()
        self._socket = self._connect()

    def shut_down(self) -> None:
        """Stop the kernel; does nothing if it is gone."""
        self._client.fetch("DELETE", self._url, step="kernel")

    def close(self) -> None:
        """Close the websocket; the kernel keeps running."""
        self._socket.close()

    def _connect(self) -> Websocket:
        client = self._client
        url = urlsplit(self._url)
        secure = url.scheme == "https"
        port = url.port or (443 if secure else 80)
        headers = FETCH_MODE | (
            {"Authorization": f"token {client.token}"} if client.token else {"Cookie": client.cookies_for(self._url)}
        )
        address = f"{'wss' if secure else 'ws'}://{url.netloc}{url.path}/channels"
        try:
            stream = socket.create_connection((client.address or url.hostname or "", port), timeout=client.timeout)
            return Websocket(
                f"{address}?session_id={self._session}", self._timeout, sock=stream, additional_headers=headers,
                ssl=client.context if secure else None, server_hostname=url.hostname if secure else None, proxy=None,
                origin=Origin(f"{url.scheme}://{url.netloc}"),
            )  # fmt: skip
        except InvalidStatus as error:
            status = error.response.status_code
            raise HubError("websocket", f"the websocket {address} was answered with {status}", status) from error
        except (WebSocketException, OSError) as error:
            # The library says "did not receive a valid HTTP response" of anything; why, it says in the cause.
            why = ": ".join(str(e) for e in (error, error.__cause__) if e)
            raise HubError("websocket", f"the websocket {address} could not be opened: {why}") from error

    def _send(self, kind: str, content: dict[str, Any]) -> str:
        header = {
            "msg_id": uuid.uuid4().hex, "msg_type": kind, "username": self._client.user, "session": self._session,
            "date": datetime.now(UTC).isoformat(), "version": "5.3",
        }  # fmt: skip
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        try:
            self._socket.send(json.dumps(message))
        except (WebSocketException, OSError) as error:
            raise HubError("websocket", f"the websocket broke: {error}") from error
        return header["msg_id"]

    def _receive(self, end: float, timeout: float) -> dict[str, Any]:
        try:
            text = self._socket.receive(end)
        except TimeoutError:
            raise HubError("cell", f"the cell did not finish within {timeout:.0f} s") from None
        except (WebSocketException, OSError) as error:
            raise HubError("websocket", f"the websocket broke: {error}") from error
        with contextlib.suppress(ValueError):
            message = json.loads(text)
            if isinstance(message, dict):
                return message
        return {}


def _output(kind: str | None, content: dict[str, Any]) -> str:
    if kind == "stream":
        return str(content.get("text", ""))
    if kind in {"execute_result", "display_data"}:
        return f"{content.get('data', {}).get('text/plain', '')}\n"
    if kind == "error":
        return f"{content.get('ename')}: {ANSI.sub('', str(content.get('evalue')))}\n"
    return ""
