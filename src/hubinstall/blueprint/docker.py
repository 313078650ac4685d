"""The Docker Engine (the distribution's or an existing one) and the network of user servers."""

from hubinstall import layout
from hubinstall.blueprint import way_out
from hubinstall.blueprint.packages import BASE_PACKAGES
from hubinstall.blueprint.templating import render
from hubinstall.machine.facts import Facts
from hubinstall.machine.releases import release
from hubinstall.resources.base import Resource, id_of, ids
from hubinstall.resources.docker.live_restore import LiveRestore
from hubinstall.resources.docker.network import DockerNetwork
from hubinstall.resources.files.file import Directory, File
from hubinstall.resources.files.json_keys import JsonKeys
from hubinstall.resources.packages.apt import Packages
from hubinstall.resources.services.unit import UnitFile
from hubinstall.settings.model import Settings

DOCKER_PACKAGES = id_of(Packages, "docker")
KEYS = id_of(JsonKeys, layout.DAEMON_JSON)


def docker_packages(facts: Facts, needs: tuple[str, ...] = ()) -> list[Resource]:
    """What dockerd needs before it starts: its packages and our keys in daemon.json. `needs`: what it finds when its
    package starts it.
    """
    brings = release(facts.distribution, facts.version)
    wanted: tuple[str, ...] = ("ca-certificates",)  # the connections to registries use TLS
    if not facts.docker_adopted:
        wanted += brings.docker
    if facts.manager == "supervisor":
        wanted += brings.cgroup_mounts
    if facts.apparmor:
        wanted += ("apparmor",)  # docker.io only recommends it, but no container starts without it
    resources: list[Resource] = [Packages("docker", wanted, needs=(BASE_PACKAGES, *needs))]
    if not facts.docker_keeps_containers:
        state = id_of(Directory, layout.STATE)
        keys = {"live-restore": True}
        resources.append(
            JsonKeys(
                layout.DAEMON_JSON, keys, before=layout.DAEMON_JSON_BEFORE, pid_file=layout.DOCKER_PID, needs=(state,)
            )
        )
    return resources


def restarts(facts: Facts) -> list[Resource]:
    """How systemd restarts dockerd, ours or another. Its packages start it, so this is there before them."""
    if facts.manager != "systemd":
        return []
    folder = Directory(layout.DOCKER_UNIT_FOLDER)
    return [folder, UnitFile(layout.DOCKER_RESTARTS_DROPIN, render("systemd/docker.conf"), needs=ids(folder))]


def network(settings: Settings, needs: tuple[str, ...] = ()) -> DockerNetwork:
    """The network of user servers. The hub gets the same description (blueprint/hub.py)."""
    subnet = settings.network.subnet
    return DockerNetwork(
        layout.NETWORK, bridge=layout.BRIDGE, label=layout.USER_LABEL, subnet=str(subnet),
        gateway=str(next(subnet.hosts())), needs=needs,
    )  # fmt: skip


def docker(settings: Settings, facts: Facts, running: tuple[str, ...]) -> list[Resource]:
    """What a running dockerd is configured with. `running`: the ids of the resources that make it run.

    The network comes after the hub's file: a hub that still runs with another one creates no network of its own.
    """
    ours = network(settings, needs=(id_of(File, layout.HUB_SETTINGS), *running))
    variables = way_out.variables_file(settings, facts)
    if facts.docker_keeps_containers and not variables:
        return [ours]
    keys = () if facts.docker_keeps_containers else (KEYS,)
    return [LiveRestore(variables=variables, needs=(*keys, *running)), ours]


def users_cgroup(facts: Facts) -> str:
    """The parent of all user containers, in the form that Docker's cgroup driver expects."""
    return f"{layout.USERS_CGROUP}.slice" if facts.cgroup_driver == "systemd" else f"/{layout.USERS_CGROUP}"
