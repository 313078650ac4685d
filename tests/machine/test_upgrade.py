"""From the last release to this checkout, with five people at work: only what is listed here may change, and nobody's
server ends.
"""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from harness import installed, last_release
from harness.commands import Result
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient
from hubinstall.verify.client.kernel import Kernel

pytestmark = pytest.mark.one_kind

ANY_RELEASE = {
    "what runs inside the hub is a folder under its digest": r"tree:/opt/hubinstall/trees/hubside-[0-9a-f]+",
    "and a link to the folder of now": r"link:/opt/hubinstall/hubside",
    "what it is told": r"file:/opt/hubinstall/etc/hub\.json",
    "and, by digest, what it must have been started with": (
        r"unit:/etc/systemd/system/jupyterhub\.service|file:/opt/hubinstall/etc/supervisor\.d/jupyterhub\.conf"
    ),
    "so the hub restarts, which people's servers outlive": r"service:jupyterhub",
}
"""Reason → ids of resources that may differ in whatever release."""
EXPECTED: dict[str, str] = {
    "the image has more in it, and a copy": r"image-root:.*|image:hubinstall/default",
    "and so have the files of it that nginx serves": (
        r"static-files:/opt/hubinstall/trees/server-static-[0-9a-f]+|link:/opt/hubinstall/server-static"
    ),
    "the hub's launcher repairs the network": r"file:/opt/hubinstall/libexec/jupyterhub",
    "a person's server cannot speak for the whole address": (
        r"file:/opt/hubinstall/etc/(fence-servers|refuse-early)\.js|file:/opt/hubinstall/libexec/jupyterhub-proxy"
        r"|unit:/etc/systemd/system/jupyterhub-proxy\.service"
        r"|file:/opt/hubinstall/etc/supervisor\.d/jupyterhub-proxy\.conf|service:jupyterhub-proxy"
    ),
    "the services are in a narrower sandbox": (
        r"unit:/etc/systemd/system/(jupyterhub|hubinstall-(firewall|limits|certificates|shares))\.service"
    ),
    "a login is refused while the machine is closed": r"file:/etc/pam\.d/.*",
    "an address has a share of nginx's connections, and a server of the hub's": (
        r"nginx-minimums:/etc/nginx/nginx\.conf|file:/etc/nginx/conf\.d/hubinstall\.conf|service:nginx"
        r"|file:/opt/hubinstall/etc/firewall\.nft|firewall-table:hubinstall"
    ),
    "a file that vanishes while nginx's folder is copied fails no test": r"file:/opt/hubinstall/libexec/nginx-check",
    "the services of ours have a limit of memory": (
        r"unit:/etc/systemd/system/(jupyterhub-proxy|hubinstall-(shares|certificates))\.service"
        r"|service:hubinstall-shares"
    ),
    "man and shells know the command": (
        r"(directory|file):/usr/local/share/(man|bash-completion|zsh)(/.*)?|(directory|file):/etc/fish(/.*)?"
    ),
    "bundles and copies of the image are packed with zstd": r"packages:base",
    "the hub asks a broker, and is no longer in the group docker": (
        r"account:jupyterhub|directory:/run/hubinstall/broker|file:/etc/tmpfiles\.d/hubinstall\.conf"
        r"|file:/opt/hubinstall/etc/broker\.json|file:/opt/hubinstall/libexec/hubinstall-broker"
        r"|unit:/etc/systemd/system/hubinstall-broker\.service|service:hubinstall-broker"
        # supervisor numbers the programs, and there is one more.
        r"|file:/opt/hubinstall/etc/supervisor\.d/(hubinstall-broker|nginx)\.conf"
    ),
    "administrators see what builds of environments print": r"directory:/run/hubinstall/builds",
    "the hub asks a helper about passwords, and is no longer in the group shadow": (
        r"account:jupyterhub|directory:/run/hubinstall/accounts|secret:/var/lib/hubinstall/secrets/accounts-key"
        r"|file:/opt/hubinstall/etc/accounts\.json|file:/opt/hubinstall/libexec/hubinstall-accounts"
        r"|unit:/etc/systemd/system/hubinstall-accounts\.service|service:hubinstall-accounts"
        r"|file:/opt/hubinstall/etc/supervisor\.d/hubinstall-accounts\.conf|directory:/var/lib/hubinstall/links"
    ),
    "the hub may read what servers use": (
        r"file:/opt/hubinstall/libexec/hubinstall-limits|unit:/etc/systemd/system/hubinstall-limits\.service"
        r"|file:/opt/hubinstall/etc/supervisor\.d/hubinstall-limits\.conf|service:hubinstall-limits"
    ),
    "systemd gives dockerd ten starts in a minute": (
        r"directory:/etc/systemd/system/docker\.service\.d"
        r"|unit:/etc/systemd/system/docker\.service\.d/hubinstall-restarts\.conf"
    ),
    "what root copies into a share with a umask of 077 can be read": (
        r"share:.*|file:/opt/hubinstall/etc/keep-shares-open\.py"
    ),
    "the hub has packages for sign-ons from elsewhere": (
        r"link:/opt/hubinstall/(hub|hub-static)|static-files:/opt/hubinstall/trees/hub-static-[0-9a-f]+"
    ),
    "nobody may write to uv's lock": r"virtualenv:/opt/hubinstall/trees/(hub|node|supervisor)-[0-9a-f]+",
    "the accounts that it made are for the hub only": r"no-host-logins:hubinstall-no-ssh|sshd-drop-in:.*",
    "supervisord is watched, and what it leaves is ended": (
        r"file:/opt/hubinstall/libexec/(docker|containerd|hubinstall-watch)"
        r"|file:/opt/hubinstall/etc/supervisor\.d/(docker|containerd|hubinstall-(watch|certificates))\.conf"
        r"|service:(docker|containerd|hubinstall-(watch|certificates))"
    ),
}
"""The same, for the way from `tests/last_release` to the next release only. Emptied with that line, at a release; who
adds to it tells people in CHANGELOG.md, when they will notice.
"""
CARRY_PAGES = {"jupyterhub-proxy", "nginx"}
"""Open websockets go through these: where one of them restarts, pages connect again."""

CONTAINERS = ["docker", "inspect", "--format", "{{.Name}} {{.Id}} {{.State.StartedAt}} {{.State.Pid}}"]


@dataclass(frozen=True)
class Seen:
    """At one moment: service → its start; people's containers; id in the ledger → whether it was there before us."""

    starts: dict[str, str]
    containers: str
    ledger: dict[str, bool]


@dataclass(frozen=True)
class Upgrade:
    """`planned`: ids, by the new tool alone; `applied`: what the whole of the new bootstrap.py said."""

    before: Seen
    planned: list[str]
    applied: Result
    after: Seen

    @property
    def restarted(self) -> set[str]:
        return {name for name, start in self.before.starts.items() if self.after.starts.get(name) != start}


@dataclass(frozen=True)
class Work:
    """Somebody's, who does not know of the upgrade."""

    client: HubClient
    kernel: Kernel


def look(machine: Machine) -> Seen:
    containers = machine.run([*CONTAINERS, *(f"jupyter-{name}" for name in last_release.PEOPLE)]).out
    entries = json.loads(machine.read("/var/lib/hubinstall/ledger.json"))["resources"]
    adopted = {id_: entry["adopted"] for id_, entry in entries.items()}
    return Seen(installed.starts(machine), containers, adopted)


@pytest.fixture(scope="module")
def work(released: Machine) -> Iterator[list[Work]]:
    with ExitStack() as stack:
        begun = []
        for name in last_release.PEOPLE:
            client = stack.enter_context(installed.client(released))
            client.login(name, last_release.PASSWORD)
            client.start_server()
            kernel = stack.enter_context(client.kernel())
            kernel.execute(f"kept = {name!r}")
            begun.append(Work(client, kernel))
        yield begun


@pytest.fixture(scope="module")
def upgrade(released: Machine, work: list[Work]) -> Upgrade:
    """The tool first, and what it plans; then all of it, as one types it."""
    assert len(work) == len(last_release.PEOPLE)
    before = look(released)
    released.run("rm -r hubinstall")
    released.push_checkout()
    last_release.install_tool(released)
    planned = [change["id"] for change in installed.plan(released)]
    print(f"from {last_release.name()}, plan names:", planned or "nothing")
    applied = released.run(last_release.UPGRADE)
    return Upgrade(before, planned, applied, look(released))


def test_only_what_is_listed_differs(upgrade: Upgrade) -> None:
    listed = re.compile("|".join([*ANY_RELEASE.values(), *EXPECTED.values()]))
    assert [id_ for id_ in upgrade.planned if not listed.fullmatch(id_)] == []


def test_apply_does_what_plan_said_and_keeps_what_the_ledger_knew(upgrade: Upgrade) -> None:
    assert installed.changed(upgrade.applied) == set(upgrade.planned)
    assert ("nothing changed" in upgrade.applied.err) == (not upgrade.planned)
    before, after = upgrade.before.ledger, upgrade.after.ledger
    assert {id_ for id_ in before if before[id_] != after.get(id_)} <= set(upgrade.planned)


def test_only_services_that_plan_named_were_restarted(released: Machine, upgrade: Upgrade) -> None:
    named = {id_.removeprefix("service:") for id_ in upgrade.planned if id_.startswith("service:")}
    assert upgrade.restarted <= installed.names(released, *named)


def test_nobodys_server_ends_and_every_kernel_has_what_it_had(
    released: Machine, work: list[Work], upgrade: Upgrade
) -> None:
    assert upgrade.after.containers == upgrade.before.containers
    broken = upgrade.restarted & installed.names(released, *CARRY_PAGES)
    for person in work:
        if broken:
            person.kernel.reconnect()
        assert person.kernel.execute("print(kept)") == f"{person.client.user}\n"
        assert installed.server_answers(person.client)
        assert person.client.server() is not None, "the hub took the server for gone"


def test_a_second_run_changes_nothing(released: Machine, work: list[Work], upgrade: Upgrade) -> None:
    assert "nothing changed" in released.run(last_release.UPGRADE).err
    assert installed.plan(released) == []
    assert look(released) == upgrade.after
    assert work[0].client.run_cell("print(6 * 7)") == "42\n"


def test_what_the_release_made_is_removed_when_it_is_taken_out_of_the_file(released: Machine, upgrade: Upgrade) -> None:
    """Only the ledger, which that release wrote, knows of the share."""
    assert "share:course" in upgrade.before.ledger
    assert released.exists("/etc/skel/course")
    released.run("hubinstall config unset shares --apply")
    assert not released.exists("/etc/skel/course")
    assert not released.exists("/home/grace/course")
    assert look(released).containers == upgrade.after.containers


def test_a_new_server_starts_beside_the_old_ones(released: Machine, work: list[Work], upgrade: Upgrade) -> None:
    assert upgrade.after.containers
    last = work[-1]
    last.client.stop_server()
    last.client.start_server()
    assert last.client.run_cell("print(6 * 7)") == "42\n"
    for person in work[:-1]:
        assert person.kernel.execute("print(kept)") == f"{person.client.user}\n"
    assert installed.plan(released) == []
