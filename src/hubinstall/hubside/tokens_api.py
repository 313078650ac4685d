"""The part of JupyterHub's REST API that makes tokens: each person keeps a bounded number, with short words.

JupyterHub takes any number with notes of any length, keeps them for good, and shows all on one page.
"""

from typing import Any

from jupyterhub import orm
from jupyterhub.apihandlers.users import UserTokenListAPIHandler
from tornado.web import HTTPError

from hubinstall.hubside.sessions import SERVER_NOTE

MOST = 100
"""Tokens that one person has at a time; those of running servers and of sign-ons to them do not count."""
LONGEST_NOTE = 250
MOST_RIGHTS, LONGEST_RIGHT = 100, 255
LONGEST_LIFE = 100 * 365 * 86400
"""Seconds."""


class TokensHandler(UserTokenListAPIHandler):  # type: ignore[misc]  # JupyterHub has no types
    """A person's tokens. The parameter has JupyterHub's name."""

    async def post(self, user_name: str) -> None:
        check(self.get_json_body())
        await super().post(user_name)

    def _resolve_roles_and_scopes(self) -> None:
        """JupyterHub calls it once it knows who asks, before it makes the token."""
        super()._resolve_roles_and_scopes()
        user = self.find_user(*self.path_args) if self.request.method == "POST" and self.current_user else None
        if user and self.get_scope_filter("tokens")(user, kind="user"):
            check_number(self.db, user)


def check(body: Any) -> None:
    """Raise HTTPError 400 that says what is too long."""
    if not isinstance(body, dict):
        return  # JupyterHub says what is wrong
    note, life = body.get("note"), body.get("expires_in")
    if note is not None and (not isinstance(note, str) or len(note) > LONGEST_NOTE):
        raise HTTPError(400, f"The note of a token must be a text of at most {LONGEST_NOTE} characters.")
    if note is not None and note.startswith(SERVER_NOTE):
        raise HTTPError(400, f"The notes of servers' own tokens begin with {SERVER_NOTE!r}; choose another one.")
    if isinstance(life, int) and not 0 <= life <= LONGEST_LIFE:
        raise HTTPError(400, f"expires_in must be a number of seconds between 0 and {LONGEST_LIFE}.")
    for key in ("roles", "scopes"):
        words = body.get(key)
        if isinstance(words, list) and (
            len(words) > MOST_RIGHTS or any(isinstance(word, str) and len(word) > LONGEST_RIGHT for word in words)
        ):
            raise HTTPError(400, f"A token has at most {MOST_RIGHTS} {key} of at most {LONGEST_RIGHT} characters.")


def check_number(db: Any, user: Any) -> None:
    """Raise HTTPError 400 if this person has as many tokens as one may have."""
    orm.APIToken.purge_expired(db)
    tokens = db.query(orm.APIToken).filter_by(user_id=user.orm_user.id, client_id="jupyterhub")
    if tokens.count() >= MOST:
        raise HTTPError(400, f"{user.name} has {MOST} tokens, and nobody can have more. Revoke one of them first.")


HANDLERS = [(r"/api/users/([^/]+)/tokens", TokensHandler)]
