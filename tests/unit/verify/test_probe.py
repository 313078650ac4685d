"""What each way of not working is called, and that no password and no server is left behind whatever happens."""

import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.facts import fake_facts
from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.machine.process_managers.base import Look
from hubinstall.settings.model import Settings
from hubinstall.verify import probe
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.probe import VerifyError

PROBE = layout.PROBE_USER


class Client:
    """A client whose steps fail as told."""

    def __init__(self, **failures: HubError) -> None:
        self.failures = failures
        self.done: list[str] = []
        self.user = ""
        self.password = ""
        self.output: str | None = None

    def step(self, name: str) -> None:
        self.done.append(name)
        if name in self.failures:
            raise self.failures[name]

    def login(self, user: str, password: str) -> None:
        self.step("login")
        if password != self.password:
            raise HubError("login", "Invalid username or password", 403)
        self.user = user

    def login_page(self) -> None:
        self.step("login_page")

    def start_server(self, timeout: float) -> None:
        self.step("start")

    def open_server(self) -> None:
        self.step("open")

    def stop_server(self, timeout: float) -> None:
        self.step("stop")

    def logout(self) -> None:
        self.step("logout")

    def run_cell(self, code: str, timeout: float) -> str:
        self.step("cell")
        return eval(code.removeprefix("print"), {}) if self.output is None else self.output  # noqa: S307 - two texts


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(tmp_path, {"chpasswd": "", "usermod": "", "chage": "", "docker ps": ""})


def knowing(client: Client, host: FakeHost) -> None:
    """Let the client's hub accept what chpasswd was given."""

    def chpasswd(argv: list[str], text: str | None) -> str:
        assert text
        client.password = text.strip().partition(":")[2]
        return ""

    host.answers["chpasswd"] = chpasswd


def through(host: FakeHost, client: Client) -> None:
    knowing(client, host)
    with probe.clean(host, client):
        probe.login(host, client)
        probe.server(client)
        probe.cell(client)
        probe.stop(host, client)


def test_all_is_well(host: FakeHost) -> None:
    client = Client()
    through(host, client)
    assert client.done == ["login", "login", "stop", "start", "open", "cell", "stop", "logout"]
    locked, undated = f"usermod --password ! {PROBE}", f"chage --lastday -1 {PROBE}"
    assert host.commands[host.commands.index(locked) + 1] == undated, "/etc/shadow would tell the day of the check"
    assert client.password
    assert client.password not in " ".join(host.commands)


@pytest.mark.parametrize(
    ("failing", "check", "words"),
    [
        ({"start": HubError("server", "it died: no such file")}, "server", "it died: no such file"),
        ({"open": HubError("page", "answered with 503", 503)}, "server", "answered with 503"),
        ({"cell": HubError("kernel", "no kernel", 500)}, "cell", "the kernel: no kernel"),
        ({"cell": HubError("websocket", "refused", 400)}, "cell", "the websocket: refused"),
    ],
)
def test_each_failure_names_its_check_and_leaves_nothing(host: FakeHost, failing, check, words) -> None:
    client = Client(**failing)
    with pytest.raises(VerifyError) as raised:
        through(host, client)
    assert raised.value.check == check
    assert words in raised.value.message
    assert "hubinstall logs jupyterhub" in raised.value.hint
    assert client.done[-1] == "stop"
    locked, undated = f"usermod --password ! {PROBE}", f"chage --lastday -1 {PROBE}"
    assert host.commands[host.commands.index(locked) + 1] == undated, "/etc/shadow would tell the day of the check"


def test_a_cell_that_echoes_is_not_enough(host: FakeHost) -> None:
    client = Client()
    client.output = "print('x' + 'y')"
    with pytest.raises(VerifyError, match="instead of the expected text"):
        through(host, client)


def test_a_pam_that_refuses_everyone(host: FakeHost) -> None:
    client = Client(login=HubError("login", "Invalid username or password", 403))
    with pytest.raises(VerifyError) as raised:
        through(host, client)
    assert "the correct password was rejected" in raised.value.message
    assert layout.PAM_FILE in raised.value.hint
    assert host.commands[-2].startswith("usermod")
    assert "stop" not in client.done


def test_a_pam_that_lets_everyone_in(host: FakeHost) -> None:
    client = Client()
    client.login = lambda user, password: None
    with pytest.raises(VerifyError, match="accepts a wrong password"):
        through(host, client)


def test_a_password_that_cannot_be_taken_back_is_no_success(host: FakeHost) -> None:
    host.answers["usermod"] = lambda argv, text: (1, "cannot lock /etc/passwd")
    with pytest.raises(VerifyError, match="could not be locked again"):
        through(host, Client())


def test_a_container_that_stays_is_found(host: FakeHost, monkeypatch) -> None:
    monkeypatch.setattr(probe, "STOPPING", 0)
    host.answers["docker ps"] = "abc123\n"
    with pytest.raises(VerifyError, match="container abc123 still exists"):
        through(host, Client())


@pytest.mark.parametrize(
    ("data", "url", "address", "led"),
    [
        ({"domain": "hub.example.org"}, "https://hub.example.org/", "127.0.0.1", True),
        (
            {"https": {"mode": "off"}, "http": {"port": 8000, "address": "10.0.0.5"}, "base_url": "/x"},
            "http://10.0.0.5:8000/x/",
            "10.0.0.5",
            False,
        ),
    ],
)
def test_it_asks_where_nginx_listens(host: FakeHost, monkeypatch, data, url, address, led) -> None:
    """And without TLS for no certificate: there is none."""
    seen: list[object] = []
    client = Client()
    monkeypatch.setattr(probe, "services", lambda *_: None)
    monkeypatch.setattr(probe, "redirect", lambda url: seen.append(("redirect", url)))
    monkeypatch.setattr(
        "hubinstall.verify.client.hub.HubClient", lambda *given, **named: Given(client, seen, given, named)
    )
    own = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=x"]
    subprocess.run([*own, "-out", host.path("/own.crt")], check=True, capture_output=True)
    monkeypatch.setattr(layout, "SERVED_CERT", str(host.path("/own.crt" if led else "/none.crt")))
    knowing(client, host)
    probe.verify(host, Settings.model_validate(data), fake_facts(addresses=("10.0.0.5",)), Quiet())
    assert seen == [(url, address), *([("redirect", url)] if led else [])]


class Quiet:
    def phase(self, text: str) -> None:
        pass


class Given:
    """Notes what a client is made for; inside the block it is `client`."""

    def __init__(self, client: Client, seen: list[object], given: tuple[str, ...], named: dict[str, object]) -> None:
        seen.append((*given, named["address"]))
        self.client = client

    def __enter__(self) -> Client:
        return self.client

    def __exit__(self, *_: object) -> None:
        pass


# -- the way there -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words", "log"),
    [
        (None, "connection refused", layout.NGINX_SERVICE),
        (502, "the proxy behind it does not", layout.PROXY_SERVICE),
        (503, "the hub behind it does not", layout.HUB_SERVICE),
        (404, "answered with 404", layout.NGINX_SERVICE),
    ],
)
def test_a_dead_upstream_is_named(monkeypatch, status, words, log) -> None:
    monkeypatch.setattr(probe, "COMING_UP", 0)
    seen = HubError("login page", "connection refused" if status is None else f"answered with {status}", status)
    with pytest.raises(VerifyError) as raised:
        probe.reach(Client(login_page=seen))
    assert words in raised.value.message
    assert raised.value.log == log


def test_a_hub_that_hangs_is_told_apart_from_an_nginx_that_is_away(monkeypatch) -> None:
    monkeypatch.setattr(probe, "COMING_UP", 0)
    with pytest.raises(VerifyError, match="the hub does not answer"):
        probe.reach(Client(login_page=HubError("login page", "no answer in time", late=True)))


def test_another_certificate_is_not_waited_for() -> None:
    seen = HubError("login page", "CERTIFICATE_VERIFY_FAILED", None, "Another certificate is served")
    with pytest.raises(VerifyError, match="CERTIFICATE_VERIFY_FAILED"):
        probe.reach(Client(login_page=seen))


def test_services_that_come_up_are_waited_for(host: FakeHost, monkeypatch) -> None:
    looks = iter([{"nginx": Look(known=True, words="activating")}, {"nginx": Look(known=True, running=True)}])
    monkeypatch.setattr(probe, "looks", lambda host, facts: next(looks))
    probe.services(host, fake_facts())


def test_services_that_stay_down_are_named(host: FakeHost, monkeypatch) -> None:
    monkeypatch.setattr(probe, "RUNNING", 0)
    seen = {"nginx": Look(known=True, failed=True, words="failed (exit-code)"), "jupyterhub": Look(running=True)}
    monkeypatch.setattr(probe, "looks", lambda host, facts: seen)
    with pytest.raises(VerifyError, match=r"nginx is failed \(exit-code\)") as raised:
        probe.services(host, fake_facts())
    assert raised.value.log == "nginx"


@pytest.fixture
def port_80(monkeypatch) -> Iterator[dict[str, str]]:
    answer = {"status": "301", "Location": "https://hub.example.org/"}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(int(answer["status"]))
            self.send_header("Location", answer["Location"])
            self.end_headers()

        def log_message(self, *args) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setattr(probe, "HTTP", server.server_port)
        yield answer
        server.shutdown()


def test_port_80_leads_to_https(port_80) -> None:
    probe.redirect("https://hub.example.org/")


@pytest.mark.parametrize("wrong", [{"status": "200"}, {"Location": "http://hub.example.org/"}])
def test_a_port_80_that_does_not(port_80, wrong) -> None:
    port_80 |= wrong
    with pytest.raises(VerifyError, match="redirecting to https"):
        probe.redirect("https://hub.example.org/")
