"""A hub and a person's server on loopback, as far as the client's own code needs them.

The real ones are for tests/machine; what is canned here was seen at JupyterHub 6.1.1 and jupyter-server 2.21.
"""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

HUB_XSRF, SERVER_XSRF = "hub-token", "server-token"
LOGIN = "<body><nav>Home</nav><form></form>{}<div class='modal'>never opened</div></body>"


class FakeHub(ThreadingHTTPServer):
    """One person, alice, with the password "right"; `events` are what the progress of a start tells."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events: list[dict] = [{"progress": 50, "message": "on the way"}, {"progress": 100, "ready": True}]
        self.start = 202
        self.running = False
        self.forgets = 0
        """So many starts are accepted, and then nothing starts."""
        self.hosts: set[str] = set()
        self.tokens: dict[str, str] = {}
        self.broken: dict[str, tuple[int, str]] = {}

    @property
    def port(self) -> int:
        return self.server_address[1]


class _Handler(BaseHTTPRequestHandler):
    server: FakeHub

    def log_message(self, *args) -> None:
        pass

    def answer(self, status: int, body: str = "", **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "text/html"} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        data = body.encode()
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_all(self) -> None:
        path = urlsplit(self.path).path
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.hosts.add(self.headers["Host"])
        self.server.tokens[f"{self.command} {path}"] = self.headers.get("X-XSRFToken", "")
        if path in self.server.broken:
            status, body = self.server.broken[path]
            self.answer(status, body, Content_Type="application/json" if body.startswith("{") else "text/html")
            return
        getattr(self, f"{self.command}_{path.strip('/').replace('/', '_')}".lower(), self.missing)()

    do_GET = do_POST = do_DELETE = handle_all  # noqa: N815 - http.server's names

    def missing(self) -> None:
        self.answer(404, "<body><nav>Home</nav>404 : Not Found</body>")

    def get_pre_hub_login(self) -> None:
        cookie = f"_xsrf={HUB_XSRF}; Path=/pre/hub/"
        self.answer(200, LOGIN.format(""), X_JupyterHub_Version="6.1.1", Set_Cookie=cookie)

    def post_pre_hub_login(self) -> None:
        form = {key: values[0] for key, values in parse_qs(self.body).items()}
        if form != {"username": "alice", "password": "right", "_xsrf": HUB_XSRF}:
            self.answer(403, LOGIN.format('<p class="login_error">Invalid username or password</p>'))
            return
        self.answer(302, Location=parse_qs(urlsplit(self.path).query)["next"][0])

    def get_pre_hub_home(self) -> None:
        self.answer(200, "home")

    def post_pre_hub_api_users_alice_server(self) -> None:
        if self.server.running:
            self.answer(400, json.dumps({"message": "alice is already running"}), Content_Type="application/json")
            return
        self.server.running = True
        self.answer(self.server.start)

    def delete_pre_hub_api_users_alice_server(self) -> None:
        self.server.running = False
        self.answer(204)

    def get_pre_hub_api_users_alice_server_progress(self) -> None:
        if self.server.forgets:
            self.server.forgets, self.server.running = self.server.forgets - 1, False
            words = json.dumps({"message": "alice is not starting..."})
            self.answer(400, words, Content_Type="application/json")
            return
        events = "".join(f"data: {json.dumps(event)}\n\n" for event in self.server.events)
        self.answer(200, events, Content_Type="text/event-stream")

    def get_pre_hub_api_users_alice(self) -> None:
        servers = {"": {"ready": True}} if self.server.running else {}
        self.answer(200, json.dumps({"name": "alice", "servers": servers}), Content_Type="application/json")

    def get_pre_user_alice(self) -> None:
        self.answer(302, Location="/pre/user/alice/lab")

    def get_pre_user_alice_lab(self) -> None:
        self.answer(200, "lab", Set_Cookie=f"_xsrf={SERVER_XSRF}; Path=/pre/user/alice/")

    def post_pre_user_alice_api_kernels(self) -> None:
        self.answer(201, json.dumps({"id": "k1"}), Content_Type="application/json")


@contextlib.contextmanager
def fake_hub() -> Iterator[FakeHub]:
    with FakeHub() as hub:
        threading.Thread(target=hub.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield hub
        finally:
            hub.shutdown()
