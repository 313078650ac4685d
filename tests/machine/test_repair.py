"""One thing of every kind broken by hand: plan names exactly those, apply mends exactly those."""

import json
from collections.abc import Mapping

import pytest

from harness import addresses, installed
from harness.machine import Machine
from harness.nspawn import ProcessManager

pytestmark = pytest.mark.one_kind

# Behind another web server there is no TLS to be set.
NGINX = "/etc/nginx/conf.d/hubinstall.conf" if addresses.here().behind else "/etc/nginx/snippets/hubinstall-tls.conf"
SETTINGS = "/opt/hubinstall/etc/hub.json"
SECRETS = "/var/lib/hubinstall/secrets"
CERTIFICATE = "/var/lib/hubinstall/tls/self-signed.crt"
SERVED = "/var/lib/hubinstall/tls/served"
BRIDGE_NETFILTER = "net.bridge.bridge-nf-call-iptables"

BREAKS = {
    f"file:{NGINX}": f"echo '# by hand' >>{NGINX}",
    f"file:{SETTINGS}": f"chmod 666 {SETTINGS}",
    "link:/opt/hubinstall/hubside": "ln -sfn /nowhere /opt/hubinstall/hubside",
    f"directory:{SECRETS}": f"chmod 777 {SECRETS}",
    f"secret:{SECRETS}/proxy-token.hub": f"chmod 644 {SECRETS}/proxy-token.proxy",
    # The image of before an update may be there, too.
    "image:hubinstall/default": f"""image=$(grep -o 'hubinstall/default:[0-9a-f]*' {SETTINGS} | head -n 1)
        docker tag $image kept:1 && docker rmi $image""",
    "account:jupyterhub": "gpasswd --add jupyterhub shadow",
    "firewall-table:hubinstall": "nft delete table inet hubinstall",
    "share:course": "rm /home/grace/course",
    "packages:base": "apt-get remove -qy mmdebstrap",
    "unlinked:/etc/nginx/sites-enabled/default": "ln -s /etc/nginx/sites-available/default /etc/nginx/sites-enabled/",
}
"""What does not differ by kind of machine: the one thing that differs → how it is broken. Not the network: the hub
itself creates it again (test_docker_cleaned.py).
"""

# dockerd takes it in when it reloads: then both its file and what it runs with differ.
DAEMON_KEY = """python3 - <<'X'
import json
path = "/etc/docker/daemon.json"
values = json.load(open(path))
values["live-restore"] = False
json.dump(values, open(path, "w"))
X
kill -HUP $(cat /run/docker.pid)
for turn in $(seq 1800); do docker info -f '{{.LiveRestoreEnabled}}' | grep -q false && exit; sleep 0.1; done; exit 1"""
ONE_RULE = """set -e
rules=$(nft --handle list table inet hubinstall)
chain=$(echo "$rules" | awk '$1 == "chain" {name = $2} / drop .*# handle/ {print name; exit}')
rule=$(echo "$rules" | awk '/ drop .*# handle/ {print $NF; exit}')
nft delete rule inet hubinstall "$chain" handle "$rule"
"""


def process_managers_own(machine: Machine) -> dict[str, str]:
    """A service that is stopped, and the file that defines another one."""
    if machine.process_manager is ProcessManager.SYSTEMD:
        unit = "/etc/systemd/system/jupyterhub.service"
        stop = "systemctl disable --now jupyterhub-proxy"
        return {f"unit:{unit}": f"echo '# by hand' >>{unit}", "service:jupyterhub-proxy": stop}
    program = "/opt/hubinstall/etc/supervisor.d/jupyterhub.conf"
    stop = "hubinstall stop jupyterhub-proxy"
    return {f"file:{program}": f"echo '; by hand' >>{program}", "service:jupyterhub-proxy": stop}


def built_folders(machine: Machine) -> dict[str, str]:
    """A package deleted out of each folder that is named by its content."""
    hub, proxy, hubside = (
        machine.run(["readlink", "-f", f"/opt/hubinstall/{n}"]).out.strip() for n in ("hub", "proxy", "hubside")
    )
    return {
        f"virtualenv:{hub}": f"rm -r {hub}/lib/python3*/site-packages/alembic",
        f"node-modules:{proxy}": f"rm -r {proxy}/node_modules/winston",
        f"tree:{hubside}": f"rm -r {hubside}/hubinstall",
    }


def differing(machine: Machine) -> set[str]:
    """What `plan --check` names; it ends with 3 when that is anything, and with 0 when it is nothing."""
    planned = machine.run(["hubinstall", "plan", "--check", "--json"], check=False)
    found = {change["id"] for change in json.loads(planned.out)["changes"]}
    assert planned.code == (3 if found else 0)
    return found


def mended(machine: Machine) -> set[str]:
    """What an apply says that it did."""
    return installed.changed(machine.run(["hubinstall", "apply", "--verbose"]))


def break_and_mend(machine: Machine, breaks: Mapping[str, str], implied: frozenset[str] = frozenset()) -> None:
    """`implied`: what honestly differs, too, when these are broken."""
    assert differing(machine) == set()
    for command in breaks.values():
        machine.run(command)
    assert differing(machine) == {*breaks, *implied}
    assert mended(machine) == {*breaks, *implied}
    assert differing(machine) == set()


@pytest.fixture(scope="module")
def shared(installed_machine: Machine) -> Machine:
    """With a share, too."""
    installed_machine.run("hubinstall config set shares '{course: }' --apply")
    return installed_machine


def test_plan_names_exactly_what_was_broken_and_apply_mends_exactly_that(shared: Machine) -> None:
    before = installed.starts(shared)

    break_and_mend(shared, BREAKS | process_managers_own(shared))
    after = installed.starts(shared)
    untouched = before.keys() - installed.names(shared, "jupyterhub-proxy")
    assert {n: before[n] for n in untouched} == {n: after[n] for n in untouched}


def test_a_package_deleted_out_of_a_built_folder_is_noticed_and_mended(shared: Machine) -> None:
    before = installed.starts(shared)
    break_and_mend(shared, built_folders(shared))
    assert installed.starts(shared) == before


def test_a_single_rule_taken_out_of_the_firewall_is_noticed_and_mended(shared: Machine) -> None:
    break_and_mend(shared, {"firewall-table:hubinstall": ONE_RULE})


@pytest.mark.with_a_certificate
def test_a_lost_certificate_is_made_anew_and_nginx_takes_it_up(shared: Machine) -> None:
    before = installed.starts(shared)
    certificate = {f"self-signed-certificate:{CERTIFICATE}": f"rm {CERTIFICATE}"}
    break_and_mend(shared, certificate, frozenset({f"served-certificate:{SERVED}", "service:nginx"}))
    assert installed.starts(shared) == before


def test_a_key_of_dockers_that_was_changed_is_noticed_and_mended(shared: Machine) -> None:
    keys = {"json-keys:/etc/docker/daemon.json": DAEMON_KEY}
    break_and_mend(shared, keys, frozenset({"docker-setting:live-restore"}))


def test_a_setting_of_the_kernel_is_noticed_and_mended(shared: Machine) -> None:
    break_and_mend(shared, {f"kernel-setting:{BRIDGE_NETFILTER}": f"sysctl -w {BRIDGE_NETFILTER}=0"})


def test_afterwards_a_person_works_as_before(shared: Machine) -> None:
    with installed.client(shared) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        assert client.run_cell("print(6 * 7)") == "42\n"
        client.stop_server()


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
    assert "did you mean limits.memory" in failed.err
    assert "/etc/hubinstall/config.yaml:3:8: limits.cpu" in failed.err
    assert "Traceback" not in failed.err
    assert installed.starts(machine) == before
