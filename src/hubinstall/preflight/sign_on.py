"""Whether people can sign on at the provider that `auth` names, as far as it can be told without a person."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hubinstall.machine.facts import Facts
from hubinstall.machine.host import Host
from hubinstall.machine.openid import provider
from hubinstall.settings.sign_on_classes import OWN

if TYPE_CHECKING:  # pydantic is not installed yet when bootstrap calls
    from hubinstall.settings.model import Settings

Words = tuple[tuple[str, ...], str, str]
"""The key, what is wrong, and what to do."""
ISSUER = ("auth", "oidc", "issuer")
FOR_ANYONE = (
    "accounts.google.com", "login.microsoftonline.com", "gitlab.com", "appleid.apple.com", "www.facebook.com",
    "github", "gitlab", "google", "bitbucket", "globus",
)  # fmt: skip
"""Providers where anyone on the internet can have an account: hosts of issuers, and types."""


def problems(host: Host, settings: "Settings", facts: Facts) -> Iterator[Words]:
    if path := settings.auth.secret_file:
        for what, hint in _secret(host, path):
            yield settings.auth.secret_key, what, hint
    issuer = settings.auth.oidc.issuer
    if settings.auth.type == "oidc" and issuer:
        found = provider(host, issuer, facts.authorities)
        if found.is_another(issuer):
            yield ISSUER, f"the provider there calls itself {found.calls_itself}", f"try {found.calls_itself}"


def _secret(host: Host, path: str) -> Iterator[tuple[str, str]]:
    stat = host.stat(path)
    if stat is None or stat.kind != "file":
        what = f"there is no file {path}" if stat is None else f"{path} is not a regular file"
        yield what, f"try writing the provider's secret there: install -m 600 /dev/stdin {path}"
        return
    if stat.mode[-2:] != "00" or stat.owner != "root":
        what = f"{path} has the mode {stat.mode} and belongs to {stat.owner}: others can read or change it"
        yield what, f"try `chown root {path}; chmod 600 {path}`"
    content = (host.read(path) or b"").strip()
    if not content:
        yield f"{path} is empty", "try writing the provider's secret there, on one line"
    elif len(content.split()) != 1 or not content.isascii():
        yield f"{path} has more in it than one word", "try only the secret, on one line"


def warnings(host: Host, settings: "Settings", facts: Facts) -> Iterator[Words]:
    auth, issuer = settings.auth, settings.auth.oidc.issuer
    for name in OWN:
        if getattr(auth, name) and name != auth.class_name:
            yield ("auth", name), f"has no effect: auth.type is {auth.type}", "try another auth.type, or leave it out"
    if auth.oidc.model_fields_set and auth.type != "oidc":
        yield ("auth", "oidc"), f"has no effect: auth.type is {auth.type}", "try auth.type: oidc, or leave it out"
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
