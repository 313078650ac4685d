"""The hub's configuration: everything that jupyterhub_config.py would say, from hub.json and layout.py.

The administrator's own files are read last, so that they can change everything except what hubinstall itself needs.
"""

import sys
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

from hubinstall import layout
from hubinstall.hubside import database
from hubinstall.hubside.authenticator import HostAuthenticator
from hubinstall.hubside.proxy import WatchedProxy
from hubinstall.hubside.settings import HubSettings
from hubinstall.hubside.spawner import HomeSpawner

EX_CONFIG = 78
START_TIMEOUT = 600
"""Seconds from a start's turn in the queue until the server listens."""


def configure(c: Any) -> None:
    """Fill in JupyterHub's configuration object. Ends the hub with a message if it cannot work."""
    if trouble := database.damage(layout.HUB_DATABASE):
        stop(
            f"the hub's database {layout.HUB_DATABASE} cannot be used: {trouble}",
            "Restore a good copy, or move it away, then start the hub again. People's files are not in it.",
        )
    settings = HubSettings.load(layout.HUB_SETTINGS)
    hub(c, settings)
    sign_on(c, settings)
    servers(c, settings)
    for path in sorted(Path(layout.HUB_DROPINS).glob("*.py")):
        dropin(c, path)
    keep_ours(c, settings)


def hub(c: Any, settings: HubSettings) -> None:
    """Addresses, the proxy, state. User servers keep running when the hub stops."""
    c.JupyterHub.bind_url = f"http+unix://{quote(layout.PROXY_PUBLIC_SOCKET, safe='')}{settings.base_url}"
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
    c.JupyterHub.concurrent_spawn_limit = 0
    c.JupyterHub.last_activity_interval = 120
    c.JupyterHub.activity_resolution = 60
    c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 5}
    c.Application.log_level = "INFO"


def sign_on(c: Any, settings: HubSettings) -> None:
    """Who may do what. load_roles sets the roles, because it also takes away those that the file no longer gives."""
    c.JupyterHub.authenticator_class = HostAuthenticator
    c.HostAuthenticator.hub_settings = settings
    c.Authenticator.allow_existing_users = False
    c.Authenticator.auth_refresh_age = 60
    c.Authenticator.auth_refresh_strict = True
    c.Authenticator.refresh_pre_spawn = True
    c.JupyterHub.services = [verify_service()]
    c.JupyterHub.load_roles = [admin_role(settings), verify_role()]


def admin_role(settings: HubSettings) -> dict[str, Any]:
    """Both lists are given even when empty, so that JupyterHub takes the role from everyone else."""
    return {"name": "admin", "users": sorted(set(settings.admins) - {layout.PROBE_USER}), "services": []}


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
    c.DockerSpawner.mem_limit = settings.limits.memory
    c.DockerSpawner.cpu_limit = settings.limits.cpu
    c.DockerSpawner.client_kwargs = {"base_url": f"unix://{layout.DOCKER_SOCKET}", "timeout": 60}
    c.Spawner.default_url = "/lab"
    c.Spawner.start_timeout = START_TIMEOUT
    c.Spawner.http_timeout = 60
    c.Spawner.consecutive_failure_limit = 0


def dropin(c: Any, path: Path) -> None:
    """Run one of the administrator's files with `c`, as in any jupyterhub_config.py."""
    try:
        code = compile(path.read_text(encoding="utf-8"), str(path), "exec")
        exec(code, {"c": c, "get_config": lambda: c, "__file__": str(path), "__name__": "jupyterhub_config"})  # noqa: S102 - it is the administrator's own configuration
    except SyntaxError as error:
        stop(f"{error.filename}, line {error.lineno}: {error.msg}", "Fix this file or move it away.")
    except Exception as error:  # noqa: BLE001 - any error is reported with its place
        line = line_in(error, str(path))
        stop(f"{path}{line}: {type(error).__name__}: {error}", "Fix this file or move it away.")


def line_in(error: BaseException, path: str) -> str:
    """`, line 3`: the innermost line of the traceback in that file, or an empty text."""
    lines, trace = "", error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            lines = f", line {trace.tb_lineno}"
        trace = trace.tb_next
    return lines


def keep_ours(c: Any, settings: HubSettings) -> None:
    """Restore our entries if a drop-in replaced these lists instead of adding to them."""
    if not any(service.get("name") == layout.VERIFY_SERVICE for service in c.JupyterHub.services):
        c.JupyterHub.services = [*c.JupyterHub.services, verify_service()]
    named = {role.get("name") for role in c.JupyterHub.load_roles}
    missing = [role for role in (admin_role(settings), verify_role()) if role["name"] not in named]
    c.JupyterHub.load_roles = [*c.JupyterHub.load_roles, *missing]


def secret(path: str) -> str:
    return Path(path).read_text(encoding="ascii").strip()


def stop(message: str, hint: str) -> NoReturn:
    sys.stderr.write(f"hubinstall: {message}\n  {hint}\n")
    raise SystemExit(EX_CONFIG)
