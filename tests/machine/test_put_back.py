"""A reconfiguration that does not work is put back by itself: the hub as before within a minute, no server lost."""

import time

import pytest

from harness import installed
from harness.commands import Result
from harness.faults import BACK_WITHIN, Fault, Lives, Place, endured
from harness.machine import Machine
from hubinstall.resources.kernel import ADDED

pytestmark = pytest.mark.one_kind

CONFIG = "/etc/hubinstall/config.yaml"
HUB_DROPIN = "/etc/hubinstall/jupyterhub_config.d/50-mine.py"
NGINX_DROPIN = "/etc/hubinstall/nginx.d/50-mine.conf"
EDITS = "/etc/hubinstall/edits"
GENERATED = (
    CONFIG,
    "/opt/hubinstall/etc/hub.json",
    "/opt/hubinstall/etc/jupyterhub_config.py",
    "/opt/hubinstall/etc/firewall.nft",
    "/etc/nginx/conf.d/hubinstall.conf",
)
TOOL = "$(echo /opt/hubinstall/installer/lib/python3*/site-packages/hubinstall)"
LOG = "/var/log/hubinstall/hubinstall.log"
DROP = "import re, sys; print(re.sub(r'(?m)^sqlalchemy==.*\\n(    .*\\n)*', '', sys.stdin.read()))"
# Another version of this tool, which brings what does not work; and a program that waits for its moment.
BROKEN = (
    Fault(
        "a virtualenv that lacks a package",
        f"""cp -a {TOOL}/locks/hub.txt /root/\npython3 -c "{DROP}" </root/hub.txt >{TOOL}/locks/hub.txt""",
        f"cp -a /root/hub.txt {TOOL}/locks/",
        ("jupyterhub does not come up", "sqlalchemy", "hubinstall logs jupyterhub", LOG, "back as it was"),
        meanwhile="hubinstall apply",
    ),
    Fault(
        "a wrong PAM file",
        f"cp -a {TOOL}/data/templates/pam /root/\nsed -i '1i auth requisite pam_deny.so' {TOOL}/data/templates/pam",
        f"cp -a /root/pam {TOOL}/data/templates/",
        ("verify: login: the correct password was rejected", "/etc/pam.d/hubinstall", LOG, "back as it was"),
        meanwhile="hubinstall apply",
    ),
    Fault(
        "a stolen port", "thief 10.99.0.1 8081", "caught",
        ("jupyterhub does not come up: port 8081 on 10.99.0.1 is used by python3 (pid ", "stop that program", LOG),
        lives=Lives.SERVERS, returns=True,
    ),
)  # fmt: skip
# Enough of a userland to be a container, and nothing of Jupyter in it.
IMAGE_WITHOUT_A_SERVER = "tar -C / -c bin lib lib64 usr/bin usr/lib64 usr/lib/x86_64-linux-gnu | docker import - bare:1"
IMAGE_WITHOUT_A_KERNEL = """set -e
from=$(grep -o 'hubinstall/default:[0-9a-f]*' /opt/hubinstall/etc/hub.json | head -n 1)
docker create --name kernelless --user 0 --entrypoint sh "$from" -c \
    'rm -r $(find / -xdev -type d -path "*-packages/ipykernel")'
docker start --attach kernelless
docker commit --change 'USER 1000' --change 'ENTRYPOINT ["tini", "-g", "--", "start.sh"]' \
    --change 'CMD ["start-notebook.py"]' kernelless kernelless:1
docker rm kernelless"""


def contents(machine: Machine) -> dict[str, str]:
    """The files that a change of settings changes."""
    return {path: machine.read(path) for path in GENERATED}


def rules(machine: Machine) -> str:
    """Our table, without counters and without the addresses that connections add to its sets."""
    return ADDED.sub(r"\1", machine.run("nft -s list table inet hubinstall").out)


def refused(place: Place, command: str, *words: str) -> Result:
    """The command fails in these words, and within a minute all is as it was before."""
    machine = place.machine
    before, loaded = contents(machine), rules(machine)
    failed = machine.run(command, check=False)
    ended = time.monotonic()
    assert failed.code == 1, failed
    for word in (*words, "/var/log/hubinstall/hubinstall.log"):
        assert word in failed.err, failed
    assert "Traceback" not in failed.err
    installed.wait_for_login_page(machine, BACK_WITHIN)
    assert time.monotonic() - ended < BACK_WITHIN
    assert contents(machine) == before
    assert rules(machine) == loaded
    assert installed.plan(machine) == []
    assert installed.server_answers(place.grace)
    assert place.kernel.execute("print(kept)") == "42\n"
    return failed


def test_a_drop_in_that_raises_takes_the_changed_setting_back_with_it(place: Place) -> None:
    machine = place.machine
    machine.write(HUB_DROPIN, "raise RuntimeError('out of my own file')\n")
    kept = f"{EDITS}/etc%hubinstall%jupyterhub_config.d%50-mine.py"
    refused(
        place,
        "hubinstall config set limits.memory 700M --apply",
        "jupyterhub does not come up", "hubinstall logs jupyterhub", kept, f"{EDITS}/etc%hubinstall%config.yaml",
    )  # fmt: skip
    assert not machine.exists(HUB_DROPIN)
    assert "out of my own file" in machine.read(kept)


def test_mended_it_is_applied(place: Place) -> None:
    machine = place.machine
    machine.write(HUB_DROPIN, "c.JupyterHub.active_server_limit = 77\n")
    machine.run("hubinstall config set limits.memory 700M --apply")
    assert installed.plan(machine) == []
    assert str(700 << 20) in machine.read("/opt/hubinstall/etc/hub.json")
    assert place.kernel.execute("print(kept)") == "42\n"


def test_a_drop_in_that_worked_comes_back_when_its_successor_does_not(place: Place) -> None:
    machine = place.machine
    machine.write(HUB_DROPIN, "c.JupyterHub.nonsense = = 1\n")
    refused(place, "hubinstall apply", "jupyterhub does not come up")
    assert machine.read(HUB_DROPIN) == "c.JupyterHub.active_server_limit = 77\n"


def test_a_wrong_nginx_drop_in_never_reaches_nginx(place: Place) -> None:
    machine = place.machine
    before = installed.starts(machine)
    machine.write(NGINX_DROPIN, "client_max_body_size twelve;\n")
    refused(
        place, "hubinstall config set limits.cpu 1 --apply", "nginx", f"{EDITS}/etc%hubinstall%nginx.d%50-mine.conf"
    )
    nginx = installed.names(machine, "nginx")
    assert {n: installed.starts(machine)[n] for n in nginx} == {n: before[n] for n in nginx}


def test_a_step_that_fails_among_others_that_do_not(place: Place) -> None:
    machine = place.machine
    machine.run("touch /srv/data/blocked")
    settings = {"limits.memory": "900M", "network.allow": "[10.1.2.3:80]", "shares": "{fine: , blocked: }"}
    edits = [f"hubinstall config set {key} '{value}'" for key, value in settings.items()]
    command = " && ".join([*edits, "exec hubinstall apply"])
    refused(place, command, "/srv/data/blocked is not a directory", f"{EDITS}/etc%hubinstall%config.yaml")
    assert not machine.exists("/etc/skel/fine")
    assert not machine.exists("/home/grace/fine")
    machine.run("rm /srv/data/blocked && hubinstall apply")
    assert installed.plan(machine) == []


def test_the_refused_settings_work_once_the_cause_is_mended(place: Place) -> None:
    machine = place.machine
    machine.run(f"cp {EDITS}/etc%hubinstall%config.yaml {CONFIG} && hubinstall apply")
    assert installed.plan(machine) == []
    assert machine.exists("/home/grace/fine")
    assert "10.1.2.3" in machine.run("nft list table inet hubinstall").out
    assert place.kernel.execute("print(kept)") == "42\n"


def test_an_image_that_starts_no_server(place: Place) -> None:
    place.machine.run(IMAGE_WITHOUT_A_SERVER)
    refused(place, "hubinstall apply --image bare:1", "verify: server", "hubinstall logs jupyterhub")
    assert place.machine.run("docker images -q hubinstall/pulled").out == ""
    place.machine.run("docker image inspect bare:1")


def test_an_image_without_a_kernel(place: Place) -> None:
    """Everything of ours but the one thing that makes a cell run."""
    place.machine.run(IMAGE_WITHOUT_A_KERNEL)
    refused(place, "hubinstall apply --image kernelless:1", "verify: cell", "hubinstall logs jupyterhub")


@pytest.mark.drawn("fault", BROKEN, sample=1)
def test_what_does_not_work_is_put_back(place: Place, fault: Fault) -> None:
    endured(place, fault)
