"""stop and restart do what they say, and what is killed comes back; people's servers live through all of it."""

import time

import pytest

from harness import installed
from harness.faults import Place
from harness.machine import Machine
from harness.nspawn import ProcessManager
from harness.waiting import LONG, soon

CTL = "/opt/hubinstall/supervisor/bin/supervisorctl -c /opt/hubinstall/etc/supervisord.conf"
BROKER = "pgrep -of '[h]ubinstall.broker'"
OURS = "containerd docker nginx jupyterhub-proxy jupyterhub"
# A process of ours whose parent is not supervisord is one that a killed supervisord has left.
ORPHANS = """for file in $(grep -lz ^HUBINSTALL_SERVICE= /proc/[0-9]*/environ); do
    pid=${file#/proc/} pid=${pid%/environ}
    name=$(cat /proc/$pid/comm)
    [ "$(awk '$1 == "PPid:" {print $2}' /proc/$pid/status)" != 1 ] || echo "$name"
done | grep -v -e ^containerd-shim -e ^supervisord || :"""


def kills_all(machine: Machine) -> str:
    """Kills whatever runs the services; systemd itself cannot be killed, but all that it runs can."""
    if machine.process_manager is ProcessManager.SYSTEMD:
        return f"kill -9 $(systemctl show --value --property=MainPID {OURS} | grep .)"
    return "kill -9 $(cat /run/hubinstall/supervisord.pid)"


def containers(machine: Machine) -> str:
    return machine.run("docker ps --no-trunc --format '{{.ID}} {{.Names}}'").out


def again(machine: Machine, before: dict[str, str]) -> set[str]:
    """What was started again since `before`; nothing while supervisord itself is away."""
    if machine.process_manager is ProcessManager.PLAIN and machine.run(f"{CTL} pid", check=False).code:
        return set()
    return {name for name, value in installed.starts(machine).items() if value != before[name]}


def works(place: Place, before: str) -> None:
    """The hub answers, nothing differs, and grace's kernel of before runs in her container of before."""
    installed.wait_for_login_page(place.machine, LONG)
    end = time.monotonic() + LONG
    while "failed" in (seen := place.machine.run("hubinstall status", check=False).out):
        assert time.monotonic() < end, seen
        time.sleep(1)
    assert containers(place.machine) == before
    place.kernel.reconnect()
    assert place.kernel.execute("print(kept)") == "42\n"
    assert installed.plan(place.machine) == []


def test_a_restart_of_nginx_breaks_no_websocket(place: Place) -> None:
    before = installed.starts(place.machine)
    place.machine.run("hubinstall restart nginx")
    assert place.kernel.execute("print(kept)") == "42\n"
    assert installed.starts(place.machine) == before
    place.machine.run("hubinstall restart nginx --hard")
    after = installed.starts(place.machine)
    assert {name for name in before if before[name] != after[name]} == installed.names(place.machine, "nginx")
    place.kernel.reconnect()


def test_a_stopped_docker_stays_stopped_whoever_looks(place: Place) -> None:
    machine, before = place.machine, containers(place.machine)
    machine.run("hubinstall stop docker")
    # The hub asks for its servers twice a minute, which would start Docker by the socket: its way there is held.
    machine.run(f"kill -STOP $({BROKER})")
    try:
        # An administrator's own way to stop it leaves the socket.
        machine.run("[ ! -d /run/systemd/system ] || systemctl start docker.socket")
        seen = machine.run("hubinstall status", check=False).out
        machine.run(["hubinstall", "plan"])
        assert machine.run("pidof dockerd", check=False).out == ""
    finally:
        machine.run(f"kill -CONT $({BROKER})")
    assert "docker is " in seen
    assert installed.server_answers(place.grace)
    assert place.kernel.execute("print(kept)") == "42\n"
    machine.run("hubinstall start docker")
    assert machine.run(["curl", "-fsS", "--unix-socket", "/run/docker.sock", "http://docker/_ping"]).out == "OK"
    works(place, before)


@pytest.mark.parametrize("service", [*OURS.split(), "all"])
def test_what_is_killed_comes_back(place: Place, service: str) -> None:
    machine, before = place.machine, containers(place.machine)
    started = installed.starts(machine)
    pid = f"systemctl show --value --property=MainPID {service}"
    if machine.process_manager is ProcessManager.PLAIN:
        pid = f"{CTL} pid {service}"
    machine.run(kills_all(machine) if service == "all" else f"kill -9 $({pid})")
    end = time.monotonic() + LONG
    expected = installed.names(machine, *(OURS.split() if service == "all" else [service]))
    while not expected <= again(machine, started):
        assert time.monotonic() < end, machine.run("ps axo pid,ppid,args").out
        time.sleep(0.5)
    works(place, before)
    if machine.process_manager is ProcessManager.PLAIN:
        assert soon(lambda: machine.run(ORPHANS).out == "")
