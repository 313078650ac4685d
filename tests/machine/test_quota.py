"""Quotas of homes, which only a kernel with quotas shows: on ext4 and xfs, each mounted at /home for its test."""

import gzip
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import inside, installed
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient

pytestmark = [pytest.mark.any_machine, pytest.mark.own_kernel]

MAKE = {"ext4": "mkfs.ext4 -q -O project,quota", "xfs": "mkfs.xfs -q"}
FULL = {"ext4": "Disk quota exceeded", "xfs": "No space left on device"}
"""What a write beyond a project's limit is told (xfs_trans_dquot.c says why)."""
SAID = r"Your home is (nearly )?full: (39\.\d|40) MB of 40 MB are used\. The biggest: big\.bin \("
"""xfs gives back a little of what it had set aside for a file that could not grow."""
AT_HOME = """
gunzip > /var/tmp/homes.img && mkdir -p /mnt/homes && mount -o loop,prjquota /var/tmp/homes.img /mnt/homes
cp -a /home/. /mnt/homes/ && umount /mnt/homes && mount -o loop,prjquota /var/tmp/homes.img /home
"""
QUOTAS = "home.quota 40M home.groups.projects 60M home.users.ada 80M"
FILL = """
try:
    with open({name!r}, "wb", buffering=0) as file:
        for _ in range({size}): file.write(bytes(1 << 20))
    print("OK")
except OSError as error:
    print(error.strerror)
"""
ATTACK = """
import subprocess, sys
print(subprocess.run([sys.executable, "-", "."], input={0!r}, text=True, stdout=-1).stdout, end="")
"""
JOAN, JOANS_PASSWORD = "joan", "spacecraft-1961"


@pytest.fixture(params=MAKE)
def kind(request: pytest.FixtureRequest, installed_machine: Machine, tmp_path: Path) -> Iterator[str]:
    """A file system with quotas at /home, with what was in homes before."""
    machine, kind = installed_machine, str(request.param)
    image = tmp_path / "homes.img"
    subprocess.run(["truncate", "-s", "400M", str(image)], check=True)
    subprocess.run([*MAKE[kind].split(), str(image)], check=True)
    before = machine.read(installed.CONFIG)
    machine.run(AT_HOME, stdin=gzip.compress(image.read_bytes(), 1), timeout=300)
    yield kind
    machine.write(installed.CONFIG, before, mode=0o600)
    machine.run("docker ps --quiet --filter label=hubinstall.user | xargs --no-run-if-empty docker stop")
    machine.run(f"deluser --quiet {JOAN}; hubinstall apply; umount /home; rm /var/tmp/homes.img")


def client(machine: Machine, name: str, password: str) -> HubClient:
    client = installed.client(machine)
    client.login(name, password)
    return client


def test_a_file_system_without_quotas_is_refused_before_anything_changes(installed_machine: Machine) -> None:
    before = installed_machine.read(installed.CONFIG)
    refused = installed_machine.run("hubinstall config set home.quota 40M --apply", check=False)
    assert refused.code == 78
    assert "without project quotas; try a file system of its own for /home" in refused.err
    assert "rootflags=prjquota" in refused.err
    assert installed_machine.read(installed.CONFIG) == before


def test_nobody_keeps_more_than_the_quota(kind: str, installed_machine: Machine) -> None:
    machine = installed_machine
    installed.add_person(machine, JOAN, JOANS_PASSWORD)
    machine.run("groupadd --force projects && usermod --append --groups projects joan")
    machine.run("su grace -c 'mkdir -p ~/old && head -c 10M /dev/zero > ~/old/data'")
    machine.run(f"hubinstall config set {QUOTAS} --apply", timeout=1200)
    until_all_counts(machine)

    with client(machine, "grace", installed.PERSON_PASSWORD) as grace:
        grace.start_server()
        assert grace.run_cell(FILL.format(name="big.bin", size=50)) == f"{FULL[kind]}\n"
        assert 39 << 20 < used(machine, "grace") <= 40 << 20, "with what was there before"
        assert grace.run_cell(ATTACK.format(inside.PROJECTS.read_text())) == f"project {uid(machine)}:{' EPERM' * 5}\n"
        grace.stop_server()
        begun = time.monotonic()
        grace.start_server()
        print(f"a full home on {kind}: {time.monotonic() - begun:.1f} s, {machine.pace:.1f} times slower here")
        assert grace.run_cell("print(6 * 7)") == "42\n"
        end = time.monotonic() + 30 * machine.pace
        while not re.search(SAID, page := grace.request("GET", "hub/home", step="page").text):
            assert time.monotonic() < end, page
            time.sleep(2)
        status = " ".join(machine.run("hubinstall status", check=False).out.split())
        assert re.search(r"nearly full: grace (9[89]|100) % of 40 MB", status)
        for name, password, size, more in (
            (JOAN, JOANS_PASSWORD, 55, 10), (installed.ADMIN, installed.ADMIN_PASSWORD, 70, 15),
        ):  # fmt: skip
            with client(machine, name, password) as other:
                other.start_server()
                assert other.run_cell(FILL.format(name="a", size=size)) == "OK\n", "grace's quota is hers"
                assert other.run_cell(FILL.format(name="b", size=more)) == f"{FULL[kind]}\n"
                other.stop_server()
        assert grace.fetch("DELETE", "user/grace/api/contents/big.bin", step="delete").status_code == 204
        assert grace.run_cell(FILL.format(name="new", size=20)) == "OK\n"

    assert "nothing changed" in machine.run("hubinstall apply").err
    assert machine.run("su grace -c 'python3 - ~/old'", stdin=inside.PROJECTS.read_bytes()).out.startswith(
        f"project {uid(machine)}: OK"
    ), "on the machine itself the calls are open, so the test of a cell could fail"
    machine.run("hubinstall config set home.quota 20M --apply")
    assert machine.run("su grace -c 'head -c 10M ~/new | wc -c'").out == f"{10 << 20}\n", "nothing is lost"
    assert machine.run("su grace -c 'echo x > ~/more'", check=False).code
    machine.run("hubinstall config unset home --apply")
    machine.run("su grace -c 'head -c 60M /dev/zero > ~/more'")
    assert not machine.exists("/var/lib/hubinstall/quotas-gathered.json")
    assert set(machine.run("lsattr -dp /home/grace /home/joan/a /home/ada | awk '{print $1}'").out.split()) == {"0"}


def until_all_counts(machine: Machine) -> None:
    end = time.monotonic() + 60 * machine.pace
    while '"/home/grace"' not in machine.run("cat /var/lib/hubinstall/quotas-gathered.json", check=False).out:
        assert time.monotonic() < end
        time.sleep(1)


def used(machine: Machine, name: str) -> int:
    """As people see it: with df."""
    said = machine.run(["docker", "exec", installed.container(name), "df", "-B1", "--output=used", f"/home/{name}"])
    return int(said.out.split()[-1])


def uid(machine: Machine) -> str:
    return machine.run(["id", "-u", "grace"]).out.strip()
