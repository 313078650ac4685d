"""Somebody with an account of the machine itself, such as a login by ssh."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from harness import installed
from harness.commands import Result
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

HUB = "http://10.99.0.1:8081/hub/login"
ASK = "curl -s -m 10 -o /dev/null -w '%{{http_code}}' -H 'X-Forwarded-For: {address}' {url}"
WRITES_KEY = """
import os, pathlib, pwd
folder = pathlib.Path.home() / ".ssh"
folder.mkdir(mode=0o700, exist_ok=True)
(folder / "authorized_keys").write_text({key!r})
print(folder.parent, pwd.getpwuid(os.getuid()).pw_shell)
"""


def test_it_cannot_speak_to_the_hub_as_the_proxy(installed_machine: Machine) -> None:
    """And so cannot say that it is at the lecturer's address."""
    asked = ASK.format(address="203.0.113.9", url=HUB)
    as_eve = ["runuser", "-u", installed.PERSON, "--", "sh", "-c", asked]
    assert installed_machine.run(as_eve, check=False).out == "000"
    assert installed_machine.run(asked).out == "200", "root's checks go on"
    proxy = ["runuser", "-u", "jupyterhub-proxy", "--", "sh", "-c", asked]
    assert installed_machine.run(proxy).out == "200"
    assert installed_machine.run(f"curl -sk -o /dev/null -w '%{{http_code}}' https://localhost{HUB[-10:]}").out == "200"


def ssh(machine: Machine, name: str, command: str = "id -un; hostname") -> Result:
    options = "-i /root/key -o BatchMode=yes -o StrictHostKeyChecking=no"
    return machine.run(f"ssh {options} {name}@localhost '{command}'", check=False)


@pytest.fixture(scope="module")
def keys(installed_machine: Machine) -> Iterator[HubClient]:
    """An sshd that came after hubinstall, and keys that cells of ada (her account is hubinstall's) and grace wrote.

    Yields ada, whose server runs.
    """
    machine = installed_machine
    machine.run("apt-get update -q; apt-get install -qy openssh-server openssh-client")
    machine.run("ssh-keygen -q -t ed25519 -N '' -f /root/key; mkdir -p /run/sshd; pgrep -x sshd || /usr/sbin/sshd")
    key = machine.read("/root/key.pub")
    with ExitStack() as stack:
        clients, ada = {}, (installed.ADMIN, installed.ADMIN_PASSWORD)
        for name, password in ((installed.PERSON, installed.PERSON_PASSWORD), ada):
            client = clients[name] = stack.enter_context(installed.client(machine))
            client.login(name, password)
            client.start_server()
            assert client.run_cell(WRITES_KEY.format(key=key)) == f"/home/{name} /bin/bash\n"
        clients[installed.PERSON].stop_server()
        yield clients[installed.ADMIN]


def test_a_key_that_a_cell_wrote_opens_nothing(installed_machine: Machine, keys: HubClient) -> None:
    """For an account that hubinstall made. It opens the one that was there before, which shows that there is a door."""
    machine = installed_machine
    assert ssh(machine, installed.PERSON).out.split()[0] == installed.PERSON
    without_shell = ssh(machine, installed.ADMIN)
    assert without_shell.code
    assert "not available" in without_shell.out, "sshd let it in, and it had no shell"
    machine.run("hubinstall apply")
    denied = ssh(machine, installed.ADMIN)
    assert "Permission denied" in denied.err
    assert ssh(machine, installed.PERSON).out.split()[0] == installed.PERSON
    assert "denygroups hubinstall-no-ssh" in machine.run("sshd -T").out
    assert installed.plan(machine) == []
    assert "ssh: grace" in status_line(machine)
    assert keys.run_cell("print(6 * 7)") == "42\n"


def test_who_wants_shells_or_gives_sudo_has_them(installed_machine: Machine, keys: HubClient) -> None:
    machine, name = installed_machine, installed.ADMIN
    for opens, closes in (
        ("hubinstall config set users.shell true --apply", "hubinstall config unset users.shell --apply"),
        (f"usermod -aG sudo {name}; hubinstall apply", f"gpasswd -d {name} sudo; hubinstall apply"),
    ):
        machine.run(opens)
        assert ssh(machine, name).out.split()[0] == name
        assert f"ssh: {name}, grace" in status_line(machine)
        assert f"note: {name} has an account that hubinstall made" in machine.run(closes).err
        assert "Permission denied" in ssh(machine, name).err
    assert keys.run_cell("print(6 * 7)") == "42\n"


def status_line(machine: Machine) -> str:
    [line] = [line for line in machine.run("hubinstall status").out.splitlines() if "host logins" in line]
    return line


def test_it_writes_to_no_program(installed_machine: Machine) -> None:
    """The directories that uv fills would each have a lock for everybody."""
    open_to_all = "find /opt/hubinstall ! -type l -perm -o+w"
    assert installed_machine.run(open_to_all).out == ""
    lock = installed_machine.run("readlink -f /opt/hubinstall/hub").out.strip() + "/.lock"
    installed_machine.run(f"touch {lock}; chmod 666 {lock}")
    assert [change["id"] for change in installed.plan(installed_machine)] == [f"virtualenv:{lock[:-6]}"]
    installed_machine.run("hubinstall apply")
    assert installed_machine.run(open_to_all).out == "", "an earlier version's goes, too"


def test_an_address_on_lo_is_not_announced(installed_machine: Machine) -> None:
    """It would be in the certificate, and in what apply says."""
    installed_machine.run("ip address add 10.5.5.5/32 dev lo")
    try:
        assert installed.plan(installed_machine) == []
    finally:
        installed_machine.run("ip address delete 10.5.5.5/32 dev lo")
