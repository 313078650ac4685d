"""Each part that does not work is named, with what to do; nothing that may happen on a machine is an exception."""

import dataclasses
import http.server
import json
import os
import socket
import socketserver
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from fakes.facts import fake_facts
from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.machine.process_managers.base import Look
from hubinstall.resources.docker.image import LABEL, Image
from hubinstall.resources.docker.network import DockerNetwork
from hubinstall.settings.model import Settings
from hubinstall.verify import health, http_probe
from hubinstall.verify.disks import GIB, amount, disk
from hubinstall.verify.http_probe import Answer, ask

UP = {service: Look(known=True, running=True) for service in layout.SERVICES}
ENGINE = json.dumps({"ServerVersion": "20.10.24", "DockerRootDir": "/var/lib/docker"})
ENDS = 1_800_000_000.0
CERTIFICATE = """-----BEGIN PUBLIC KEY-----
abc
-----END PUBLIC KEY-----
notBefore=Oct 13 08:00:00 2024 GMT
notAfter=Jan 15 08:00:00 2027 GMT
serial=7
subject=CN=lab-1
issuer=CN=lab-1
X509v3 Subject Alternative Name:
    DNS:lab-1
"""
UNIT = "Id=nginx.service\nLoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\n"


@pytest.fixture
def host(tmp_path: Path, monkeypatch) -> FakeHost:
    """A machine on which all is well."""
    host = FakeHost(
        tmp_path,
        {"GET /info": ENGINE, "docker ps": "abc\n", "nft list table": "table …", "openssl x509": CERTIFICATE},
    )  # fmt: skip
    host.put(layout.PAM_FILE, "auth …")
    host.put(layout.DOCKER_SOCKET, "")
    host.put(layout.SERVED_CERT, "")
    host.put("/etc/shadow", f"root:*:1::::::\n{layout.PROBE_USER}:!:1::::::\n")
    monkeypatch.setattr(health, "answers", lambda host, address: True)
    monkeypatch.setattr(health, "looks", lambda host, facts: dict(UP))
    monkeypatch.setattr(health.time, "time", lambda: ENDS - 90 * 86400)
    answers = {"/api/routes": {"/": {}}, "/hub/health": {}, "/_ping": None, "/hub/api/users": [{"name": "alice"}],
               "/hub/api/idle": {"due": [], "ran": 5, "up": 50}}  # fmt: skip

    def answer(address: str, path: str, **_: str) -> Answer:
        return Answer(200, "", answers[path.partition("?")[0]], "6.1.1", 0.01)

    monkeypatch.setattr(health, "ask", answer)
    return host


def found(host: FakeHost) -> dict[str, health.Check]:
    return {check.name: check for check in health.health(host, Settings(), fake_facts(), resources=[]).checks}


def test_all_is_well(host: FakeHost) -> None:
    result = health.health(host, Settings(), fake_facts(), resources=[], pending=3)
    assert [(c.name, c.state) for c in result.checks if c.state != "ok" and not c.name.startswith("disk")] == []
    assert [c.name for c in result.checks][:12] == [
        "proxy", "hub", "user servers", "idle servers", "authenticator", "nginx", "docker", "broker", "accounts helper",
        "firewall", "host logins", "certificate",
    ]  # fmt: skip
    assert result.pending == 3
    assert found(host)["certificate"].message == "90 days left (self-signed)"
    assert found(host)["user servers"].message == "1 running"


@pytest.mark.parametrize(
    "service", [layout.PROXY_SERVICE, layout.HUB_SERVICE, layout.NGINX_SERVICE, layout.FIREWALL_SERVICE]
)
def test_a_service_that_is_down_is_named(host: FakeHost, monkeypatch, service: str) -> None:
    seen = UP | {service: Look(known=True, failed=True, words="FATAL gave up")}
    monkeypatch.setattr(health, "looks", lambda host, facts: seen)
    bad = [c for c in found(host).values() if c.state == "failed" and not c.name.startswith("disk")]
    assert [c.message for c in bad] == [f"{service} is FATAL gave up"]
    assert f"hubinstall logs {service}" in bad[0].hint


def test_where_docker_is_stopped_the_broker_is_not_asked(host: FakeHost, monkeypatch) -> None:
    """It would ask Docker's socket, and so start what somebody has stopped."""
    seen = UP | {layout.DOCKER_SERVICE: Look(known=True, words="inactive (dead)")}
    monkeypatch.setattr(health, "looks", lambda host, facts: seen)
    usual, asked = health.ask, []
    monkeypatch.setattr(health, "ask", lambda a, p, **rest: (asked.append(p), usual(a, p, **rest))[1])
    assert found(host)["docker"].state == "failed"
    assert found(host)["broker"].message == "it runs; Docker does not"
    assert "/_ping" not in asked


@pytest.mark.parametrize(
    ("path", "answer", "check", "words"),
    [
        ("/api/routes", Answer(403, "answered with 403"), "proxy", "its API: answered with 403"),
        ("/api/routes", Answer(200, data={}), "proxy", "it has no route to the hub"),
        ("/hub/api/users", Answer(words="no answer"), "user servers", "does not list the servers: no answer"),
        ("/hub/api/users", Answer(200, data=[{}, {}]), "user servers", "2 running servers, Docker counts 1"),
    ],
)  # fmt: skip
def test_a_part_that_answers_wrongly_is_named(host: FakeHost, monkeypatch, path, answer, check, words) -> None:
    usual = health.ask
    monkeypatch.setattr(health, "ask", lambda a, p, **rest: answer if p.startswith(path) else usual(a, p, **rest))
    assert found(host)[check].state != "ok"
    assert words in found(host)[check].message


@pytest.mark.parametrize(("answer", "words"), [(Answer(502), "502"), (Answer(late=True), "timeout")])
def test_nginx_with_nothing_behind_it_is_told_apart_from_the_hub(host: FakeHost, monkeypatch, answer, words) -> None:
    usual = health.ask
    monkeypatch.setattr(health, "ask", lambda a, p, **rest: answer if ":443" in a else usual(a, p, **rest))
    assert found(host)["nginx"].message == f"the proxy or the hub behind it does not answer ({words})"
    assert found(host)["hub"].state == "ok"


def test_plain_http_is_asked_where_it_listens_and_of_no_certificate(host: FakeHost, monkeypatch) -> None:
    asked = {}
    usual = health.ask

    def note(address: str, path: str, **rest: object) -> Answer:
        asked[address] = (path, rest)
        return Answer(200) if path.startswith("/x/") else usual(address, path, **rest)

    monkeypatch.setattr(health, "ask", note)
    settings = {"base_url": "/x/", "https": {"mode": "off"}, "http": {"port": 8000, "address": "10.0.0.5"}}
    checks = health.health(
        host, Settings.model_validate(settings), fake_facts(addresses=("10.0.0.5",)), resources=[]
    ).checks
    assert asked["10.0.0.5:8000"] == ("/x/hub/health", {"name": "10.0.0.5", "tls": False})
    assert {check.name: check.message for check in checks}["nginx"] == "http leads to the hub"
    assert "certificate" not in {check.name for check in checks}


def test_passwords_that_nobody_can_check(host: FakeHost, monkeypatch) -> None:
    monkeypatch.setattr(health, "answers", lambda host, address: False)
    assert found(host)["accounts helper"].message == "nobody can log in: it accepts no connection"
    seen = UP | {layout.ACCOUNTS_SERVICE: Look(known=True, words="inactive (dead)")}
    monkeypatch.setattr(health, "looks", lambda host, facts: seen)
    assert "nobody can log in: hubinstall-accounts is inactive (dead)" in found(host)["accounts helper"].message
    assert found(host)["authenticator"].state == "ok"
    host.remove(layout.PAM_FILE)
    assert found(host)["authenticator"].message == f"{layout.PAM_FILE} is missing"


def test_a_probe_that_was_left_with_a_password(host: FakeHost) -> None:
    with host.path("/etc/shadow").open("w") as file:
        file.write(f"{layout.PROBE_USER}:$6$abc:1::::::\n")
    assert found(host)["authenticator"].state == "warning"


def test_tables_and_engines_that_are_gone(host: FakeHost) -> None:
    host.answers["nft list table"] = lambda argv, text: (1, "No such file")
    host.answers["GET /info"] = (1, "no")
    host.answers["docker ps"] = lambda argv, text: (1, "Cannot connect to the Docker daemon")
    assert found(host)["firewall"].state == found(host)["docker"].state == found(host)["user servers"].state == "failed"


def filesystem(free: float, inodes: float = 1.0) -> os.statvfs_result:
    fields = {"f_blocks": 100, "f_frsize": GIB, "f_bavail": free, "f_files": 1000, "f_favail": int(1000 * inodes)}
    return SimpleNamespace(**fields)


def test_disks() -> None:
    assert amount(41_943_040) == "40 MB"
    assert disk("/", filesystem(50))[1:3] == ("ok", "50.0 GB of 100 GB free")
    assert disk("/", filesystem(5))[1] == "warning"
    assert disk("/", filesystem(0.1))[1] == "failed"
    assert disk("/", filesystem(50, 0.05))[1:3] == ("warning", "50.0 GB of 100 GB free, 50 inodes (files) free")


def test_a_service_that_not_every_machine_has_may_be_missing(tmp_path: Path) -> None:
    host = FakeHost(tmp_path, {"systemctl show": UNIT})
    seen = health.looks(host, fake_facts())
    assert layout.LIMITS_SERVICE not in seen
    assert seen["nginx"].running
    assert health.down(seen, layout.HUB_SERVICE, layout.LIMITS_SERVICE) == "jupyterhub is absent"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.headers["Authorization"] == "token t" else 403)
        self.send_header("X-JupyterHub-Version", "6.1.1")
        self.end_headers()
        self.wfile.write(b"[1]")

    def log_message(self, *args) -> None:
        pass


class UnixServer(socketserver.UnixStreamServer):
    def get_request(self):
        request, _ = super().get_request()
        return request, ("", 0)


def test_a_question_over_a_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "api.sock")
    assert "no answer at" in ask(path, "/").words
    with UnixServer(path, Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        answer = ask(path, "/x", token="t")
        assert (answer.status, answer.data, answer.version) == (200, [1], "6.1.1")
        assert ask(path, "/x").words == "answered with 403 Forbidden"
        server.shutdown()
    assert ask("127.0.0.1:1", "/", name="hub.example.org").status == 0


def test_a_part_that_hangs_is_late(monkeypatch) -> None:
    monkeypatch.setattr(http_probe, "TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert ask(f"127.0.0.1:{server.getsockname()[1]}", "/").late


def test_without_supervisord_there_is_one_cause_and_one_cure(host: FakeHost, monkeypatch) -> None:
    monkeypatch.setattr(health, "looks", lambda host, facts: pytest.fail("each service would be absent"))
    facts = dataclasses.replace(fake_facts(), manager="supervisor")
    result = health.health(host, Settings(), facts, resources=[])
    assert [(check.name, check.hint) for check in result.checks if check.state == "failed"] == [
        ("supervisord", "Run: hubinstall start")
    ]
    assert {"authenticator", "certificate"} < {check.name for check in result.checks}


NETWORK = DockerNetwork("hubinstall", bridge="hubinstall0", subnet="10.99.0.0/16", gateway="10.99.0.1")
IMAGE = Image("hubinstall/default", tag="abc", root="/images/abc")


def docker_parts(host: FakeHost) -> dict[str, health.Check]:
    host.forget()
    result = health.health(host, Settings(), fake_facts(), resources=[NETWORK, IMAGE])
    return {check.name: check for check in result.checks if check.name in {"network", "image", "firewall"}}


def test_what_somebody_removed_from_docker_is_named(host: FakeHost) -> None:
    found = docker_parts(host)
    assert {check.state for check in found.values()} == {"failed"}
    assert found["network"].message == "the Docker network hubinstall is missing: no server can start"
    assert found["image"].message == "the image of user servers (hubinstall/default) is missing: no server can start"
    assert {check.hint for check in found.values()} == {"Run: hubinstall apply"}
    pool = {"Subnet": NETWORK.subnet, "Gateway": NETWORK.gateway}
    there = {"Driver": "bridge", "Options": dict(NETWORK.described.options), "IPAM": {"Config": [pool]}}
    host.put("/proc/net/dev", "hubinstall0: 1\n")
    host.answers["GET /networks/hubinstall"] = json.dumps(there)
    host.answers["GET /images/"] = json.dumps({"Id": "1", "Config": {"Labels": {LABEL: "abc"}}})
    assert {check.state for check in docker_parts(host).values()} == {"ok"}


def test_a_network_that_the_rules_do_not_protect_is_not_called_protected(host: FakeHost) -> None:
    pool = {"Subnet": NETWORK.subnet, "Gateway": NETWORK.gateway}
    host.answers["GET /networks/hubinstall"] = json.dumps({"Driver": "bridge", "IPAM": {"Config": [pool]}})
    words = "bridge is not set, not hubinstall0, device is absent, not present, icc is true, not false"
    found = docker_parts(host)
    assert found["firewall"].message == f"its rules are not in effect: the Docker network hubinstall differs ({words})"
    assert found["network"].state == "failed"
