"""The service that stops idle servers, and its rights; or that of an administrator's drop-in, instead of ours."""

import sys
from typing import Any

from hubinstall import layout
from hubinstall.hubside.cull import Cull

NAMES = frozenset({"cull", "culler", "cull-idle", "idle-culler", "jupyterhub-idle-culler"})
"""What such a service is called in the documentation of JupyterHub, the culler, TLJH and hubinstall until now."""
PROGRAMS = ("jupyterhub_idle_culler", "jupyterhub-idle-culler", "cull_idle_servers", "cull-idle-servers")
SCOPES = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
"""README of jupyterhub-idle-culler, "Permissions"."""


def add(c: Any, rules: Cull) -> str:
    """After all drop-ins: add ours, unless one of theirs does it. Returns the name of theirs, or an empty text."""
    services = [one for one in c.JupyterHub.services if one.get("name") != layout.CULL_SERVICE]
    roles = [one for one in c.JupyterHub.load_roles if one.get("name") != layout.CULL_SERVICE]
    theirs = next((str(one.get("name")) for one in services if does_the_same(one)), "")
    # JupyterHub takes the role back from a service that is no longer there.
    if rules.enabled and not theirs:
        services.append(
            {
                "name": layout.CULL_SERVICE,
                "command": [sys.executable, "-m", "hubinstall.hubside.culler", str(rules.every)],
                "environment": {"PYTHONPATH": layout.HUBSIDE},
            }
        )
        roles.append({"name": layout.CULL_SERVICE, "scopes": SCOPES, "services": [layout.CULL_SERVICE]})
    c.JupyterHub.services, c.JupyterHub.load_roles = services, roles
    return theirs


def does_the_same(service: dict[str, Any]) -> bool:
    command = service.get("command") or ()
    words = [command] if isinstance(command, str) else map(str, command)
    return service.get("name") in NAMES or any(program in word for word in words for program in PROGRAMS)
