"""Sign-ons of browsers to people's servers (OAuth): each person keeps a bounded number, with short words.

Who is logged in can repeat a sign-on to their own server without end. JupyterHub keeps each code for up to an hour and
each token for two weeks, and writes down a challenge (PKCE) of any length.
"""

from typing import Any

from jupyterhub import orm
from jupyterhub.oauth.provider import JupyterHubOAuthServer, JupyterHubRequestValidator
from tornado.web import HTTPError

MOST_CODES = 20
"""Sign-ons that one person has under way; each lasts a second."""
MOST_BROWSERS = 20
"""Sign-ons of one person to one server or service that count at a time. Another browser takes the place of the oldest,
which signs on again by itself at its next page.
"""
LONGEST_CHALLENGE = 128
"""RFC 7636, 4.2."""
LONGEST_SESSION = 64
"""JupyterHub's own have 32 characters."""


class SignOns(JupyterHubRequestValidator):  # type: ignore[misc]  # JupyterHub has no types
    """What oauthlib asks about sign-ons, and how it keeps them. The parameters have oauthlib's names."""

    def save_authorization_code(self, client_id: str, code: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        check(request)
        super().save_authorization_code(client_id, code, request, *args, **kwargs)
        drop_oldest(self.db, MOST_CODES, orm.OAuthCode, user_id=request.user.id)

    def save_bearer_token(self, token: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        saved = super().save_bearer_token(token, request, *args, **kwargs)
        client_id = request.client.client_id
        drop_oldest(self.db, MOST_BROWSERS, orm.APIToken, user_id=request.user.id, client_id=client_id)
        return saved


def check(request: Any) -> None:
    """Raise HTTPError 400 that says what of a sign-on is too long; `request` is oauthlib's."""
    for what, said, longest in (
        ("The challenge of a sign-on (PKCE)", request.code_challenge, LONGEST_CHALLENGE),
        ("The name of a challenge's method", request.code_challenge_method, LONGEST_SESSION),
        ("The session's cookie", request.session_id, LONGEST_SESSION),
    ):
        if len(said or "") > longest:
            raise HTTPError(400, f"{what} has at most {longest} characters.")


def drop_oldest(db: Any, most: int, kind: Any, **owner: Any) -> None:
    """Keep only the `most` newest of a kind of one owner."""
    for old in db.query(kind).filter_by(**owner).order_by(kind.id.desc()).offset(most):
        db.delete(old)
    db.commit()


def provider(db: Any, *, require_pkce: bool, token_expires_in: int) -> Any:
    """The hub's OAuth server, as jupyterhub.oauth.provider.make_provider makes it, within these bounds."""
    return JupyterHubOAuthServer(db, SignOns(db, require_pkce=require_pkce), token_expires_in=token_expires_in)
