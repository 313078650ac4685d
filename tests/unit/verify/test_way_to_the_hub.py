"""The way to the hub, before anyone logs in: services, certificate, nginx, the proxy, and port 80."""

import http.server
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from fakes.facts import fake_facts
from fakes.host import FakeHost
from fakes.hub_client import Client
from hubinstall import layout
from hubinstall.machine.process_managers.base import Look
from hubinstall.settings.model import Settings
from hubinstall.verify import probe
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.probe import VerifyError

EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")


@pytest.fixture
def host(tmp_path, monkeypatch) -> FakeHost:
    monkeypatch.setattr(probe, "EVERY", 0.001)
    return FakeHost(tmp_path, {"chpasswd": "", "usermod": "", "chage": "", "docker ps": ""})


class Quiet:
    def phase(self, text: str) -> None:
        pass


@dataclass
class Hub:
    """What a client is made for: `verify` as HubClient's own. Inside its block it is `client`."""

    client: Client
    url: str = ""
    address: str = ""
    verify: ssl.SSLContext | None = None

    token: str = ""

    def __call__(
        self, url: str, *, address: str, verify: ssl.SSLContext, timeout: float, token: str = "", user: str = "",
        subdomains: bool = False,
    ) -> "Hub":  # fmt: skip
        self.url, self.address, self.verify, self.token = url, address, verify, token
        self.client.user, self.client.limits["request"] = user, timeout
        return self

    def __enter__(self) -> Client:
        return self.client

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def hub(host: FakeHost, monkeypatch) -> Hub:
    """One that accepts the probe; its certificate is the one that nginx serves."""
    client = Client()
    client.knows(host)
    monkeypatch.setattr("hubinstall.verify.client.hub.HubClient", hub := Hub(client))
    served = host.path("/served.crt")
    own = ["openssl", "req", "-x509", *EC, "-nodes", "-keyout", "/dev/null", "-subj", "/CN=served"]
    subprocess.run([*own, "-out", served], check=True, capture_output=True)
    monkeypatch.setattr(layout, "SERVED_CERT", str(served))
    return hub


def test_a_slow_machine_gets_more_time_for_everything(host: FakeHost, hub: Hub, monkeypatch) -> None:
    monkeypatch.setattr(probe.pace, "slowness", lambda: 20.0)
    monkeypatch.setattr(probe, "looks", lambda *_: {})
    data = {"https": {"mode": "off"}, "http": {"port": 8000}}
    probe.verify(host, Settings.model_validate(data), fake_facts(), Quiet())
    usual = {"request": 30.0, "start": 600.0, "cell": 120.0, "stop": 90.0}
    assert hub.client.limits == {step: 20 * seconds for step, seconds in usual.items()}


NAMED = ({"domain": "hub.example.org"}, "https://hub.example.org/", "127.0.0.1")
NAMELESS = ({}, "https://10.0.0.5/", "127.0.0.1")
WITHOUT_TLS = (
    {"https": {"mode": "off"}, "http": {"port": 8000, "address": "10.0.0.5"}, "base_url": "/x"},
    "http://10.0.0.5:8000/x/",
    "10.0.0.5",
)


@pytest.mark.parametrize(
    ("asked", "trusted", "name_counts"), [(NAMED, 1, True), (NAMELESS, 1, False), (WITHOUT_TLS, 0, False)]
)
def test_it_asks_where_nginx_listens_and_trusts_what_nginx_serves(
    host: FakeHost, hub: Hub, monkeypatch, asked, trusted, name_counts
) -> None:
    """Of a nameless hub's certificate the names do not count: the machine may have more addresses by now."""
    data, url, address = asked
    led: list[str] = []
    monkeypatch.setattr(probe, "services", lambda *_: None)
    monkeypatch.setattr(probe, "redirect", led.append)
    if not trusted:
        monkeypatch.setattr(layout, "SERVED_CERT", "/none.crt")
    probe.verify(host, Settings.model_validate(data), fake_facts(addresses=("10.0.0.5",)), Quiet())
    assert (hub.url, hub.address, led) == (url, address, [url] if trusted else [])
    assert hub.client.done[-1] == "logout"
    assert hub.verify.check_hostname is name_counts
    assert (hub.verify.verify_mode is ssl.CERT_REQUIRED) is bool(trusted)
    authorities = [dict(word for rdn in cert["subject"] for word in rdn) for cert in hub.verify.get_ca_certs()]
    assert not trusted or authorities == [{"commonName": "served"}]


def test_while_a_service_is_down_nobody_logs_in(host: FakeHost, hub: Hub, monkeypatch) -> None:
    monkeypatch.setattr(probe, "RUNNING", 0)
    with pytest.raises(VerifyError) as raised:
        probe.verify(host, Settings(), fake_facts(), Quiet())
    assert raised.value.check == "services"
    assert hub.client.done == []


@pytest.mark.parametrize(
    ("status", "words", "log"),
    [
        (None, "connection refused", layout.NGINX_SERVICE),
        (502, "the proxy behind it does not", layout.PROXY_SERVICE),
        (504, "the proxy behind it does not", layout.PROXY_SERVICE),
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


def test_a_page_that_comes_at_the_second_try_is_waited_for(monkeypatch) -> None:
    monkeypatch.setattr(probe, "EVERY", 0.001)
    client = Client()

    def not_yet() -> None:
        del client.login_page
        raise HubError("login page", "answered with 502", 502)

    client.login_page = not_yet
    probe.reach(client)
    assert client.done == ["login_page"]


def test_another_certificate_is_not_waited_for() -> None:
    seen = HubError("login page", "CERTIFICATE_VERIFY_FAILED", None, "Another certificate is served.")
    with pytest.raises(VerifyError, match="verify: nginx: CERTIFICATE_VERIFY_FAILED") as raised:
        probe.reach(Client(login_page=seen))
    assert raised.value.hint == "Another certificate is served. See: hubinstall logs nginx"


def test_services_that_come_up_are_waited_for(host: FakeHost, monkeypatch) -> None:
    coming = Look(known=True, words="activating")
    looks = iter([{"nginx": coming}, {"nginx": coming}, {"nginx": Look(known=True, running=True)}])
    monkeypatch.setattr(probe, "looks", lambda host, facts: next(looks))
    probe.services(host, fake_facts())
    assert list(looks) == [], "it has not waited for the last one"


def test_a_service_that_does_not_come_up_in_time_is_down(host: FakeHost, monkeypatch) -> None:
    monkeypatch.setattr(probe, "RUNNING", 0.05)
    monkeypatch.setattr(probe, "looks", lambda *_: {"nginx": Look(known=True, words="activating")})
    with pytest.raises(VerifyError, match="nginx is activating"):
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
    """What it answers with: a header of which there is none where it is empty. It keeps what it was asked for."""
    answer = {"status": "301", "Location": "https://hub.example.org/"}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer["asked"] = f"{self.headers['Host']}{self.path}"
            self.send_response(int(answer["status"]))
            if answer["Location"]:
                self.send_header("Location", answer["Location"])
            self.end_headers()

        def log_message(self, *args) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setattr(probe, "HTTP", server.server_port)
        yield answer
        server.shutdown()


@pytest.mark.parametrize("status", ["301", "302", "307", "308"])
def test_port_80_leads_to_https(port_80, status) -> None:
    port_80["status"] = status
    probe.redirect("https://hub.example.org/x/")
    assert port_80["asked"] == "hub.example.org/x/"


@pytest.mark.parametrize(
    ("wrong", "seen"),
    [
        ({"status": "200"}, "200 https://hub.example.org/"),
        ({"Location": "http://hub.example.org/"}, "301 http://hub.example.org/"),
        ({"Location": ""}, "301"),
    ],
)
def test_a_port_80_that_does_not(port_80, wrong, seen) -> None:
    port_80 |= wrong
    with pytest.raises(VerifyError, match=f"port 80 answers '{seen}' instead of redirecting to https") as raised:
        probe.redirect("https://hub.example.org/")
    assert raised.value.log == layout.NGINX_SERVICE


@pytest.mark.parametrize(("listens", "words"), [(False, "refused"), (True, "timed out")])
def test_a_port_80_that_does_not_answer(monkeypatch, listens, words) -> None:
    monkeypatch.setattr(probe, "ANSWERING", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(probe, "HTTP", silent.getsockname()[1])
        if not listens:
            silent.close()
        with pytest.raises(VerifyError, match=f"port 80 does not answer: .*{words}") as raised:
            probe.redirect("https://hub.example.org/")
    assert raised.value.log == layout.NGINX_SERVICE


def test_another_sign_on_is_not_tried_with_a_password(host: FakeHost, hub: Hub, monkeypatch) -> None:
    """The page that its class makes counts, and the rest is asked with our token."""
    monkeypatch.setattr(probe, "services", lambda *_: None)
    monkeypatch.setattr(probe, "redirect", lambda _: None)
    host.put(layout.DROPIN_REPORT, '{"authenticator": "GitHubOAuthenticator", "files": {}, "warnings": []}')
    host.put(layout.VERIFY_TOKEN, "t0ken\n")
    said: list[str] = []
    report = Quiet()
    monkeypatch.setattr(report, "phase", said.append, raising=False)
    probe.verify(host, Settings(), fake_facts(addresses=("10.0.0.5",)), report)
    assert hub.client.done == ["sign_on_page", "stop", "start", "open", "cell", "stop", "logout"]
    assert (hub.token, hub.client.user) == ("t0ken", layout.PROBE_USER)
    assert not any("chpasswd" in command for command in host.commands)
    assert any("GitHubOAuthenticator is a drop-in's" in line for line in said)
    assert said[-1] == "verify: the hub can start a server and run a cell"
