"""The hub's configuration: everything that jupyterhub_config.py would say, from hub.json and layout.py.

The administrator's own files are read last, so that they can change everything except what hubinstall itself needs.
"""

import hashlib
import hmac
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from traitlets.utils.importstring import import_item

from hubinstall import layout
from hubinstall.hubside import (
    appearance,
    cull_service,
    database,
    dropin_report,
    dropins,
    ended_courses,
    full_homes,
    idle,
    room_doors,
    room_page,
    teachers,
)
from hubinstall.hubside.accounts import login_name
from hubinstall.hubside.authenticator import HostAuthenticator
from hubinstall.hubside.dropin_rules import Remark, Review
from hubinstall.hubside.dropins import Said, stop
from hubinstall.hubside.new_accounts import account_name
from hubinstall.hubside.own_limits import named_servers
from hubinstall.hubside.proxy import WatchedProxy
from hubinstall.hubside.settings import HubSettings
from hubinstall.hubside.spawner import HomeSpawner

START_TIMEOUT = 600
"""Seconds from a start's turn in the queue until the server listens."""

NAMED_SERVERS = 10
"""Of one person, where a drop-in allows named servers and neither it nor config.yaml says a number."""

CLASSES = {
    "ldap": "hubinstall.hubside.ldap.LdapAuthenticator",
    "lti": "hubinstall.hubside.lti.LtiAuthenticator",
    "mediawiki": "hubinstall.hubside.mediawiki.MediaWikiAuthenticator",
    "shared-password": "hubinstall.hubside.workshop.SharedPassword",
    "dummy": "hubinstall.hubside.workshop.AnyPassword",
}
"""`auth.type` → the class, which is imported where it is needed: they are slow to import."""


def configure(c: Any) -> None:
    """Fill in JupyterHub's configuration object. Ends the hub with a message if it cannot work."""
    if trouble := database.damage(layout.HUB_DATABASE):
        stop(
            f"the hub's database {layout.HUB_DATABASE} cannot be used: {trouble}",
            "Restore a good copy, or move it away, then start the hub again. People's files are not in it.",
        )
    settings = HubSettings.load(layout.HUB_SETTINGS)
    idle.THIS_HUBS.rules = settings.cull
    os.environ.update(settings.way_out)  # what the hub and its drop-ins ask for outside
    hub(c, settings)
    sign_on(c, settings)
    servers(c, settings)
    ours = dropins.values(c)
    read, said = dropins.run_all(c, layout.HUB_DROPINS)
    review = Review(c, said, ours, settings)
    remarks = [*review.apply(), *keep_ours(c, settings, said, review)]
    culler = cull_service.add(c, settings.cull)
    dropin_report.write(review.signs_on_otherwise, read, remarks, culler=culler)


def hub(c: Any, settings: HubSettings) -> None:
    """Addresses, the proxy, state. User servers keep running when the hub stops."""
    c.JupyterHub.bind_url = f"http+unix://{quote(layout.PROXY_PUBLIC_SOCKET, safe='')}{settings.base_url}"
    if settings.subdomain_host:
        c.JupyterHub.subdomain_host = settings.subdomain_host
        # A page of another name below the hub's can set cookies for the hub, but none with this prefix.
        c.JupyterHub.cookie_host_prefix_enabled = True
    c.JupyterHub.hub_bind_url = f"http://{settings.network.gateway}:{layout.HUB_PORT}"
    c.JupyterHub.hub_connect_url = c.JupyterHub.hub_bind_url
    c.JupyterHub.proxy_class = WatchedProxy
    c.ConfigurableHTTPProxy.api_url = f"http+unix://{quote(layout.PROXY_API_SOCKET, safe='')}"
    c.ConfigurableHTTPProxy.auth_token = secret(layout.PROXY_TOKEN_FOR_HUB)
    c.ConfigurableHTTPProxy.should_start = False
    c.JupyterHub.cleanup_servers = False
    c.JupyterHub.cleanup_proxy = False
    c.JupyterHub.db_url = f"sqlite:///{layout.HUB_DATABASE}"
    c.JupyterHub.cookie_secret_file = layout.COOKIE_SECRET
    c.JupyterHub.template_paths = [appearance.PAGES]
    c.JupyterHub.template_vars = page_values(settings)
    if settings.appearance.logo:
        c.JupyterHub.logo_file = settings.appearance.logo
    c.JupyterHub.concurrent_spawn_limit = 0
    c.JupyterHub.allow_named_servers = bool(settings.limits.servers) or settings.other_limits.any_has("servers")
    c.JupyterHub.named_server_limit_per_user = named_servers if c.JupyterHub.allow_named_servers else NAMED_SERVERS
    c.JupyterHub.last_activity_interval = 120
    c.JupyterHub.activity_resolution = 60
    c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 5}
    c.Application.log_level = "INFO"


def page_values(settings: HubSettings) -> dict[str, Any]:
    """What our pages show."""
    return {
        "appearance": settings.appearance, "full_home": full_homes.for_page, "idle_servers": idle.for_page,
        "rooms": room_page.links(settings.rooms), "ended_courses": ended_courses.for_page,
    }  # fmt: skip


def sign_on(c: Any, settings: HubSettings) -> None:
    """Who may do what. load_roles sets the roles, because it also takes away those that the file no longer gives."""
    c.JupyterHub.authenticator_class = authenticator(settings)
    c.HostRights.hub_settings = settings
    c.HostRights.allow_existing_users = False
    # Below any age: JupyterHub asks refresh_user for every request, of a browser or with a token. 0 would mean never.
    c.HostRights.auth_refresh_age = -1
    c.HostRights.auth_refresh_strict = True
    c.HostRights.refresh_pre_spawn = True
    if settings.sign_on.kind != "pam":
        # What a provider says of people, and the tokens with which it is asked again, are kept encrypted.
        c.HostRights.enable_auth_state = True
        c.CryptKeeper.keys = [state_key()]
    for name, value in settings.sign_on.options.items() if settings.sign_on.class_path else ():
        c[settings.sign_on.class_path.rpartition(".")[2]][name] = value
    c.JupyterHub.admin_access = settings.admin_access
    c.JupyterHub.services = [verify_service()]
    c.JupyterHub.load_roles = [admin_role(settings), *our_roles(settings)]


def authenticator(settings: HubSettings) -> Any:
    """The class for `auth.type`."""
    if settings.sign_on.kind == "pam":
        return HostAuthenticator
    if settings.sign_on.kind in CLASSES:
        return import_item(CLASSES[settings.sign_on.kind])
    if settings.sign_on.class_path and settings.sign_on.class_path != settings.sign_on.kind:
        from hubinstall.hubside.oauth_rights import with_rights  # noqa: PLC0415

        return with_rights(import_item(settings.sign_on.class_path))
    if settings.sign_on.class_path:
        from hubinstall.hubside.own_class import own_class  # noqa: PLC0415

        return own_class(settings.sign_on.class_path, settings.sign_on.options)
    from hubinstall.hubside.openid import OpenIdAuthenticator  # noqa: PLC0415

    return OpenIdAuthenticator


def admin_role(settings: HubSettings) -> dict[str, Any]:
    """Both lists are given even when empty, so that JupyterHub takes the role from everyone else."""
    of = login_name if settings.sign_on.kind == "pam" else account_name
    return {
        "name": "admin",
        "users": sorted({of(name) for name in settings.admins} - {layout.PROBE_USER}),
        "services": [],
    }


def verify_service() -> dict[str, Any]:
    return {"name": layout.VERIFY_SERVICE, "api_token": secret(layout.VERIFY_TOKEN_FOR_HUB)}


def verify_role() -> dict[str, Any]:
    """What `hubinstall verify` and `status` may do: use the probe's own server, and read."""
    probe = layout.PROBE_USER
    scopes = [
        f"servers!user={probe}", f"access:servers!user={probe}", f"read:users!user={probe}",
        "list:users", "read:servers", "read:hub", "proxy",
    ]  # fmt: skip
    return {"name": layout.VERIFY_SERVICE, "scopes": scopes, "services": [layout.VERIFY_SERVICE]}


def servers(c: Any, settings: HubSettings) -> None:
    """How people's servers are started; container.py says what their containers look like."""
    c.JupyterHub.spawner_class = HomeSpawner
    c.HomeSpawner.hub_settings = settings
    c.DockerSpawner.image = settings.image
    c.DockerSpawner.pull_policy = "never"
    c.DockerSpawner.network_name = settings.network.name
    c.DockerSpawner.use_internal_ip = True
    c.DockerSpawner.prefix = layout.CONTAINER_PREFIX
    c.DockerSpawner.port = layout.SERVER_PORT
    c.DockerSpawner.remove = True
    # A class that is not ours asks for anything: where config.yaml allows one, the hub is in the group docker.
    socket = layout.DOCKER_SOCKET if settings.other_spawners else layout.BROKER_SOCKET
    c.DockerSpawner.client_kwargs = {"base_url": f"unix://{socket}", "timeout": 300}
    c.Spawner.default_url = "/lab"
    c.Spawner.start_timeout = START_TIMEOUT
    c.Spawner.http_timeout = 120
    c.Spawner.consecutive_failure_limit = 0
    if settings.teachers:
        c.Spawner.args = teachers.SERVER_ARGUMENTS


def keep_ours(c: Any, settings: HubSettings, said: list[Said], review: Review) -> list[Remark]:
    """Restore our entries if a drop-in replaced these lists instead of adding to them. Returns warnings about what has
    no effect.
    """
    others = bool(review.signs_on_otherwise)
    if appearance.PAGES not in c.JupyterHub.template_paths:
        c.JupyterHub.template_paths = [*c.JupyterHub.template_paths, appearance.PAGES]
    c.JupyterHub.template_vars = {**c.JupyterHub.template_vars, **page_values(settings)}
    services = list(c.JupyterHub.services)
    if not any(service.get("name") == layout.VERIFY_SERVICE for service in services):
        services.append(verify_service())
    c.JupyterHub.services = services
    others_roles = room_doors.without_ours(teachers.without_ours(c.JupyterHub.load_roles))
    theirs = [role for role in others_roles if role.get("name") != layout.VERIFY_SERVICE]
    admin: dict[str, Any] = next((role for role in theirs if role.get("name") == "admin"), {})
    more = [] if others else sorted(set(admin.get("users", ())) - set(settings.admins))
    merged = merged_admin(admin_role(settings), admin, services, users=others)
    rest = [role for role in theirs if role.get("name") != "admin"]
    without_passwords = [probe_role()] if review.no_passwords else []
    c.JupyterHub.load_roles = [merged, *rest, *our_roles(settings), *without_passwords]
    words = f"{', '.join(more)} cannot become an administrator here"
    return [
        Remark(one.path, one.place, words, "set users.admin in config.yaml")
        for one in said
        if more and one.name == "load_roles"
    ]


def our_roles(settings: HubSettings) -> list[dict[str, Any]]:
    return [verify_role(), *teachers.roles(settings), *room_doors.roles(settings)]


def merged_admin(
    ours: dict[str, Any], theirs: dict[str, Any], services: list[dict[str, Any]], *, users: bool
) -> dict[str, Any]:
    """The role of config.yaml's administrators and of the administrator's services. JupyterHub takes the role from a
    service with the old `'admin': True` that the role does not name. `users`: those of `theirs` count, too.
    """
    old = [service["name"] for service in services if service.get("admin") and "name" in service]
    people = {*ours["users"], *(theirs.get("users", ()) if users else ())}
    return {**theirs, **ours, "users": sorted(people), "services": sorted({*theirs.get("services", ()), *old})}


def probe_role() -> dict[str, Any]:
    """Rights of nobody: JupyterHub creates the people of a role, and `verify` cannot log in by another sign-on."""
    return {"name": layout.PROBE_USER, "scopes": [], "users": [layout.PROBE_USER]}


def state_key() -> bytes:
    """A key of 32 bytes that follows from the cookies' secret, and cannot be told from it."""
    secret = Path(layout.COOKIE_SECRET).read_bytes().strip()
    return hmac.digest(secret, b"what a sign-on says of people", hashlib.sha256)


def secret(path: str) -> str:
    return Path(path).read_text(encoding="ascii").strip()
