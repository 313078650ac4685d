"""A page at port 80 while the installation runs: the names of the steps and how far they are, for people who wait.

It shows no output of commands and nothing that a visitor sent. It ends before nginx needs the port.
"""

import contextlib
import html
import http.server
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

PORT = 80
REFRESH = 2
"""Seconds until a browser asks again."""
SLOWEST = 5.0
"""Seconds within which a visitor's request must be complete."""
VISITORS = 20
"""How many are answered at once; the others wait."""
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{refresh}">
<title>JupyterHub is being installed</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 3rem auto; padding: 0 1rem; }}
ul {{ list-style: none; padding: 0; }}
</style>
</head>
<body>
<h1>JupyterHub is being installed</h1>
<p>{count}. This page refreshes by itself, and ends when the web server starts.</p>
<ul>
{steps}
</ul>
</body>
</html>
"""
SIGNS = {"done": "✓", "running": "…", "failed": "✗"}


@dataclass(frozen=True)
class Shown:
    """How far a run is, in words; `steps`: each group of steps with its state: done, running or failed."""

    count: str
    steps: tuple[tuple[str, str], ...]


def page(shown: Shown) -> str:
    steps = "\n".join(f"<li>{SIGNS[state]} {html.escape(words)} ({state})</li>" for words, state in shown.steps)
    count = html.escape(shown.count[:1].upper() + shown.count[1:])
    return PAGE.format(refresh=REFRESH, count=count, steps=steps)


class ProgressPage:
    """The server of the page. `ends_before`: the ids of the steps that need the port. `close` may be called again."""

    def __init__(self, ends_before: tuple[str, ...], port: int = PORT) -> None:
        self._ends_before, self._port = ends_before, port
        self._server: _Server | None = None
        self._was_opened = False
        self._lock = threading.Lock()

    def open(self, shown: Callable[[], Shown]) -> str:
        """Serve the page from now on; the answer is empty, or says why that is not possible. Only once: a run that is
        rolled back applies again, and nginx may have the port by then.
        """
        if self._was_opened:
            return ""
        self._was_opened = True
        try:
            self._server = _Server(self._port, shown)
        except OSError as error:
            return f"the progress page cannot be shown: port {self._port}: {error.strerror}"
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True, name="progress page").start()
        return ""

    def before(self, id_: str) -> None:
        """A step begins: if it needs the port, the port is free when this returns."""
        if id_ in self._ends_before:
            self.close()

    def close(self) -> None:
        with self._lock:
            if self._server:
                self._server.shutdown()
                self._server.server_close()
                self._server = None


class _Server(http.server.ThreadingHTTPServer):
    """On every address, of IPv6 too where there is IPv6."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, shown: Callable[[], Shown]) -> None:
        self.shown = shown
        self._visitors = threading.BoundedSemaphore(VISITORS)
        self.address_family = socket.AF_INET6 if _has_ipv6() else socket.AF_INET
        super().__init__(("", port), _Handler)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        # HTTPServer's own would ask for the name of the machine, which may take long.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "", self.socket.getsockname()[1]

    def process_request_thread(self, request: object, client_address: object) -> None:
        with self._visitors:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]

    def handle_error(self, request: object, client_address: object) -> None:
        """A visitor who went away is no matter for the screen."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    timeout = SLOWEST
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def version_string(self) -> str:
        return "hubinstall"

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Without the words of the request, which the library would repeat."""
        with contextlib.suppress(OSError):
            self.send_response(code, "refused")
            self.end_headers()

    def log_message(self, *_: object) -> None:
        """Visitors are not worth a line."""

    def _answer(self, *, with_body: bool) -> None:
        content = page(self.server.shown()).encode()
        # 503 (RFC 9110, 15.6.4): who monitors the hub must not take this page for it.
        self.send_response(503, "JupyterHub is being installed")
        for name, value in {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(content)),
            "Cache-Control": "no-store",
            "Retry-After": str(REFRESH),
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
            "X-Content-Type-Options": "nosniff",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(content)


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as tried:
            tried.bind(("::", 0))
    except OSError:
        return False
    return True
