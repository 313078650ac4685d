"""What people's servers say of homes that are full, for the hub's pages: the hub itself cannot see homes.

The default image's extension asks no more than its owner could see, and posts it with its server's own token.
"""

from typing import Any

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.scopes import needs_scope
from tornado.web import HTTPError

LONGEST = 2000
"""Characters."""
SAID: dict[str, str] = {}
"""Name of a person → what is said. Servers say it again after a restart of the hub."""


class FullHomeHandler(APIHandler):  # type: ignore[misc]  # JupyterHub has no types
    """A person's home. The parameter has JupyterHub's name, which it compares with the scope."""

    @needs_scope("users:activity")  # type: ignore[untyped-decorator]  # what servers' own tokens have
    def post(self, user_name: str) -> None:
        user = self.find_user(user_name)
        body = self.get_json_body()
        text = body.get("text") if isinstance(body, dict) else None
        if user is None or not isinstance(text, str) or len(text) > LONGEST:
            raise HTTPError(400, f"text must be a text of at most {LONGEST} characters.")
        if text:
            SAID[user.name] = text
        else:
            SAID.pop(user.name, None)
        self.set_status(204)


def said_of(name: str) -> str:
    """Empty if the home is not full, as far as is known."""
    return SAID.get(name, "")


def for_page(user: Any) -> str:
    """JupyterHub calls it for each page, with the user or None."""
    return said_of(user.name) if user else ""


HANDLERS = [(r"/api/users/([^/]+)/home", FullHomeHandler)]
