"""Whether people can sign on at the provider that `auth` names, as far as it can be told without a person."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hubinstall.machine import directory
from hubinstall.machine.facts import Facts
from hubinstall.machine.host import Host
from hubinstall.machine.openid import keys_trouble, provider
from hubinstall.settings.sign_on_classes import OWN

if TYPE_CHECKING:  # pydantic is not installed yet when bootstrap calls
    from hubinstall.settings.auth import Auth
    from hubinstall.settings.model import Settings

Words = tuple[tuple[str, ...], str, str]
"""The key, what is wrong, and what to do."""
ISSUER = ("auth", "oidc", "issuer")
FOR_ANYONE = (
    "accounts.google.com", "login.microsoftonline.com", "gitlab.com", "appleid.apple.com", "www.facebook.com",
    "github", "gitlab", "google", "bitbucket", "globus",
)  # fmt: skip
"""Providers where anyone on the internet can have an account: hosts of issuers, and types."""
LEAST = {"password_file": 8, "admin_password_file": 32}
"""The limits of JupyterHub's own SharedPasswordAuthenticator."""
SECTIONS = {"oidc": "oidc", "ldap": "ldap", "lti": "lti", "shared_password": "shared-password"}
"""Section → its type."""
OPEN = {
    "dummy": ("anyone who reaches this hub logs in under any name, also as an administrator", "try it for tests only"),
    "shared-password": (
        "everybody who knows the password can log in as anybody but the administrators, and sees their files",
        "try it for a workshop only, without anything that is anybody's own",
    ),
}
"""Type → what it means."""


def problems(host: Host, settings: "Settings", facts: Facts) -> Iterator[Words]:
    for key, path in settings.auth.secret_files.items():
        for what, hint in _secret(host, path, LEAST.get(key[-1], 0), words=key[1] == "ldap"):
            yield key, what, hint
    yield from _two_passwords(host, settings)
    issuer = settings.auth.oidc.issuer
    if settings.auth.type == "oidc" and issuer:
        found = provider(host, issuer, facts.authorities)
        if found.is_another(issuer):
            yield ISSUER, f"the provider there calls itself {found.calls_itself}", f"try {found.calls_itself}"


def _two_passwords(host: Host, settings: "Settings") -> Iterator[Words]:
    files = settings.auth.secret_files
    contents = [(host.read(path) or b"").strip() for path in files.values()]
    if len(files) == 2 and contents[0] == contents[1]:
        key = [*files][1]
        yield key, f"{files[key]} has the password of everybody", "try another one for the administrators"


def _secret(host: Host, path: str, least: int, *, words: bool) -> Iterator[tuple[str, str]]:
    """`least`: the number of its characters; `words`: it may have spaces and any letters in it."""
    stat = host.stat(path)
    if stat is None or stat.kind != "file":
        what = f"there is no file {path}" if stat is None else f"{path} is not a regular file"
        yield what, f"try writing the secret there: install -m 600 /dev/stdin {path}"
        return
    if stat.mode[-2:] != "00" or stat.owner != "root":
        what = f"{path} has the mode {stat.mode} and belongs to {stat.owner}: others can read or change it"
        yield what, f"try `chown root {path}; chmod 600 {path}`"
    content = (host.read(path) or b"").strip()
    if not content:
        yield f"{path} is empty", "try writing the secret there, on one line"
    elif words and len(content.splitlines()) != 1:
        yield f"{path} has more than one line", "try only the password, on one line"
    elif len(content) < least:
        yield f"{path} has {len(content)} characters, and needs {least}", "try `openssl rand -base64 33`"
    elif not words and (len(content.split()) != 1 or not content.isascii()):
        yield f"{path} has more in it than one word", "try only the secret, on one line"


def warnings(host: Host, settings: "Settings", facts: Facts) -> Iterator[Words]:
    auth, issuer = settings.auth, settings.auth.oidc.issuer
    yield from _without_effect(auth)
    if auth.type in OPEN:
        yield ("auth", "type"), *OPEN[auth.type]
    if auth.type == "lti" and (trouble := keys_trouble(host, auth.lti.jwks_endpoint or "", facts.authorities)):
        words = f"{trouble}: nobody can sign on until it does; who is signed on stays"
        yield ("auth", "lti", "jwks_endpoint"), words, "try the platform's public keyset URL, or wait until it is back"
    if auth.type == "ldap":
        yield from _directory(host, settings, facts)
    if settings.everyone and auth.type in FOR_ANYONE:
        words = f"lets in everyone who has an account at {auth.type}, and anyone can have one"
        yield ("users", "allow_all"), words, "try false, with names in users.allowed"
    if auth.type != "oidc":
        return
    if issuer and (trouble := provider(host, issuer, facts.authorities).trouble):
        words = f"{trouble}: nobody can sign on until it does; who is signed on stays"
        yield ISSUER, words, "try the URL that the provider gives as its issuer, or wait until it is back"
    if settings.everyone and issuer and urlsplit(issuer).hostname in FOR_ANYONE:
        words = f"lets in everyone who has an account at {urlsplit(issuer).hostname}, and anyone can have one"
        yield ("users", "allow_all"), words, "try false, with names in users.allowed"


def _directory(host: Host, settings: "Settings", facts: Facts) -> Iterator[Words]:
    ldap = settings.auth.ldap
    for key in ("search_base", "search_filter"):
        if ldap.bind_dn_template and getattr(ldap, key):
            yield ("auth", "ldap", key), "has no effect with bind_dn_template", "try leaving one of them out"
    if not ldap.tls:
        yield ("auth", "ldap", "tls"), "sends passwords over the network as they are typed", "try leaving it out"
    if trouble := directory.trouble(host, ldap.server or "", facts.authorities, tls=ldap.tls):
        words = f"{trouble}: nobody can log in until it does; who is logged in stays"
        yield ("auth", "ldap", "server"), words, "try the server's own name, or network.ca_bundle, or wait"


def _without_effect(auth: "Auth") -> Iterator[Words]:
    for name in OWN:
        if getattr(auth, name) and name != auth.class_name:
            yield ("auth", name), f"has no effect: auth.type is {auth.type}", "try another auth.type, or leave it out"
    for name, kind in SECTIONS.items():
        if getattr(auth, name).model_fields_set and auth.type != kind:
            yield ("auth", name), f"has no effect: auth.type is {auth.type}", f"try auth.type: {kind}, or leave it out"
