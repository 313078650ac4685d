"""The machines themselves: what the rest of the suite takes for granted is shown here."""

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import store
from harness.commands import CommandFailedError, EndlessError
from harness.machine import Machine, Snapshot
from harness.manifest import diff, manifest
from harness.nspawn import ProcessManager
from harness.waiting import soon

MEBIBYTE = 1 << 20
# Where nobody has started it, as a person would.
DOCKERD = """
[ -d /run/systemd/system ] || pgrep -x dockerd >/dev/null || dockerd >/var/log/dockerd.log 2>&1 &
for turn in $(seq 600); do docker info && exit; sleep 0.5; done; exit 1
"""


def test_is_a_fresh_debian_with_the_right_pid_1(machine: Machine, process_manager: ProcessManager) -> None:
    runs_systemd = machine.run("test -d /run/systemd/system", check=False).code == 0
    assert runs_systemd == (process_manager is ProcessManager.SYSTEMD)
    assert (machine.read("/proc/1/comm") == "systemd\n") == runs_systemd
    assert f"VERSION_CODENAME={store.RELEASE}" in machine.read("/etc/os-release")
    for absent in ("nginx", "dockerd", "node", "pip3"):
        assert machine.run(["which", absent], check=False).code == 1
    assert machine.run("python3 -m venv /tmp/v", check=False).code == 1


def test_commands_end_as_they_end(machine: Machine) -> None:
    assert machine.run("cat; echo $GIVEN; pwd", stdin=b"in ", env={"GIVEN": "given"}).out == "in given\n/root\n"
    assert machine.run("exit 3", check=False).code == 3
    with pytest.raises(CommandFailedError, match="no such thing"):
        machine.run("echo no such thing >&2; exit 1")
    with pytest.raises(EndlessError, match=r"(?s)PID +PPID.* sleep 60\n"):
        machine.run("sleep 60 & sleep 61", timeout=3)
    assert soon(lambda: machine.run("pgrep -f 'sleep 6[01]'", check=False).out == "")


def test_a_manifest_names_what_changed(machine: Machine) -> None:
    machine.run("mkdir /etc/trial && echo 1 >/etc/trial/content && echo 1 >/etc/trial/mode && ln -s a /etc/trial/link")
    before = manifest(machine)
    assert not diff(before, manifest(machine))
    machine.run("cd /etc/trial && echo 2 >content && chmod 600 mode && ln -sfn b link && mkfifo new && rm /etc/issue")
    found = diff(before, manifest(machine))
    assert (found.added, found.removed) == (("/etc/trial/new",), ("/etc/issue",))
    assert list(found.changed) == ["/etc/trial/content", "/etc/trial/link", "/etc/trial/mode"]
    assert not diff(manifest(machine, ignore=["/etc"]), {k: v for k, v in before.items() if not k.startswith("/etc")})


def test_the_outside_goes_and_comes_back(machine: Machine) -> None:
    outside = "apt-get update -o APT::Update::Error-Mode=any"
    machine.run(outside)
    with machine.offline():
        once = "-o Acquire::Retries=0 -o Acquire::http::Timeout=5"
        assert machine.run(f"{outside} {once}", check=False).code != 0
        machine.run(f"ip route get {machine.link.host_address} && ip -4 addr show host0 | grep -F {machine.address}")
        # The test host refuses, so it was reached; a cut link would time out.
        refused = f"exec 3<>/dev/tcp/{machine.link.host_address}/9"
        assert "refused" in machine.run(["timeout", "3", "bash", "-c", refused], check=False).err
    machine.run(outside)


@pytest.mark.parametrize("power_cut", [False, True], ids=["orderly", "power cut"])
def test_a_cold_boot_keeps_the_root_only(machine: Machine, power_cut: bool) -> None:
    machine.write("/root/kept", "kept\n")
    machine.run("touch /run/gone; sleep 4242 & ip link add gone0 type bridge")
    machine.reboot(power_cut=power_cut)
    assert machine.read("/root/kept") == "kept\n"
    assert not machine.exists("/run/gone")
    assert machine.run("pgrep -f 'sleep 4242'", check=False).out == ""
    assert "gone0" not in machine.run("ip link").out


def install_docker(machine: Machine) -> None:
    quietly = {"DEBIAN_FRONTEND": "noninteractive"}
    machine.run(f"apt-get update -q && apt-get install -qy --no-install-recommends {store.DOCKER}", env=quietly)
    started_alone = machine.run("docker info", check=False).code == 0
    assert started_alone == (machine.process_manager is ProcessManager.SYSTEMD)
    machine.run(DOCKERD)
    machine.run("tar -C / -c bin lib lib64 usr/bin usr/lib64 usr/lib/x86_64-linux-gnu | docker import - here")


def test_docker_runs_and_travels_in_a_snapshot(
    process_manager: ProcessManager, snapshot_of: Callable[[str, Callable[[Machine], None]], Snapshot]
) -> None:
    with Machine.from_snapshot(snapshot_of("docker", install_docker)) as machine:
        assert machine.process_manager is process_manager
        assert "Storage Driver: overlay2" in machine.run(DOCKERD).out
        limited = "docker run --rm --memory 64m --cpus 0.5 --pids-limit 50 here cat /sys/fs/cgroup/memory"
        assert machine.run(f"{limited}/memory.limit_in_bytes || {limited}.max").out == f"{64 * MEBIBYTE}\n"


def test_a_small_machine(process_manager: ProcessManager, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Its memory is said and held; its snapshot starts as another machine."""
    kept = store.folder("snapshots") / f"{tmp_path_factory.getbasetemp().name}-small-{process_manager}"
    with Machine(process_manager, memory=512 * MEBIBYTE) as small:
        assert "MemTotal: 524288 kB" in small.read("/proc/meminfo")
        assert small.run(["python3", "-c", f"bytearray({256 * MEBIBYTE})"]).code == 0
        assert small.run(["python3", "-c", f"bytearray({600 * MEBIBYTE})"], check=False).code == -9
        small.push(Path(__file__), "/root/pushed.py")
        small.stop()
        snapshot = small.snapshot(kept)
    try:
        with Machine.from_snapshot(snapshot) as other:
            assert other.address == f"10.88.{snapshot.number}.2"
            assert other.read("/root/pushed.py") == Path(__file__).read_text()
    finally:
        store.remove(kept)
