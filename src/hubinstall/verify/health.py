"""Does an installation work now? A quick check of each part, without logging in; `verify` logs in.

Each check asks the part itself (a socket, a kernel table), not only its process manager.
"""

import functools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from hubinstall import layout
from hubinstall.blueprint import urls
from hubinstall.errors import UserError
from hubinstall.machine.docker import docker as docker_command
from hubinstall.machine.docker import engine
from hubinstall.machine.facts import Facts
from hubinstall.machine.host import Host
from hubinstall.machine.hub_report import hub_report
from hubinstall.machine.process_managers.base import Look
from hubinstall.machine.process_managers.choice import MANAGERS
from hubinstall.resources.base import Resource
from hubinstall.resources.docker.network import DockerNetwork
from hubinstall.resources.services import supervisord
from hubinstall.resources.services.service import answers
from hubinstall.settings.model import Settings
from hubinstall.verify import certificate as verify_certificate
from hubinstall.verify import docker_parts, sign_on
from hubinstall.verify.disks import disks
from hubinstall.verify.home_quotas import home_quotas
from hubinstall.verify.host_logins import host_logins
from hubinstall.verify.http_probe import Answer, ask
from hubinstall.verify.idle_servers import idle_servers
from hubinstall.verify.shares import shares

# Not every installation has these: systemd's slice may be the users' control group, an Engine may bring its own, and
# there may be no share of a group and no quota.
SOME_HAVE = {layout.LIMITS_SERVICE, layout.CONTAINERD_SERVICE, layout.SHARES_SERVICE, layout.QUOTAS_SERVICE}


@dataclass(frozen=True)
class Check:
    """One part. `state` is ok, warning or failed; if it is not ok, `hint` says what to do."""

    name: str
    state: str
    message: str
    hint: str = ""


@dataclass(frozen=True)
class Health:
    """All checks, and how many resources differ from config.yaml."""

    checks: tuple[Check, ...]
    pending: int = 0

    @property
    def state(self) -> str:
        """The worst of all checks."""
        states = {check.state for check in self.checks}
        return next((state for state in ("failed", "warning") if state in states), "ok")


def health(host: Host, settings: Settings, facts: Facts, *, resources: list[Resource], pending: int = 0) -> Health:
    """Check everything. What cannot be checked is a failed check, never an exception. `resources`: the blueprint's."""
    if stopped := without_supervisord(host, facts):
        others: list[Callable[[], Check]] = [lambda: authenticator(host, settings, facts)]
        if urls.has_tls(settings):
            others.append(lambda: certificate(host, settings, resources))
        names = ("authenticator", "certificate")
        return Health((stopped, *map(guarded, names, others), *(Check(*row) for row in disks(host))), pending)
    seen = looks(host, facts)
    parts: list[tuple[str, Callable[[], Check]]] = [
        ("proxy", lambda: proxy(host, seen)),
        ("hub", lambda: hub(settings, seen)),
        ("user servers", lambda: servers(host, settings, seen)),
        ("idle servers", lambda: idle(host, settings, seen)),
        ("authenticator", lambda: authenticator(host, settings, facts)),
        ("nginx", lambda: nginx(settings, facts, seen)),
        ("docker", lambda: docker(host, seen)),
        ("broker", lambda: broker(seen)),
        ("accounts helper", lambda: accounts_helper(host, seen)),
        ("firewall", lambda: firewall(host, seen, resources)),
        ("host logins", lambda: Check(*host_logins(host, settings, facts))),
    ]
    if any(isinstance(resource, DockerNetwork) for resource in resources) and engine(host).running:
        parts.append(("network", lambda: Check(*docker_parts.network(host, resources))))
        parts.append(("image", lambda: Check(*docker_parts.image(host, resources))))
    if settings.all_shares:
        parts.append(("shares", lambda: Check(*shares(host, resources))))
    if settings.home.has_quotas:
        parts.append(("home quotas", lambda: Check(*home_quotas(host, settings, facts))))
    if urls.has_tls(settings):
        parts.append(("certificate", lambda: certificate(host, settings, resources)))
    # In parallel: several checks that hang cost one time limit.
    with ThreadPoolExecutor(len(parts)) as pool:
        checks = pool.map(lambda part: guarded(*part), parts)
    lost = docker_parts.lost(host)
    return Health((*checks, *([Check(*lost)] if lost else []), *(Check(*row) for row in disks(host))), pending)


def guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except (UserError, OSError, ValueError) as error:
        message, hint = (error.message, error.hint) if isinstance(error, UserError) else (str(error), "")
        return Check(name, "failed", message, hint)


def without_supervisord(host: Host, facts: Facts) -> Check | None:
    """The one cause of everything if supervisord does not run: what it has left running ends at its next output."""
    if not MANAGERS[facts.manager].ours or supervisord.running(host):
        return None
    words = "it does not run, so nothing starts the services, or restarts those that end"
    return Check(layout.SUPERVISORD, "failed", words, "Run: hubinstall start")


def looks(host: Host, facts: Facts) -> dict[str, Look]:
    """Every service of this installation, as its process manager sees it."""
    manager = MANAGERS[facts.manager]
    found = {service: manager.look(host, service) for service in layout.SERVICES}
    return {service: look for service, look in found.items() if look.known or service not in SOME_HAVE}


def down(seen: dict[str, Look], *services: str) -> str:
    """What the manager says about those that do not run; empty if all run."""
    return ", ".join(f"{name} is {seen[name].words}" for name in services if name in seen and not seen[name].running)


def logs(service: str) -> str:
    return f"See: hubinstall logs {service}"


def revive(service: str) -> str:
    return f"See: hubinstall logs {service}; then: hubinstall start {service}"


def proxy(host: Host, seen: dict[str, Look]) -> Check:
    part = functools.partial(Check, "proxy")
    if words := down(seen, layout.PROXY_SERVICE):
        return part("failed", words, revive(layout.PROXY_SERVICE))
    token = host.text(layout.PROXY_TOKEN_FOR_PROXY).strip()
    answer = ask(layout.PROXY_API_SOCKET, "/api/routes", token=token)
    if answer.status != 200:
        return part("failed", f"its API: {answer.words}", logs(layout.PROXY_SERVICE))
    routes = len(answer.data) if isinstance(answer.data, dict) else 0
    if not routes:
        return part("failed", "it has no route to the hub", f"Run: hubinstall restart {layout.HUB_SERVICE}")
    return part("ok", f"{routes} route{'s' * (routes != 1)}")


def hub(settings: Settings, seen: dict[str, Look]) -> Check:
    if words := down(seen, layout.HUB_SERVICE):
        return Check("hub", "failed", words, revive(layout.HUB_SERVICE))
    answer = of_hub(settings, "hub/health")
    if answer.status != 200:
        return Check("hub", "failed", answer.words, logs(layout.HUB_SERVICE))
    return Check("hub", "ok", f"JupyterHub {answer.version} answers in {answer.seconds * 1000:.0f} ms")


def servers(host: Host, settings: Settings, seen: dict[str, Look]) -> Check:
    """How many servers the hub counts as running, and how many Docker does."""
    part = functools.partial(Check, "user servers")
    if words := down(seen, layout.DOCKER_SERVICE, layout.LIMITS_SERVICE):
        return part("failed", words, revive(layout.DOCKER_SERVICE))
    token = host.text(layout.VERIFY_TOKEN).strip()
    answer = of_hub(settings, "hub/api/users?state=ready&limit=1000", token=token)
    if answer.status != 200 or not isinstance(answer.data, list):
        return part("failed", f"the hub does not list the servers: {answer.words}", logs(layout.HUB_SERVICE))
    listed = docker_command(host, "ps", "--quiet", "--filter", f"label={layout.USER_LABEL}").stdout.split()
    ready, running = len(answer.data), len(listed)
    if ready > running:
        words = f"the hub counts {ready} running servers, Docker counts {running}"
        return part("warning", words, f"The hub notices this by itself within a minute. {logs(layout.HUB_SERVICE)}")
    starting = f", {running - ready} starting or stopping" if running > ready else ""
    return part("ok", f"{ready} running{starting}")


def idle(host: Host, settings: Settings, seen: dict[str, Look]) -> Check:
    if down(seen, layout.HUB_SERVICE):
        return Check("idle servers", "warning", "the hub does not run", revive(layout.HUB_SERVICE))
    token = host.text(layout.VERIFY_TOKEN).strip()
    return Check(*idle_servers(host, settings, of_hub(settings, "hub/api/idle", token=token)))


def authenticator(host: Host, settings: Settings, facts: Facts) -> Check:
    """PAM's file exists, and the probe has no password; a provider elsewhere answers."""
    part = functools.partial(Check, "authenticator")
    if not host.exists(layout.PAM_FILE):
        return part("failed", f"{layout.PAM_FILE} is missing", "Run: hubinstall apply")
    if has_password(host, layout.PROBE_USER):
        words = f"{layout.PROBE_USER} has a password: a check was interrupted or is still running"
        return part("warning", words, "Run: hubinstall verify")
    if dropin := hub_report(host).sign_on:
        return part("ok", f"{dropin}, which a drop-in has chosen; it cannot be checked from here")
    if kind := sign_on.kind(settings):
        trouble = sign_on.trouble(host, settings, facts)
        hint = "Who is signed on stays. Run: hubinstall verify --sign-on"
        return part("warning", f"{kind}: {trouble}", hint) if trouble else part("ok", kind)
    return part("ok", "passwords of this machine's accounts (PAM)")


def has_password(host: Host, account: str) -> bool:
    rows = (line.split(":") for line in host.text("/etc/shadow").splitlines())
    return any(row[0] == account and not row[1].startswith(("!", "*")) for row in rows if len(row) > 1)


def nginx(settings: Settings, facts: Facts, seen: dict[str, Look]) -> Check:
    if words := down(seen, layout.NGINX_SERVICE):
        return Check("nginx", "failed", words, revive(layout.NGINX_SERVICE))
    url = urlsplit(urls.check_url(settings, facts))
    there = f"{urls.connect_to(settings)}:{urls.port(settings)}"
    answer = ask(there, f"{url.path}hub/health", name=url.hostname or "", tls=urls.has_tls(settings))
    if answer.status in {502, 503, 504} or answer.late:
        seen_as = str(answer.status or "timeout")
        return Check(
            "nginx", "failed", f"the proxy or the hub behind it does not answer ({seen_as})", "See proxy and hub."
        )
    if answer.status != 200:
        return Check("nginx", "failed", answer.words, logs(layout.NGINX_SERVICE))
    return Check("nginx", "ok", f"{url.scheme} leads to the hub")


def docker(host: Host, seen: dict[str, Look]) -> Check:
    if words := down(seen, layout.CONTAINERD_SERVICE, layout.DOCKER_SERVICE):
        return Check("docker", "failed", words, revive(layout.DOCKER_SERVICE))
    found = engine(host)
    if not found.running:
        return Check("docker", "failed", "the Engine does not answer", logs(layout.DOCKER_SERVICE))
    return Check("docker", "ok", f"Engine {found.version}")


def broker(seen: dict[str, Look]) -> Check:
    """What stands between the hub and Docker passes calls on."""
    if words := down(seen, layout.BROKER_SERVICE):
        return Check("broker", "failed", words, revive(layout.BROKER_SERVICE))
    # A question would start a dockerd that its administrator has stopped: systemd listens at its socket.
    if down(seen, layout.CONTAINERD_SERVICE, layout.DOCKER_SERVICE):
        return Check("broker", "ok", "it runs; Docker does not")
    if ask(layout.BROKER_SOCKET, "/_ping").status != 200:
        return Check("broker", "failed", "it passes nothing on to Docker", logs(layout.BROKER_SERVICE))
    return Check("broker", "ok", "the hub reaches Docker through it")


def accounts_helper(host: Host, seen: dict[str, Look]) -> Check:
    """What checks passwords for the hub. Nobody's session or server ends without it."""
    part = functools.partial(Check, "accounts helper")
    if words := down(seen, layout.ACCOUNTS_SERVICE):
        return part("failed", f"nobody can log in: {words}", revive(layout.ACCOUNTS_SERVICE))
    if not answers(host, layout.ACCOUNTS_SOCKET):
        return part("failed", "nobody can log in: it accepts no connection", logs(layout.ACCOUNTS_SERVICE))
    return part("ok", "the hub has passwords checked by it")


def firewall(host: Host, seen: dict[str, Look], resources: list[Resource]) -> Check:
    if words := down(seen, layout.FIREWALL_SERVICE):
        return Check("firewall", "failed", words, revive(layout.FIREWALL_SERVICE))
    if host.query(["nft", "list", "table", "inet", layout.FIREWALL_TABLE], check=False).returncode:
        words = f"the kernel has no table {layout.FIREWALL_TABLE}: user servers can reach this machine's network"
        return Check("firewall", "failed", words, "Run: hubinstall apply")
    if engine(host).running and (words := docker_parts.unprotected(host, resources)):
        return Check("firewall", "failed", f"its rules are not in effect: {words}", "Run: hubinstall apply")
    return Check("firewall", "ok", "user servers reach only the hub and the internet")


def certificate(host: Host, settings: Settings, resources: list[Resource]) -> Check:
    found = verify_certificate.seen(host, settings, resources, time.time())
    return Check("certificate", found.state, found.message, found.hint)


def of_hub(settings: Settings, path: str, token: str = "") -> Answer:
    """Ask the hub directly, without nginx and the proxy."""
    gateway = next(settings.network.subnet.hosts())
    return ask(f"{gateway}:{layout.HUB_PORT}", f"{settings.base_url}{path}", token=token)
