"""How this machine reaches the internet: the variables that programs read, and what they mean as settings.

Only the standard library: bootstrap.py downloads before anything else is installed.
"""

import hashlib
import ipaddress
import os
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hubinstall import layout
from hubinstall.errors import BAD_CONFIGURATION, UserError

PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
PAST = ("NO_PROXY", "no_proxy")
AUTHORITIES = (
    "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS",
)  # fmt: skip
"""OpenSSL's own, that of Python's requests, pip, curl, git and Node."""
PYTHON_INDEX = ("UV_DEFAULT_INDEX", "PIP_INDEX_URL")
"""uv does not read pip's (docs.astral.sh/uv, environment variables)."""
OLD_PYTHON_INDEX = "UV_INDEX_URL"
TRUSTED_INDEX = "PIP_TRUSTED_HOST"
"""pip ignores an index without TLS unless this names it (pip.pypa.io, --trusted-host); uv takes it as it is."""
NODE_REGISTRY = ("npm_config_registry", "NPM_CONFIG_REGISTRY")
LOOPBACK = ("localhost", "127.0.0.1", "127.0.0.0/8", "::1")
MARK = "HUBINSTALL_WAY_OUT"
"""In the environment of dockerd: a digest of the way out that it was started with."""


@dataclass(frozen=True)
class WayOut:
    """Each field is empty if it is not set. `authorities`: the path of a PEM file with everything that is trusted."""

    proxy: str = ""
    past: tuple[str, ...] = ()
    """The names, addresses and networks that are not reached through the proxy."""
    authorities: str = ""
    python_index: str = ""
    node_registry: str = ""

    def variables(self) -> dict[str, str]:
        """In both cases, because programs differ: curl reads only http_proxy, others only the capitals."""
        found = dict.fromkeys(AUTHORITIES, self.authorities)
        if self.python_index.startswith("http://"):
            found[TRUSTED_INDEX] = self.python_index.split("/")[2].rpartition("@")[2]
        found |= dict.fromkeys(PYTHON_INDEX, self.python_index) | dict.fromkeys(NODE_REGISTRY, self.node_registry)
        if self.proxy:
            found |= dict.fromkeys(PROXIES, self.proxy) | dict.fromkeys(PAST, ",".join(past(*self.past)))
        return {name: value for name, value in found.items() if value}


def addresses_of(name: str, rules: str) -> tuple[str, ...]:
    """The addresses of a proxy or mirror. If its name does not resolve now, those in `rules`, the last rules of the
    firewall.
    """
    if not name:
        return ()
    try:
        return (str(ipaddress.ip_address(name)),)
    except ValueError:
        pass
    try:
        found = {str(row[4][0]) for row in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}
    except OSError:
        before = re.search(rf"^# network\.\w+ {re.escape(name)}: (.*)$", rules, re.MULTILINE)
        return tuple(before[1].split()) if before else ()
    return tuple(sorted(found))


def certificates(text: str) -> tuple[str, ...]:
    """The certificates in a PEM file, each once, in one form."""
    found = re.findall(r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]+?)-----END", text)
    bodies = ["".join(body.split()) for body in found]
    lines = [[body[at : at + 64] for at in range(0, len(body), 64)] for body in dict.fromkeys(bodies)]
    return tuple("\n".join(["-----BEGIN CERTIFICATE-----", *body, "-----END CERTIFICATE-----", ""]) for body in lines)


def past(*more: str) -> list[str]:
    """What is never reached through a proxy: loopback, and `more`."""
    return list(dict.fromkeys((*LOOPBACK, *more)))


def meant(shell: Mapping[str, str], *, proxied: bool = False) -> dict[str, tuple[str, str]]:
    """What the usual variables mean as settings: key → (variable, value). `proxied`: there is a proxy in any case.

    The distribution's own trust store is no news.
    """
    store = os.path.realpath(layout.TRUST_STORE)
    wanted = {
        "network.proxy": PROXIES,
        "network.no_proxy": PAST,
        "network.ca_bundle": AUTHORITIES,
        "network.pip_index": (*PYTHON_INDEX, OLD_PYTHON_INDEX),
        "network.npm_registry": NODE_REGISTRY,
    }
    found = {}
    for key, names in wanted.items():
        given = [(name, shell[name].strip()) for name in names if shell.get(name, "").strip()]
        if key == "network.ca_bundle":
            given = [(name, path) for name, path in given if os.path.realpath(path) != store]
        if key.endswith(("pip_index", "npm_registry")):
            given = [(name, url) for name, url in given if url.startswith(("http://", "https://"))]
        if given:
            name, value = given[0]
            found[key] = (name, f"http://{value}" if key == "network.proxy" and "://" not in value else value)
    name, text = found.pop("network.no_proxy", ("", ""))
    words = (re.sub(r"^([^:]+):\d+$", r"\1", word) for word in re.split(r"[\s,]+", text.strip("[]")))
    more = [word for word in words if word and word not in LOOPBACK]
    if more and (proxied or "network.proxy" in found):
        found["network.no_proxy"] = name, ",".join(more)
    return found


def for_first_downloads(flags: Mapping[str, str | None], shell: Mapping[str, str]) -> dict[str, str]:
    """The variables for what is downloaded before config.yaml can be read: from flags (key → value), the shell, or the
    last apply. Raises UserError if the file of authorities is missing.
    """
    set_by_flags = {key: ("", value) for key, value in flags.items() if value}
    found = meant({**saved(), **shell}, proxied="network.proxy" in set_by_flags) | set_by_flags
    given = {key: value for key, (_, value) in found.items()}
    authorities = given.get("network.ca_bundle", "")
    if authorities and not os.path.isfile(authorities):
        hint = "Give --ca-bundle or SSL_CERT_FILE the path of the PEM file of your site's authority."
        raise UserError(f"{authorities} is not a file on this machine", hint, BAD_CONFIGURATION)
    return WayOut(
        proxy=given.get("network.proxy", ""),
        past=tuple(filter(None, re.split(r"[\s,]+", given.get("network.no_proxy", "").strip("[]")))),
        authorities=authorities,
        python_index=given.get("network.pip_index", ""),
        node_registry=given.get("network.npm_registry", ""),
    ).variables()


def saved(path: str = layout.WAY_OUT) -> dict[str, str]:
    """The variables that the last apply has written; none if it has written no such file, or only root may read it."""
    try:
        with open(path, encoding="utf-8") as file:
            return values(file.read())
    except OSError:
        return {}


def values(text: str) -> dict[str, str]:
    """The variables in a file of `as_file`."""
    pairs = [line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#")]
    return {name: value.strip("'") for name, _, value in pairs}


def as_file(variables: Mapping[str, str], authorities: Iterable[str]) -> str:
    """The file for programs that systemd or a shell starts, with a digest of all of it. Values have no quotes in them
    (settings/values/proxies.py).
    """
    lines = [f"{name}='{value}'" for name, value in sorted(variables.items())]
    mark = hashlib.sha256("\n".join([*lines, *authorities]).encode()).hexdigest()
    return "\n".join(["# Written by hubinstall, from `network` in config.yaml.", *lines, f"{MARK}='{mark}'", ""])
