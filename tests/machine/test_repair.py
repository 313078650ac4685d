"""One thing of every kind broken by hand: plan names exactly those, apply mends exactly those."""

import json

import pytest

from harness import installed
from harness.machine import Machine
from harness.nspawn import ProcessManager

BREAKS = {
    "file:/etc/nginx/snippets/hubinstall-tls.conf": "echo '# by hand' >>/etc/nginx/snippets/hubinstall-tls.conf",
    "file:/opt/hubinstall/etc/hub.json": "chmod 666 /opt/hubinstall/etc/hub.json",
    "link:/opt/hubinstall/hubside": "ln -sfn /nowhere /opt/hubinstall/hubside",
    "directory:/var/lib/hubinstall/secrets": "chmod 777 /var/lib/hubinstall/secrets",
    "secret:/var/lib/hubinstall/secrets/proxy-token.hub": "chmod 644 /var/lib/hubinstall/secrets/proxy-token.proxy",
    "docker-network:hubinstall": "docker network rm hubinstall",
    "image:hubinstall/default": """image=$(docker images hubinstall/default --format '{{.Repository}}:{{.Tag}}')
        docker tag $image kept:1 && docker rmi $image""",
    "account:jupyterhub": "gpasswd --delete jupyterhub shadow",
    "firewall-table:hubinstall": "nft delete table inet hubinstall",
    "share:course": "rm /home/grace/course",
}


def stop_a_service(machine: Machine) -> str:
    if machine.process_manager is ProcessManager.SYSTEMD:
        return "systemctl disable --now jupyterhub-proxy"
    return "hubinstall stop jupyterhub-proxy"


@pytest.fixture(scope="module")
def shared(installed_machine: Machine) -> Machine:
    """With a share, too."""
    installed_machine.run("hubinstall config set shares '{course: }' --apply")
    return installed_machine


def test_plan_names_exactly_what_was_broken_and_apply_mends_exactly_that(shared: Machine) -> None:
    machine = shared
    assert installed.plan(machine) == []
    for command in [*BREAKS.values(), stop_a_service(machine)]:
        machine.run(command)
    broken = {*BREAKS, "service:jupyterhub-proxy"}
    planned = machine.run(["hubinstall", "plan", "--check", "--json"], check=False)
    assert planned.code == 3
    assert {change["id"] for change in json.loads(planned.out)["changes"]} == broken
    before = installed.starts(machine)
    applied = machine.run(["hubinstall", "apply"])
    assert all(id_ in applied.out + applied.err for id_ in broken)
    after = installed.starts(machine)
    untouched = {name for name in before if "proxy" not in name}
    assert {n: before[n] for n in untouched} == {n: after[n] for n in untouched}
    assert machine.run(["hubinstall", "plan", "--check"], check=False).code == 0


def test_an_edit_by_hand_is_kept_and_said(shared: Machine) -> None:
    machine = shared
    machine.run("echo '# mine' >>/opt/hubinstall/etc/jupyterhub_config.py")
    applied = machine.run(["hubinstall", "apply"])
    assert "edited by hand" in applied.out + applied.err
    assert "# mine" in machine.read("/etc/hubinstall/edits/opt%hubinstall%etc%jupyterhub_config.py")


def test_what_is_taken_out_of_the_file_is_taken_off_the_machine(shared: Machine) -> None:
    machine = shared
    machine.run("echo lesson >/srv/data/course/lesson.txt")
    machine.run("hubinstall config unset shares --apply")
    assert not machine.exists("/etc/skel/course")
    assert not machine.exists("/home/grace/course")
    assert machine.read("/srv/data/course/lesson.txt") == "lesson\n"


def test_a_bad_file_changes_nothing_and_says_all(shared: Machine) -> None:
    machine = shared
    good = machine.read("/etc/hubinstall/config.yaml")
    machine.write("/etc/hubinstall/config.yaml", "limits:\n  memroy: 2G\n  cpu: -1\n", mode=0o600)
    before = installed.starts(machine)
    failed = machine.run(["hubinstall", "apply"], check=False)
    machine.write("/etc/hubinstall/config.yaml", good, mode=0o600)
    assert failed.code == 78
    assert "/etc/hubinstall/config.yaml:2:3: limits.memroy" in failed.err
    assert "did you mean memory" in failed.err
    assert "/etc/hubinstall/config.yaml:3:8: limits.cpu" in failed.err
    assert "Traceback" not in failed.err
    assert installed.starts(machine) == before
