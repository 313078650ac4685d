"""What a provider of a sign-on is told about with: its address, an ID, the names of claims, groups and scopes."""

import re
from typing import Any
from urllib.parse import urlsplit

from hubinstall.settings.values.urls import HOST_AND_PORT, names_a_host
from hubinstall.settings.values.words import as_text, shown, wrong

ISSUER = rf"https?://{HOST_AND_PORT}(/[A-Za-z0-9._~%+-]+)*/?"
CLIENT_ID = r"[\x21-\x7e]{1,400}"
CLAIM = r"[A-Za-z0-9_:/.-]{1,200}"
GROUP_ELSEWHERE = r"[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]{0,254}[^\s\x00-\x1f\x7f-\x9f])?"
ENDPOINT = rf"{ISSUER}(\?[A-Za-z0-9._~%+=&/:-]*)?"
ROLE = r"[A-Za-z]{1,60}|(https?|urn):[A-Za-z0-9._~:/#-]{1,200}"
SCOPE = r"[\x21\x23-\x5b\x5d-\x7e]{1,200}"
"""RFC 6749, 3.3."""
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def parse_issuer(value: Any) -> str:
    """The URL of an OpenID provider. Without TLS anyone on the way could sign on as anyone: only on this machine."""
    text = as_text(value, "the URL of an OpenID provider", "https://login.example.org")
    if len(text) > 400 or not re.fullmatch(ISSUER, text) or not names_a_host(text):
        raise wrong(f"{shown(text)} is not the URL of an OpenID provider", "try one such as https://login.example.org")
    if text.rstrip("/").endswith("/.well-known/openid-configuration"):
        raise wrong(
            f"{shown(text)} is the provider's description, not the provider",
            f"try {shown(text.rstrip('/').removesuffix('/.well-known/openid-configuration'))}",
        )
    return _encrypted(text)


def parse_endpoint(value: Any) -> str:
    """Where a learning platform answers."""
    text = as_text(value, "a URL of the platform", "https://moodle.example.org/mod/lti/auth.php")
    if len(text) > 400 or not re.fullmatch(ENDPOINT, text) or not names_a_host(text):
        hint = "try one such as https://moodle.example.org/mod/lti/auth.php"
        raise wrong(f"{shown(text)} is not a URL of a platform", hint)
    return _encrypted(text)


def _encrypted(text: str) -> str:
    host = urlsplit(text).netloc.rpartition(":")[0] or urlsplit(text).netloc
    if text.startswith("http://") and host not in LOOPBACK and urlsplit(text).netloc not in LOOPBACK:
        raise wrong(f"{shown(text)} is not encrypted", f"try {shown('https' + text[4:])}")
    return text


def parse_role(value: Any) -> str:
    """A role of LTI 1.3: a word for one in a course, or the whole URI."""
    text = as_text(value, "a role", "Learner")
    if not re.fullmatch(ROLE, text):
        hint = "try one such as Learner"
        raise wrong(f"{shown(text)} is not a role of a learning platform", hint)
    return text


def parse_client_id(value: Any) -> str:
    text = as_text(value, "text", "jupyterhub")
    if not re.fullmatch(CLIENT_ID, text):
        raise wrong(f"{shown(text)} is not a client ID", "try the ID that the provider shows, such as jupyterhub")
    return text


def parse_claim(value: Any) -> str:
    """A claim, or the way to one within others, with dots between (`realm_access.roles`)."""
    text = as_text(value, "the name of a claim", "email")
    if not re.fullmatch(CLAIM, text):
        raise wrong(f"{shown(text)} is not the name of a claim", "try one such as email or realm_access.roles")
    return text


def parse_group_elsewhere(value: Any) -> str:
    """A group's name as the provider says it; unlike those of this machine it may have any letters."""
    text = as_text(value, "the name of a group", "teachers")
    if not re.fullmatch(GROUP_ELSEWHERE, text):
        raise wrong(f"{shown(text)} is not the name of a group", "try the name as the provider says it")
    return text


def parse_scope(value: Any) -> str:
    text = as_text(value, "a scope", "groups")
    if not re.fullmatch(SCOPE, text):
        raise wrong(f"{shown(text)} is not a scope", "try one word for each, such as [openid, profile, email, groups]")
    return text
