"""Write src/hubinstall/settings/sign_on_classes.py: the options of the classes of the locked oauthenticator.

config.yaml is read in the installer's virtualenv, which has none of these classes.
"""

import importlib
import sys
from typing import Any
from unittest.mock import MagicMock

from traitlets import Bool, Dict, Float, Integer, List, Set, TraitType, Unicode, Union

from checkout_path import CHECKOUT

FILE = CHECKOUT / "src/hubinstall/settings/sign_on_classes.py"
CLASSES = {
    "github": "oauthenticator.github.GitHubOAuthenticator",
    "gitlab": "oauthenticator.gitlab.GitLabOAuthenticator",
    "google": "oauthenticator.google.GoogleOAuthenticator",
    "bitbucket": "oauthenticator.bitbucket.BitbucketOAuthenticator",
    "openshift": "oauthenticator.openshift.OpenShiftOAuthenticator",
    "auth0": "oauthenticator.auth0.Auth0OAuthenticator",
    "cilogon": "oauthenticator.cilogon.CILogonOAuthenticator",
    "azuread": "oauthenticator.azuread.AzureAdOAuthenticator",
    "globus": "oauthenticator.globus.GlobusOAuthenticator",
    "mediawiki": "oauthenticator.mediawiki.MWOAuthenticator",
}
BASE = "oauthenticator.oauth2.OAuthenticator"
NOT_TAKEN = frozenset(
    """
    client_secret admin_users allowed_users blocked_users allow_all allow_existing_users whitelist any_allow_config
    auth_refresh_age auth_refresh_strict refresh_pre_spawn refresh_pre_stop enable_auth_state delete_invalid_users
    manage_groups manage_roles reset_managed_roles_on_startup allowed_groups admin_groups auth_state_groups_key
    username_map username_pattern request_otp otp_prompt
    admin_google_groups allowed_google_groups google_service_account_keys gsuite_administrator include_nested_groups
    """.split()  # noqa: SIM905 - one line each would be read less well
)
"""What is config.yaml's under `users`, what the hub needs as it is, the secret, which has a file, and what needs a
library that is not locked (Google's groups).
"""
KINDS: tuple[tuple[type[TraitType[Any, Any]], str], ...] = (
    (Bool, "true or false"), (Integer, "a number"), (Float, "a number"), (Unicode, "text"), (Dict, "a map"),
    (List, "a list"), (Set, "a list"), (Union, "text"),
)  # fmt: skip


def options(path: str) -> dict[str, str]:
    """Name → what its value is, of what a file can say."""
    module, _, name = path.rpartition(".")
    # What the class for MediaWiki speaks with, and only a hub with such a sign-on has (settings/auth.py).
    for library in ("mwoauth", "mwoauth.tokens"):
        sys.modules.setdefault(library, MagicMock())
    traits = getattr(importlib.import_module(module), name).class_traits(config=True)
    found = {}
    for trait, what in traits.items():
        kind = next((word for kind, word in KINDS if isinstance(what, kind)), "")
        old = "deprecated" in str(what.help)[:60].lower() or trait.endswith("whitelist")
        if kind and not old and trait not in NOT_TAKEN:
            found[trait] = kind
    return dict(sorted(found.items()))


def text() -> str:
    """The file's content."""
    common = options(BASE)
    lines = [
        '"""The options of oauthenticator\'s classes, as config.yaml takes them. Made by tests/sign_on_classes.py."""',
        "",
        "PATHS = {",
        *(f'    "{kind}": "{path}",' for kind, path in CLASSES.items()),
        "}",
        '"""`auth.type` → the class."""',
        "",
        "COMMON = {",
        *(f'    "{name}": "{what}",' for name, what in common.items()),
        "}",
        '"""What all of them take: option → what its value is."""',
        "",
        "OWN = {",
    ]
    for path in CLASSES.values():
        own = {name: what for name, what in options(path).items() if name not in common}
        lines.append(f'    "{path.rpartition(".")[2]}": {{')
        lines += [f'        "{name}": "{what}",' for name, what in own.items()]
        lines.append("    },")
    return "\n".join([*lines, "}", '"""What one class takes besides."""', ""])


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
