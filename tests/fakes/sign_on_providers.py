"""Where the services of oauthenticator's classes send people, as their own documentation said on 2026-11-30."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Provider:
    """`authorize`, `token`: URLs; `source`: the page that says so. `scopes`: what the class asks for.
    `options`: what the class needs to be told.
    """

    authorize: str
    token: str
    source: str
    scopes: frozenset[str] = frozenset()
    options: dict[str, Any] = field(default_factory=dict)


PROVIDERS = {
    "github": Provider(
        "https://github.com/login/oauth/authorize", "https://github.com/login/oauth/access_token",
        "https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps",
    ),
    "gitlab": Provider(
        "https://gitlab.example.com/oauth/authorize", "https://gitlab.example.com/oauth/token",
        "https://docs.gitlab.com/api/oauth2/", options={"gitlab_url": "https://gitlab.example.com"},
    ),
    "google": Provider(
        "https://accounts.google.com/o/oauth2/v2/auth",
        # Of the discovery document until 2019; today's says https://oauth2.googleapis.com/token. Both are answered.
        "https://www.googleapis.com/oauth2/v4/token",
        "https://accounts.google.com/.well-known/openid-configuration", frozenset({"openid", "email"}),
    ),
    "bitbucket": Provider(
        "https://bitbucket.org/site/oauth2/authorize", "https://bitbucket.org/site/oauth2/access_token",
        "https://developer.atlassian.com/cloud/bitbucket/oauth-2",
    ),
    "openshift": Provider(
        # The document of the cluster itself says it: authorization_endpoint, token_endpoint, scopes_supported.
        "https://oauth-openshift.apps.example.org/oauth/authorize", "https://oauth-openshift.apps.example.org/oauth/token",
        "https://docs.redhat.com/en/documentation/openshift_container_platform/4.21/html/authentication_and_authorization/"
        "oauth-server-metadata_configuring-internal-oauth",
        frozenset({"user:info"}), {"openshift_url": "https://openshift.example.org"},
    ),
    "auth0": Provider(
        "https://example.auth0.com/authorize", "https://example.auth0.com/oauth/token",
        "https://auth0.com/docs/oas/authentication/authentication-api-oas.json",
        options={"auth0_domain": "example.auth0.com"},
    ),
    "cilogon": Provider(
        "https://cilogon.org/authorize", "https://cilogon.org/oauth2/token", "https://www.cilogon.org/oidc",
        frozenset({"openid", "email", "profile", "org.cilogon.userinfo"}),
        {"allowed_idps": {
            "https://github.com/login/oauth/authorize": {"username_derivation": {"username_claim": "sub"}},
        }},
    ),
    "azuread": Provider(
        "https://login.microsoftonline.com/T/oauth2/authorize", "https://login.microsoftonline.com/T/oauth2/token",
        "https://learn.microsoft.com/azure/active-directory/azuread-dev/v1-protocols-oauth-code",
        options={"tenant_id": "T"},
    ),
    "globus": Provider(
        "https://auth.globus.org/v2/oauth2/authorize", "https://auth.globus.org/v2/oauth2/token",
        "https://docs.globus.org/api/auth/reference/",
        frozenset({"openid", "profile", "urn:globus:auth:scope:transfer.api.globus.org:all"}),
    ),
}  # fmt: skip
CLUSTER = {
    "issuer": "https://oauth-openshift.apps.example.org",
    "authorization_endpoint": PROVIDERS["openshift"].authorize,
    "token_endpoint": PROVIDERS["openshift"].token,
    "scopes_supported": ["user:full", "user:info", "user:check-access"],
}
"""What an OpenShift cluster answers at /.well-known/oauth-authorization-server."""
