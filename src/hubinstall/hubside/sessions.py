"""End what a person has at the hub: sessions, tokens and running servers."""

import asyncio
from typing import Any

from jupyterhub import orm
from jupyterhub.utils import new_token

SERVER_NOTE = "Server at "
"""With it begins the note that JupyterHub gives the token of a server (User.spawn); tokens_api refuses it to others."""
POLL = 0.1
"""Seconds between two looks at a server that is already being stopped."""


def withdraw(row: Any, *, but_servers: bool = False) -> None:
    """End a user's sessions and tokens. `row`: the user's row in the hub's database.

    `but_servers`: keep the tokens that the hub gave to the user's own servers; without them nobody could use these.
    """
    session = orm.object_session(row)
    for token in list(row.api_tokens):
        if not (but_servers and is_of_a_server(token)):
            session.delete(token)
    for code in session.query(orm.OAuthCode).filter_by(user_id=row.id):  # sign-ons under way would become tokens
        session.delete(code)
    row.cookie_id = new_token()


def is_of_a_server(token: Any) -> bool:
    """Whether it is the token of the user's own server (JupyterHub's role `server`), not of a browser that uses it."""
    name = token.user.name
    here = f"access:servers!server={name}/"
    own = all(scope == f"users:activity!user={name}" or scope.startswith(here) for scope in token.scopes)
    made = token.client_id == "jupyterhub" and (token.note or "").startswith(SERVER_NOTE)
    return made and bool(token.scopes) and own


async def end(app: Any, name: str) -> None:
    """End the sessions, tokens and servers of this user. `app`: the running JupyterHub.

    Returns when the servers have ended. A server that is only starting is not waited for: it ends itself when it is up.
    """
    row = orm.User.find(app.db, name)
    if row is not None:
        withdraw(row)
        app.db.commit()
        await end_servers(app, row)


async def end_servers(app: Any, row: Any) -> None:
    """The same of the servers alone. `row`: the user's row in the hub's database.

    Also waits for one that is being stopped already, by whatever has asked for it first: a login that lets somebody in
    must not pass the watch that ends what another person had under the name.
    """
    user = app.users[row]
    for server_name, spawner in list(user.spawners.items()):
        while spawner.pending == "stop":  # noqa: ASYNC110 - JupyterHub tells nobody
            await asyncio.sleep(POLL)
        if not spawner.active or spawner.pending:
            continue
        spawner._stop_pending = True  # noqa: SLF001 - before the first await, as JupyterHub does (stop_single_user)
        try:
            await app.proxy.delete_user(user, server_name)
            await user.stop(server_name)
        except Exception:
            # JupyterHub has forgotten the server all the same; its container is removed before the next start.
            app.log.exception("The server of %s did not end", row.name)
        finally:
            spawner._stop_pending = False  # noqa: SLF001
