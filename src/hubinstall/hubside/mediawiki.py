"""Sign-on at a wiki (MediaWiki with its extension OAuth): the class is oauthenticator's, and speaks OAuth 1.0a by
mwoauth, a package that only such a hub has.

The wiki is asked for a token before people are sent there. Added here: the secret is read for that, no wiki is waited
for without end, and what is wrong is said in words.
"""

import asyncio
import os
from typing import Any

from mwoauth.errors import OAuthException
from oauthenticator.mediawiki import AUTH_REQUEST_COOKIE_NAME, MWLoginHandler, MWOAuthenticator
from tornado.web import HTTPError

from hubinstall import layout
from hubinstall.hubside.oauth_rights import OauthRights

PATIENCE = 15.0
"""Seconds for the wiki to answer."""
# requests has certificates of its own, without those of network.ca_bundle.
os.environ.setdefault("REQUESTS_CA_BUNDLE", layout.TRUST_STORE)


class Login(MWLoginHandler):  # type: ignore[misc]  # oauthenticator has no types
    async def get(self) -> None:
        known = self.authenticator
        known.read_secret()
        try:
            await asyncio.wait_for(super().get(), PATIENCE)
        except (OAuthException, OSError) as error:  # what requests raises, too
            self.log.warning("The wiki at %s gives no token: %s", known.mw_index_url, error)
            words = f"{known.login_service} does not answer, so nobody can sign on. Try again in a minute."
            raise HTTPError(503, words) from error


class MediaWikiAuthenticator(OauthRights, MWOAuthenticator):  # type: ignore[misc]
    login_handler = Login

    async def get_token_info(self, handler: Any, params: Any) -> dict[str, Any]:
        """Raises HTTPError with words, as `token_to_user` does."""
        if not handler.get_secure_cookie(AUTH_REQUEST_COOKIE_NAME):
            raise HTTPError(400, "This is not the sign-on that your browser began. Open the hub again.")
        return dict(await self._asked_for(super().get_token_info(handler, params)))

    async def token_to_user(self, token_info: dict[str, Any]) -> dict[str, Any]:
        return dict(await self._asked_for(super().token_to_user(token_info)))

    async def _asked_for(self, answer: Any) -> Any:
        try:
            return await asyncio.wait_for(answer, PATIENCE)
        except OAuthException as error:
            self.log.warning("The wiki at %s signs nobody on: %s", self.mw_index_url, error)
            raise HTTPError(403, f"{self.login_service} did not sign you on. Try again.") from error
