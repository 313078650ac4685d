"""start, stop and restart: they end when the services answer, cut no connection, and a stop lasts."""

import http.server
import json
import threading

import pytest

from fakes.host import FakeHost
from fakes.hub_people import SETTINGS
from fakes.process_managers import NAME, SupervisorMachine, SystemdMachine
from hubinstall import layout
from hubinstall.cli import services
from hubinstall.errors import CommandError, UserError
from hubinstall.machine import docker
from hubinstall.machine.process_managers.base import Look
from hubinstall.machine.process_managers.supervisor import Supervisor
from hubinstall.machine.process_managers.systemd import Systemd
from hubinstall.verify import answering
from hubinstall.verify.http_probe import Answer

DOCKER = (
    "Id=docker.service\nLoadState={}\nActiveState={}\nSubState=dead\nUnitFileState=enabled\nTriggeredBy=docker.socket\n"
)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """The manager systemd with one service, the hub, that is known and stopped."""
    machine = SystemdMachine(tmp_path)
    machine.host.put(layout.unit(NAME), "")
    machine.loaded = dict(machine.defined)
    monkeypatch.setattr(services, "silent", lambda *_: "")
    return machine


def test_a_start_ends_when_the_service_answers(machine, monkeypatch, capsys):
    said = ["running, but it does not answer yet: 503", "running, but it does not answer yet: 503", ""]
    monkeypatch.setattr(services, "silent", lambda *_: said.pop(0))
    assert services.start(machine.host, NAME) == 0
    assert said == []
    assert capsys.readouterr().err == f"{NAME}: running\n"


def test_one_that_answered_is_asked_again_until_all_do(machine, monkeypatch, capsys):
    """The hub answers by itself, and then not through the proxy that has just come up."""
    said = {NAME: ["", "running, but it does not answer through the proxy yet: 404", ""], "nginx": ["no", "", ""]}
    machine.defined = machine.loaded = dict.fromkeys(said, "one")
    monkeypatch.setattr(services, "chosen", lambda *_: (Systemd(), list(said)))
    monkeypatch.setattr(services, "silent", lambda _host, _manager, name: said[name].pop(0))
    assert services.start(machine.host) == 0
    assert said == {NAME: [], "nginx": []}
    assert capsys.readouterr().err == f"{NAME}: running\nnginx: running\n"


def test_one_that_never_answers_is_named(machine, monkeypatch, capsys):
    monkeypatch.setattr(services, "UP_WITHIN", 0.3)
    monkeypatch.setattr(services, "silent", lambda *_: "running, but it does not answer yet: 503")
    with pytest.raises(UserError, match=f"not running: {NAME}"):
        services.start(machine.host, NAME)
    assert capsys.readouterr().err == f"{NAME}: running, but it does not answer yet: 503\n"


def reloading(machine, monkeypatch):
    """With nginx instead of the hub; returns what was done with it."""
    monkeypatch.setattr(services, "chosen", lambda *_: (manager, [layout.NGINX_SERVICE]))
    done = machine.acts
    manager = Systemd()
    machine.defined = machine.loaded = {layout.NGINX_SERVICE: "one"}
    machine.enabled = {layout.NGINX_SERVICE}
    machine.begin(layout.NGINX_SERVICE)
    done.clear()
    machine.host.answers |= {
        "systemctl reload nginx.service": lambda *_: done.append("reload") or "",
        "nginx -t -q": "", layout.NGINX_RECORDER: lambda *_: done.append("record") or "",
    }  # fmt: skip
    return done


@pytest.mark.parametrize("named", [layout.NGINX_SERVICE, None])
def test_nginx_reloads_and_keeps_its_connections(machine, monkeypatch, named):
    done = reloading(machine, monkeypatch)
    assert services.restart(machine.host, named) == 0
    assert done == ["reload", "record"]


def test_nginx_restarts_when_that_is_asked_for_or_it_does_not_run(machine, monkeypatch):
    done = reloading(machine, monkeypatch)
    assert services.restart(machine.host, layout.NGINX_SERVICE, hard=True) == 0
    assert done == ["stop nginx", "start nginx"]
    machine.end(layout.NGINX_SERVICE)
    machine.host.forget()
    done.clear()
    assert services.restart(machine.host, layout.NGINX_SERVICE) == 0
    assert done == ["stop nginx", "start nginx"]


def test_nginx_does_not_reload_what_it_would_refuse(machine, monkeypatch):
    done = reloading(machine, monkeypatch)
    machine.host.answers["nginx -t -q"] = (1, 'nginx: [emerg] unknown directive "x"')
    with pytest.raises(CommandError, match="nginx -t"):
        services.restart(machine.host, layout.NGINX_SERVICE)
    assert done == []


def test_a_stop_also_stops_the_socket_that_would_start_it_again(tmp_path):
    host = FakeHost(tmp_path, {"systemctl show": DOCKER.format("loaded", "active"), "systemctl stop": ""})
    Systemd().stop(host, layout.DOCKER_SERVICE)
    assert host.commands[1:] == ["systemctl stop docker.socket", "systemctl stop docker.service"]


def test_without_supervisord_nothing_is_said_to_be_stopped(tmp_path):
    host = SupervisorMachine(tmp_path).host
    host.put(layout.SUPERVISOR_CONFIG, "")
    with pytest.raises(UserError, match="supervisord does not run, so it cannot stop a service"):
        services.stop(host, NAME)


@pytest.mark.parametrize(
    ("load", "active", "pid", "asked"),
    [
        ("loaded", "inactive", "", False),
        ("loaded", "failed", "", False),
        ("loaded", "inactive", "77", True),  # started by hand
        ("loaded", "activating", "", True),
        ("loaded", "active", "", True),
        ("not-found", "inactive", "", True),  # a unit of another name
    ],
)
def test_a_stopped_engine_is_not_asked_since_that_would_start_it(tmp_path, load, active, pid, asked):
    host = FakeHost(
        tmp_path, {"systemctl show": DOCKER.format(load, active), "GET /info": json.dumps({"ServerVersion": "20"})}
    )
    host.path(layout.SYSTEMD_RUNS).mkdir(parents=True)
    host.answers["docker ps"] = "abc\n"
    if pid:
        host.put(layout.DOCKER_PID, pid)
        host.put(f"/proc/{pid}/comm", "dockerd\n")
    assert bool(docker.info(host)) is asked
    assert bool(host.questions) is asked
    assert (docker.docker_query(host, "ps", check=False).returncode == 0) is asked
    if not asked:
        with pytest.raises(CommandError, match="docker ps") as raised:
            docker.docker_query(host, "ps")
        assert "hubinstall start docker" in raised.value.hint


def test_docker_answers_when_its_engine_does(tmp_path):
    host = FakeHost(tmp_path)
    assert "does not answer at its socket" in answering.silent(host, Supervisor(), layout.DOCKER_SERVICE)
    host.answers["GET /_ping"] = "OK"
    assert answering.silent(host, Supervisor(), layout.DOCKER_SERVICE) == ""


@pytest.mark.parametrize("service", answering.SOCKETS)
def test_a_service_with_a_socket_answers_when_that_accepts(tmp_path, service):
    assert "does not accept connections" in answering.silent(FakeHost(tmp_path), Supervisor(), service)


def test_the_hub_is_asked_through_the_proxy_while_that_runs(tmp_path, monkeypatch):
    host = SupervisorMachine(tmp_path).host
    host.put(layout.HUB_SETTINGS, json.dumps(SETTINGS.as_dict() | {"base_url": "/jupyter/"}))
    asked = []
    monkeypatch.setattr(answering, "ask", lambda *where: asked.append(where) or Answer(503, "answered with 503"))
    words = answering.silent(host, Supervisor(), layout.HUB_SERVICE)
    assert words == "running, but it does not answer yet: answered with 503"
    assert asked == [(f"10.99.0.1:{layout.HUB_PORT}", "/jupyter/hub/health")]
    monkeypatch.setattr(Supervisor, "look", lambda *_: Look(running=True))
    assert "through the proxy" in answering.silent(host, Supervisor(), layout.HUB_SERVICE)
    assert asked[1] == (str(host.path(layout.PROXY_PUBLIC_SOCKET)), "/jupyter/hub/health")
    host.put(layout.HUB_SETTINGS, "{")
    assert answering.silent(host, Supervisor(), layout.HUB_SERVICE) == ""


def test_nginx_answers_when_a_port_of_its_own_does(tmp_path, monkeypatch):
    host = FakeHost(tmp_path)
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setattr(answering, "listening", lambda _: {"5": ("127.0.0.1", server.server_port)})
    assert "does not listen" in answering.silent(host, Supervisor(), layout.NGINX_SERVICE)
    host.put(layout.NGINX_PID, "7\n")
    host.path("/proc/7/fd").mkdir(parents=True)
    host.path("/proc/7/fd/3").symlink_to("socket:[6]")
    assert "does not listen" in answering.silent(host, Supervisor(), layout.NGINX_SERVICE)
    host.path("/proc/7/fd/4").symlink_to("socket:[5]")
    assert answering.silent(host, Supervisor(), layout.NGINX_SERVICE) == ""
    server.shutdown()
    server.server_close()
    assert "does not listen" in answering.silent(host, Supervisor(), layout.NGINX_SERVICE)


@pytest.mark.parametrize(
    ("service", "exe", "left", "starting"),
    [
        (layout.HUB_SERVICE, "bin/sh", {}, True),
        (layout.PROXY_SERVICE, "bin/sh", {}, True),
        (layout.PROXY_SERVICE, "bin/node", {}, False),
        (layout.PROXY_SERVICE, "bin/node", {"7": "node"}, True),
        (layout.NGINX_SERVICE, "bin/sh", {"7": "nginx"}, False),  # stands by while somebody else's runs
        (layout.DOCKER_SERVICE, "bin/sh", {}, False),  # the same
        (layout.DOCKER_SERVICE, "bin/sh", {"7": "dockerd"}, True),
        (layout.CONTAINERD_SERVICE, "bin/sh", {"7": "containerd-shim"}, False),
        (layout.CONTAINERD_SERVICE, "bin/sh", {"7": "containerd-shim", "8": "containerd"}, True),
    ],
)
def test_one_that_a_killed_supervisord_has_left_does_not_answer_for_the_next(
    tmp_path, monkeypatch, service, exe, left, starting
):
    host = FakeHost(tmp_path, {"GET /_ping": "OK"})
    monkeypatch.setattr(Supervisor, "look", lambda *_: Look(running=True, pid=50))
    monkeypatch.setattr(answering, "answers", lambda *_: True)
    monkeypatch.setattr(answering, "_nginx", lambda *_: True)
    host.put("/bin/sh", "")
    host.put("/bin/node", "")
    ours = f"{layout.SERVICE_NAME}={service}\0"
    processes = {"50": ("sh", 40), "51": ("sleep", 50)} | {pid: (name, 1) for pid, name in left.items()}
    for pid, (name, parent) in processes.items():
        host.put(f"/proc/{pid}/environ", ours)
        host.put(f"/proc/{pid}/status", f"Name:\t{name}\nPPid:\t{parent}\n")
    host.path("/proc/50/exe").symlink_to(host.path(f"/{exe}"))
    assert answering.silent(host, Supervisor(), service) == ("starting" if starting else "")
