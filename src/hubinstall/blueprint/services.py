"""The services of an installation, and what each of them consists of."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from hubinstall import layout
from hubinstall.blueprint.accounts import PROXY_ACCOUNT
from hubinstall.blueprint.accounts_helper import helper_program
from hubinstall.blueprint.broker import broker_program
from hubinstall.blueprint.docker import DOCKER_PACKAGES
from hubinstall.blueprint.runtimes import Programs
from hubinstall.blueprint.service_spec import PAGE, Program, foundation, program
from hubinstall.blueprint.templating import render
from hubinstall.machine.command_environment import BASE_ENVIRONMENT
from hubinstall.machine.facts import Facts
from hubinstall.resources.base import Resource, digest, id_of, ids
from hubinstall.resources.files.file import Directory, File, Link
from hubinstall.resources.files.secret import Secret
from hubinstall.resources.services.service import Reloads, Service
from hubinstall.resources.services.unit import UnitFile
from hubinstall.settings.model import Settings

RESERVE, LEAST_RESERVE = 0.1, 256 << 20
"""The share of the machine's memory that is reserved for the host, and its minimum in bytes."""
USERS_WEIGHT = 50
"""The CPU weight of all user servers together; the rest of the machine has 100."""


@dataclass(frozen=True)
class Inputs:
    """The resources of other parts that a service needs; it restarts if their files change."""

    resources: Sequence[Resource]
    also: tuple[str, ...] = ()
    """The ids of more resources that it needs."""

    @property
    def needs(self) -> tuple[str, ...]:
        return ids(*self.resources, *self.also)

    def files(self, *below: str) -> tuple[tuple[str, str], ...]:
        """(path, SHA-256) of the files whose paths start with one of `below`."""
        found = (r for r in self.resources if isinstance(r, File) and r.name.startswith(below))
        return tuple((file.name, hashlib.sha256(file.data).hexdigest()) for file in found)


def services(
    settings: Settings, facts: Facts, programs: Programs, *, hub: Inputs, nginx: Inputs, docker: Inputs,
    firewall: Inputs, broker: File, helper: Inputs, certificates: tuple[str, ...],
) -> list[Resource]:  # fmt: skip
    """All services. `certificates`: files that nginx must read again when they change."""
    scripts = proxy_scripts()
    watch = [watch_program()] if facts.manager == "supervisor" else []
    specs = [
        *watch,
        firewall_program(firewall),
        *docker_programs(docker),
        broker_program(programs, broker),
        helper_program(settings, programs, helper.files(layout.ACCOUNTS_POLICY), needs=helper.needs),
        nginx_program(facts, nginx, certificates),
        proxy_program(settings, programs, scripts),
        hub_program(settings, facts, programs, hub),
    ]
    made = [resource for spec in specs for resource in program(spec, facts)]
    first = [*foundation(facts, programs.supervisor), *users_limits(facts)]
    return [*first, *nginx_unit(facts, nginx, certificates), *scripts, *made]


def users_limits(facts: Facts) -> list[Resource]:
    """One control group for all user servers, created by systemd if it manages control groups, else by our oneshot."""
    memory = users_memory(facts.memory)
    if facts.manager == "systemd" and facts.cgroup_driver == "systemd":
        text = render("systemd/hubinstall-users.slice", memory=memory, weight=USERS_WEIGHT)
        slice_ = UnitFile(layout.USERS_SLICE_UNIT, text)
        return [slice_, Service(layout.USERS_SLICE, needs=ids(slice_))]
    launcher = render(
        "templates/launchers/hubinstall-limits.sh", memory=memory, weight=USERS_WEIGHT, group=layout.USERS_CGROUP,
        done=layout.done(layout.LIMITS_SERVICE),
    )  # fmt: skip
    spec = Program(
        layout.LIMITS_SERVICE, "The control group of all user servers", launcher, oneshot=True, undo=True,
        unit="systemd/oneshot.service", values={"firewall": False, "runtime": layout.RUNTIME},
        needs=(DOCKER_PACKAGES,),
    )  # fmt: skip
    return program(spec, facts)


def users_memory(machine: int) -> int:
    """How many of `machine` bytes all user servers together may use, in whole pages."""
    reserve = max(int(machine * RESERVE), LEAST_RESERVE)
    return (machine - reserve) // PAGE * PAGE


def firewall_program(inputs: Inputs) -> Program:
    launcher = render(
        "templates/launchers/hubinstall-firewall.sh", rules=layout.FIREWALL_RULES,
        done=layout.done(layout.FIREWALL_SERVICE),
    )  # fmt: skip
    # The table's own resource loads changed rules: they are no reason to run this again.
    return Program(
        layout.FIREWALL_SERVICE, "What user servers may reach", launcher, oneshot=True,
        unit="systemd/oneshot.service", needs=inputs.needs,
        values={
            "firewall": True, "runtime": layout.RUNTIME,
            "bridge_netfilter": f"/proc/sys/{layout.BRIDGE_NETFILTER.replace('.', '/')}",
        },
    )  # fmt: skip


def watch_program() -> Program:
    """What starts supervisord again if it was killed, and is started again by it: neither needs an init for that."""
    launcher = render(
        "templates/launchers/hubinstall-watch.sh", supervisord=layout.SUPERVISORD,
        pid=layout.SUPERVISOR_PID, launcher=layout.launcher(layout.SUPERVISORD),
        environment=[f"{name}={value}" for name, value in BASE_ENVIRONMENT.items()],
    )  # fmt: skip
    return Program(layout.WATCH_SERVICE, "Starts supervisord again", launcher)


def docker_programs(inputs: Inputs) -> list[Program]:
    """Under systemd these are the distribution's units. Their children, the containers, outlive them."""
    containerd = render("templates/launchers/containerd.sh")
    dockerd = render(
        "templates/launchers/docker.sh", pid=layout.DOCKER_PID, containerd_socket=layout.CONTAINERD_SOCKET,
        way_out=layout.WAY_OUT if any(r.name == layout.WAY_OUT for r in inputs.resources) else "",
    )  # fmt: skip
    return [
        Program(
            layout.CONTAINERD_SERVICE, "containerd", containerd, tracked=False, kill_group=False,
            ready=layout.CONTAINERD_SOCKET, stop_wait=30, needs=inputs.needs,
        ),
        Program(
            layout.DOCKER_SERVICE, "Docker", dockerd, tracked=False, kill_group=False, stop_wait=45,
            ready=layout.DOCKER_SOCKET, after=(layout.CONTAINERD_SERVICE,), needs=inputs.needs,
        ),
    ]  # fmt: skip


def nginx_files(facts: Facts, inputs: Inputs) -> tuple[tuple[str, str], ...]:
    """Our files, then the administrator's drop-ins, in the shell's order."""
    dropins = sorted((p, sha) for p, sha in facts.dropins.items() if p.startswith(layout.NGINX_DROPINS))
    return (*inputs.files(f"{layout.NGINX_DIR}/"), *dropins)


def nginx_recorder(inputs: Inputs, certificates: tuple[str, ...]) -> tuple[str, str]:
    """The script that records what nginx has loaded, and the digest that it records besides those of the files."""
    configured = digest("nginx")
    text = render(
        "templates/launchers/nginx-loaded.sh", configured=configured, record=layout.NGINX_LOADED,
        files=[path for path, _ in inputs.files(f"{layout.NGINX_DIR}/")], dropins=layout.NGINX_DROPINS,
        watches=certificates,
    )  # fmt: skip
    return text, configured


def nginx_unit(facts: Facts, inputs: Inputs, certificates: tuple[str, ...]) -> list[Resource]:
    """The recorder, and under systemd the drop-in that runs it and restarts nginx after a crash.

    Neither needs a resource of nginx, so both are created before the site, and are removed after it at uninstall. The
    last one to be removed reloads an nginx of the administrator, which keeps running, so that it forgets the site.
    """
    text, _ = nginx_recorder(inputs, certificates)
    recorder = File(
        layout.NGINX_RECORDER, text, mode="0755", needs=(id_of(Directory, layout.LAUNCHERS),),
        rereads="" if facts.manager == "systemd" else layout.NGINX_PID,
    )  # fmt: skip
    if facts.manager != "systemd":
        return [recorder]
    folder = Directory(layout.NGINX_UNIT_FOLDER)
    dropin = render("systemd/nginx.conf", recorder=layout.NGINX_RECORDER)
    unit = UnitFile(layout.NGINX_UNIT_DROPIN, dropin, reloads=layout.NGINX_SERVICE, needs=ids(folder))
    return [folder, unit, recorder]


def nginx_program(facts: Facts, inputs: Inputs, certificates: tuple[str, ...]) -> Program:
    launcher = render("templates/launchers/nginx.sh", pid=layout.NGINX_PID, recorder=layout.NGINX_RECORDER)
    _, configured = nginx_recorder(inputs, certificates)
    unit = (id_of(UnitFile, layout.NGINX_UNIT_DROPIN),) if facts.manager == "systemd" else ()
    reloads = Reloads(("nginx", "-t", "-q"), layout.NGINX_LOADED, layout.NGINX_RECORDER, certificates, layout.NGINX_PID)
    return Program(
        layout.NGINX_SERVICE, "nginx", launcher, config=configured, files=nginx_files(facts, inputs), reloads=reloads,
        kill_group=False,
        needs=(id_of(File, layout.NGINX_RECORDER), id_of(Directory, layout.STATE), *unit, *inputs.needs),
    )  # fmt: skip


def proxy_scripts() -> list[File]:
    """What the proxy does beyond configurable-http-proxy: no page fails while the hub restarts, a person's server says
    nothing that holds for more than itself, and nothing that anyone asks makes it fail.
    """
    scripts = {
        layout.HOLD_SCRIPT: "templates/hold-requests.js",
        layout.FENCE_SCRIPT: "templates/fence-servers.js",
        layout.REFUSE_SCRIPT: "templates/refuse-early.js",
    }
    needs = (id_of(Directory, layout.GENERATED),)
    return [File(path, render(template), needs=needs) for path, template in scripts.items()]


def proxy_program(settings: Settings, programs: Programs, scripts: Sequence[File]) -> Program:
    sockets = (layout.PROXY_PUBLIC_SOCKET, layout.PROXY_API_SOCKET)
    launcher = render(
        "templates/launchers/jupyterhub-proxy.sh", public_socket=sockets[0], api_socket=sockets[1],
        token=layout.PROXY_TOKEN_FOR_PROXY, node=layout.NODE, modules=layout.PROXY_MODULES,
        scripts=[script.name for script in scripts],
        error_target=f"http://{gateway(settings)}:{layout.HUB_PORT}{settings.base_url}hub/error",
        host_routing=bool(settings.wildcard),
    )  # fmt: skip
    return Program(
        layout.PROXY_SERVICE, "The way to JupyterHub and people's servers", launcher,
        unit="systemd/jupyterhub-proxy.service", user=layout.PROXY_USER,
        config=digest(programs.proxy, *(script.data for script in scripts)),
        ready=layout.PROXY_API_SOCKET, stop_wait=10,
        values={"sockets": [layout.PROXY_PUBLIC_DIR, layout.PROXY_API_DIR], "addresses": [settings.network.subnet]},
        needs=ids(
            id_of(Link, layout.NODE), id_of(Link, layout.PROXY_MODULES), PROXY_ACCOUNT,
            id_of(Secret, layout.PROXY_TOKEN_FOR_HUB), *scripts,
        ),
    )  # fmt: skip


def hub_program(settings: Settings, facts: Facts, programs: Programs, inputs: Inputs) -> Program:
    dropins = sorted((p, sha) for p, sha in facts.dropins.items() if p.startswith(layout.HUB_DROPINS))
    files = inputs.files(layout.HUB_CONFIG, layout.HUB_SETTINGS)
    launcher = render(
        "templates/launchers/jupyterhub.sh", docker_socket=layout.BROKER_SOCKET, gateway=gateway(settings),
        firewall_done=layout.done(layout.FIREWALL_SERVICE), files=[path for path, _ in files],
        dropins=layout.HUB_DROPINS, state=layout.HUB_STATE, hubside=layout.HUBSIDE, venv=layout.HUB_VENV,
        config=layout.HUB_CONFIG,
    )  # fmt: skip
    return Program(
        layout.HUB_SERVICE, "JupyterHub", launcher, unit="systemd/jupyterhub.service", user=layout.HUB_USER,
        after=(layout.FIREWALL_SERVICE, layout.BROKER_SERVICE, layout.ACCOUNTS_SERVICE, layout.PROXY_SERVICE),
        config=programs.hub,
        files=(*files, *dropins), ready=f"{gateway(settings)}:{layout.HUB_PORT}",
        values={
            "state": layout.HUB_STATE, "addresses": reachable(settings, facts),
            "hidden": "" if settings.spawner.allow.other_classes else layout.DOCKER_SOCKET,
        },
        needs=(
            id_of(Link, layout.HUB_VENV), id_of(Link, layout.HUBSIDE), id_of(Directory, layout.HUB_STATE),
            *inputs.needs,
        ),
    )  # fmt: skip


def reachable(settings: Settings, facts: Facts) -> list[object]:
    """What the hub may talk to, besides this machine itself: everything if a provider elsewhere signs people on, whose
    name may have other addresses tomorrow.
    """
    if settings.auth.is_far:
        return [settings.network.subnet, *facts.proxy_addresses, address] if (address := alone(settings)) else ["any"]
    return [settings.network.subnet, *facts.proxy_addresses]


def alone(settings: Settings) -> str:
    """The address of the one server that the hub must reach; empty if there are others, or it has a name."""
    auth = settings.auth
    hosts = {"ldap": auth.ldap.host, "lti": urlsplit(auth.lti.jwks_endpoint or "").hostname}
    try:
        return str(ip_address(hosts.get(auth.type) or ""))
    except ValueError:
        return ""


def gateway(settings: Settings) -> str:
    """The host's address on the network of the user servers."""
    return str(next(settings.network.subnet.hosts()))
