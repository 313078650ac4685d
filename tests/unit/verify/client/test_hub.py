"""The client's own decisions: which token goes where, what an error says, when a start has ended."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import httpx
import pytest
from websockets.sync.server import ServerConnection, serve

from fakes.hub import HUB_XSRF, SERVER_XSRF, FakeHub, fake_hub
from hubinstall.verify.client.errors import HubError, plain_text, shortened
from hubinstall.verify.client.hub import HubClient
from hubinstall.verify.client.kernel import Kernel


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with fake_hub() as hub:
        yield hub


@pytest.fixture
def client(hub: FakeHub) -> Iterator[HubClient]:
    url = f"http://hub.example.org:{hub.port}/pre/"
    with HubClient(url, address="127.0.0.1", timeout=5) as client:
        yield client


def test_the_name_is_asked_for_at_the_address(hub: FakeHub, client: HubClient) -> None:
    client.login("alice", "right")
    assert hub.hosts == {f"hub.example.org:{hub.port}"}


def test_a_wrong_password_is_told_in_the_forms_words(client: HubClient) -> None:
    with pytest.raises(HubError) as raised:
        client.login("alice", "wrong")
    assert (raised.value.step, raised.value.status) == ("login", 403)
    assert raised.value.message.endswith("Invalid username or password")


def test_each_path_gets_its_own_xsrf_token(hub: FakeHub, client: HubClient) -> None:
    client.login("alice", "right")
    client.start_server(5)
    client.open_server()
    client.fetch("POST", "user/alice/api/kernels", step="kernel", json={})
    assert hub.tokens["POST /pre/hub/api/users/alice/server"] == HUB_XSRF
    assert hub.tokens["POST /pre/user/alice/api/kernels"] == SERVER_XSRF
    assert "_xsrf=server-token" in client.cookies_for("user/alice/api/kernels")
    assert "hub-token" not in client.cookies_for("user/alice/api/kernels")


def test_a_start_that_fails_has_the_spawn_pages_words(hub: FakeHub, client: HubClient) -> None:
    hub.events = [{"progress": 50}, {"failed": True, "message": "Spawn failed: the image has no kernel"}]
    client.login("alice", "right")
    with pytest.raises(HubError, match="did not start: the image has no kernel"):
        client.start_server(5)


def test_an_early_yes_is_not_believed(hub: FakeHub, client: HubClient) -> None:
    hub.start = 201
    hub.events = [{"failed": True, "message": "Spawn failed: it died"}]
    client.login("alice", "right")
    with pytest.raises(HubError, match="did not start: it died"):
        client.start_server(5)


def test_a_start_that_the_hub_has_forgotten_is_asked_for_again(hub: FakeHub, client: HubClient) -> None:
    hub.forgets = 2
    client.login("alice", "right")
    client.start_server(20)
    assert hub.forgets == 0
    client.stop_server(5)
    hub.forgets, hub.events = 1, [{"failed": True, "message": "Spawn failed: it died"}]
    with pytest.raises(HubError, match="did not start: it died"):
        client.start_server(20)


def test_a_progress_that_breaks_off_is_asked_for_again_until_the_time_is_over(hub: FakeHub, client: HubClient) -> None:
    hub.events = [{"progress": 50}]
    client.login("alice", "right")
    with pytest.raises(HubError, match="not ready within 1 s"):
        client.start_server(1)


def test_a_server_that_runs_already_is_fine_and_one_that_is_gone_too(hub: FakeHub, client: HubClient) -> None:
    client.login("alice", "right")
    client.stop_server(5)
    hub.running = True
    client.start_server(5)
    client.stop_server(5)
    assert client.server() is None


def test_a_refusal_by_json_is_told(hub: FakeHub, client: HubClient) -> None:
    client.login("alice", "right")
    hub.broken["/pre/hub/api/users/alice/server"] = (500, '{"status": 500, "message": "the disk is full"}')
    with pytest.raises(HubError, match="did not start: the disk is full"):
        client.start_server(5)


def test_something_that_is_no_hub_is_noticed(hub: FakeHub, client: HubClient) -> None:
    hub.broken["/pre/hub/login"] = (200, "<body>It works!</body>")
    with pytest.raises(HubError, match="is not a hub's: It works!"):
        client.login_page()


def test_nothing_there_is_a_hub_error() -> None:
    with HubClient("https://localhost:1/", timeout=2) as client, pytest.raises(HubError) as raised:
        client.login_page()
    assert raised.value.status is None


def test_threads_that_share_a_client_leave_each_other_their_connections() -> None:
    together, ended = threading.Barrier(30, timeout=30), list[int]()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            together.wait()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

        def finish(self) -> None:
            ended.append(self.client_address[1])
            super().finish()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, ThreadPoolExecutor(30) as pool:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with HubClient(f"http://127.0.0.1:{server.server_address[1]}/") as client:
            for _ in range(2):
                list(pool.map(lambda _: client.request("GET", "hub/login", step="login"), range(30)))
            assert ended == []
        server.shutdown()


def test_the_words_of_a_page() -> None:
    page = "<html><body><nav>Home</nav><script>x</script><div class='error'><h1>503 :\n Gone</h1></div></body>"
    assert plain_text(httpx.Response(503, html=page)) == "503 :\nGone"
    assert plain_text(httpx.Response(404, json={"message": None})) == "Not Found"
    assert plain_text(httpx.Response(500, json={"message": "a <b>"})) == "a <b>"
    assert len(shortened("x" * 5000)) < 500


# -- the kernel ----------------------------------------------------------------------------------------------


def message(kind: str, parent: str, **content: object) -> str:
    return json.dumps({"header": {"msg_type": kind}, "parent_header": {"msg_id": parent}, "content": content})


Answer = Callable[[ServerConnection, str], None]


@pytest.fixture
def kernel() -> Iterator[Callable[[Answer], Kernel]]:
    servers = []

    def make(answer: Answer) -> Kernel:
        def handler(connection: ServerConnection) -> None:
            for text in connection:
                answer(connection, json.loads(text)["header"]["msg_id"])

        server = serve(handler, "127.0.0.1", 0)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.socket.getsockname()[1]}/"
        client = SimpleNamespace(
            user="alice",
            home_url=lambda: f"{url}user/alice/",
            token="",
            address=None,
            timeout=5,
            cookies_for=lambda _: "a=b",
        )
        return Kernel(client, "k1")

    yield make
    for server in servers:
        server.shutdown()


def test_outputs_are_those_of_the_cell_and_no_others(kernel: Callable[[Answer], Kernel]) -> None:
    def answer(connection: ServerConnection, sent: str) -> None:
        connection.send(message("stream", "another cell", text="not mine"))
        connection.send(message("execute_reply", sent))
        connection.send(message("stream", sent, text="a\n"))
        connection.send(message("execute_result", sent, data={"text/plain": "42"}))
        connection.send(message("error", sent, ename="KeyError", evalue="\x1b[31m'x'\x1b[0m"))
        connection.send(message("status", sent, execution_state="idle"))

    with kernel(answer) as one:
        assert one.execute("…", 5) == "a\n42\nKeyError: 'x'\n"


def test_a_kernel_that_dies_is_told(kernel: Callable[[Answer], Kernel]) -> None:
    def answer(connection: ServerConnection, sent: str) -> None:
        connection.send(message("status", "", execution_state="restarting"))

    with kernel(answer) as one, pytest.raises(HubError, match="the kernel died"):
        one.execute("…", 5)


def test_a_cell_that_takes_too_long_is_told(kernel: Callable[[Answer], Kernel]) -> None:
    with kernel(lambda *_: None) as one, pytest.raises(HubError, match="did not finish within 0 s"):
        one.execute("…", 0.1)


def test_a_websocket_that_breaks_is_told_and_can_be_opened_again(kernel: Callable[[Answer], Kernel]) -> None:
    cells = []

    def answer(connection: ServerConnection, sent: str) -> None:
        cells.append(sent)
        if len(cells) == 1:
            connection.close()
            return
        connection.send(message("execute_reply", sent))
        connection.send(message("status", sent, execution_state="idle"))

    with kernel(answer) as one:
        with pytest.raises(HubError, match="the websocket broke"):
            one.execute("…", 5)
        one.reconnect()
        assert one.execute("…", 5) == ""
