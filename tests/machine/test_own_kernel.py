"""What only a machine with the distribution's own kernel shows: nspawn's machines have the test host's kernel."""

import pytest

from harness import installed
from harness.machine import Machine

pytestmark = [pytest.mark.any_machine, pytest.mark.own_kernel]

OURS = "/sys/fs/cgroup/hubinstall.slice/hubinstall-users.slice"
GATEWAY = "ip route show default | awk '{print $3}'"


@pytest.fixture(scope="module")
def machine(installed_machine: Machine) -> Machine:
    """With grace's server running."""
    with installed.client(installed_machine) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
    return installed_machine


def pid(machine: Machine) -> str:
    return machine.run(["docker", "inspect", "--format", "{{.State.Pid}}", installed.container("grace")]).out.strip()


def test_control_groups_are_of_version_2_and_systemds(machine: Machine) -> None:
    assert machine.run("stat -f -c %T /sys/fs/cgroup").out == "cgroup2fs\n"
    assert machine.run("docker info --format '{{.CgroupDriver}} {{.CgroupVersion}}'").out == "systemd 2\n"
    assert machine.read(f"/proc/{pid(machine)}/cgroup").startswith(f"0::{OURS.removeprefix('/sys/fs/cgroup')}/docker-")
    assert machine.run("systemctl show --property=MemorySwapMax --value hubinstall-users.slice").out == "0\n"


def test_a_server_is_confined_by_apparmor(machine: Machine) -> None:
    assert machine.read(f"/proc/{pid(machine)}/attr/current") == "docker-default (enforce)\n"


def test_servers_resolve_names_though_the_machine_asks_a_stub_on_loopback(machine: Machine) -> None:
    assert "nameserver 127.0.0.53" in machine.read("/etc/resolv.conf")
    inside = machine.run(["docker", "exec", installed.container("grace"), "cat", "/etc/resolv.conf"]).out
    assert "nameserver" in inside
    assert "nameserver 127.0.0.53" not in inside


def test_the_hub_and_the_proxy_reach_nothing_outside(machine: Machine) -> None:
    """IPAddressDeny is a filter of their control groups: a shell that is put into one has it, too."""
    connect = f"exec 3<>/dev/tcp/$({GATEWAY})/9"
    assert "refused" in machine.run(["timeout", "20", "bash", "-c", connect], check=False).err
    for service in ("jupyterhub", "jupyterhub-proxy"):
        join = f"echo $$ >/sys/fs/cgroup/system.slice/{service}.service/cgroup.procs; {connect}"
        done = machine.run(["timeout", "20", "bash", "-c", join], check=False)
        assert done.code
        assert "refused" not in done.err, done


def test_what_the_kernel_needs_is_there_after_a_boot(machine: Machine) -> None:
    """Modules are loaded by name, and settings of a module exist once it is there."""
    machine.reboot()
    installed.cold_start(machine)
    assert machine.read("/proc/sys/net/bridge/bridge-nf-call-iptables") == "1\n"
    assert "hubinstall" in machine.run("nft list tables").out
    assert "hubinstall-firewall.service" not in machine.run("systemctl --failed --plain --no-legend").out
    assert machine.run("systemctl --failed --plain --no-legend").out == ""
