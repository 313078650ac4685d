"""What the role of administrators may do: all that JupyterHub gives it but to get into other people's servers.

JupyterHub refuses another definition of its role `admin` (jupyterhub.roles.create_role), and makes everybody an
administrator by that role alone. So what is changed is what it takes for the definition.
"""

from typing import Any

from jupyterhub import roles

# Each of these opens a server: the first by itself; by a share, or by a token with all rights of its owner, made for
# oneself; by a service that asks its visitors for all their rights.
TAKEN = frozenset({"access:servers", "shares", "tokens", "admin:services"})
LEFT = ("read:tokens", "read:shares", "users:shares", "groups:shares")
"""Of what goes with these, what only shows and takes away."""


def keep_out_of_servers() -> None:
    """For this process, before JupyterHub writes its roles into the database."""
    whole = roles.get_default_roles
    roles.get_default_roles = lambda: [narrowed(role) if role["name"] == "admin" else role for role in whole()]


def narrowed(role: dict[str, Any]) -> dict[str, Any]:
    """A role that opens nobody's server, as JupyterHub describes one."""
    kept = [scope for scope in role["scopes"] if scope not in TAKEN]
    return role | {"description": "All but opening people's servers", "scopes": [*kept, *LEFT]}
