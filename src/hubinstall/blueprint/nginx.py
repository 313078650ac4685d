"""nginx in front of the hub: TLS and one location for the whole hub. Other people's sites are not touched."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from hubinstall import layout
from hubinstall.blueprint import static_files, tls, urls
from hubinstall.blueprint.packages import NGINX_PACKAGES
from hubinstall.blueprint.templating import nginx as nginx_word
from hubinstall.blueprint.templating import render
from hubinstall.machine.facts import Facts
from hubinstall.machine.releases import number
from hubinstall.resources.base import Resource, id_of, ids
from hubinstall.resources.files.file import Directory, File
from hubinstall.resources.files.nginx_minimums import NginxMinimums
from hubinstall.resources.files.unlinked import Unlinked
from hubinstall.settings.model import Settings

CIPHERS = tuple(
    f"ECDHE-{key}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for key in ("ECDSA", "RSA")
)
"""The ciphers of TLS 1.2, in OpenSSL's names: Mozilla's "intermediate" profile."""
CURVES = ("X25519", "prime256v1", "secp384r1")
# The first releases with OpenSSL 3.5 or later, which has a key exchange that resists quantum computers.
OPENSSL_3_5 = {"debian": "13", "ubuntu": "25.10"}
CONNECTIONS, OPEN_FILES = 16384, 20000
"""Connections of one worker of nginx, and its open files. 100 people with 20 websockets each are 4000 connections, as
each has one with the proxy, too; and all may be one worker's. (Not more
files than that needs: a container that may not raise its own limit would get none of them.)
"""
MOST_OF_ONE = 4096
"""Connections and requests at a time from one address: all of those people may be behind one router."""
MOST_OF_ONE_HUB = 1024
"""Requests to the hub among them: pages of a class that logs in together, and the progress of starting servers."""
LONGEST_IN_TABLE = 46
SEEN = {"host": "$host$hubinstall_port", "port": "$server_port", "scheme": "$scheme"}
SEEN_BY_US = {"tls": SEEN | {"cookies": "secure"}, "plain": SEEN | {"cookies": ""}}
SAID_BY_FRONT = {
    "host": "$hubinstall_said_host",
    "port": "$hubinstall_said_port",
    "scheme": "$hubinstall_scheme",
    "cookies": "$hubinstall_cookies",
}
"""Where the hub gets a request's host, port and scheme from, and the flag of its cookies, as nginx expressions."""


def nginx(settings: Settings, facts: Facts) -> list[Resource]:
    """The files of the site. Each is tested together with the rest of nginx's configuration before it takes effect.
    The test copies the whole folder, so they are changed one after the other.
    """
    curves = ("X25519MLKEM768", *CURVES) if has_openssl_3_5(facts) else CURVES
    check = File(
        layout.NGINX_CHECK, render("nginx/check.sh", nginx_dir=layout.NGINX_DIR), mode="0755",
        needs=(id_of(Directory, layout.LAUNCHERS), NGINX_PACKAGES),
    )  # fmt: skip
    page = File(layout.STARTING_PAGE, render("nginx/starting.html"), needs=(id_of(Directory, layout.GENERATED),))
    default: list[Resource] = []
    if not facts.nginx_keeps_default_site:  # first: a default server beside ours would fail every test
        default.append(
            Unlinked(
                layout.NGINX_DEFAULT_SITE, target=layout.NGINX_DEFAULT_SITE_FILE, program=layout.NGINX_CONF,
                needs=(NGINX_PACKAGES,),
            )
        )  # fmt: skip
    numbers = NginxMinimums(
        layout.NGINX_CONF, {"worker_connections": CONNECTIONS, "worker_rlimit_nofile": OPEN_FILES},
        before=layout.NGINX_CONF_BEFORE, pid_file=layout.NGINX_PID, check=(layout.NGINX_CHECK, "{}", layout.NGINX_CONF),
        needs=ids(check, *default, id_of(Directory, layout.STATE)),
    )  # fmt: skip
    parts: list[Resource] = [check, page, *default, numbers]
    if urls.has_tls(settings):
        parts.append(
            File(
                layout.NGINX_TLS, render("nginx/tls.conf", ciphers=CIPHERS, curves=curves),
                check=(layout.NGINX_CHECK, "{}", layout.NGINX_TLS), needs=ids(numbers),
            )
        )  # fmt: skip
    certificate = (tls.CERTIFICATE,) if urls.has_tls(settings) else ()
    site = File(
        layout.NGINX_SITE, render("nginx/site.conf", **site_values(settings, facts)),
        check=(layout.NGINX_CHECK, "{}", layout.NGINX_SITE), dropin=layout.NGINX_DROPINS,
        needs=ids(*parts, *certificate, id_of(Directory, layout.NGINX_DROPINS)),
    )  # fmt: skip
    return [*parts, site]


def site_values(settings: Settings, facts: Facts) -> dict[str, Any]:
    """The values for the template of the site."""
    version = number(facts.nginx)
    # `http2 on` was added in 1.25.1, and the parameter of listen still works there.
    http2_directive = version >= (1, 26)
    names = urls.served_names(settings, facts)
    over_tls = urls.has_tls(settings)
    trusted = settings.http.trusted_proxies
    return {
        **listening(settings, facts, "ssl" if http2_directive else "ssl http2"),
        "tls": over_tls,
        "domain": settings.name,
        "names": [server_name(name) for name in names],
        "known": names,
        "subdomains": bool(settings.wildcard),
        "hostname": urls.machine_name(facts),
        "base_url": settings.base_url,
        "entrance": settings.http.entrance,
        "max_upload": size(settings.http.max_upload),
        "most_of_one": MOST_OF_ONE,
        "most_of_one_hub": MOST_OF_ONE_HUB,
        "most_for_hub": size(layout.MOST_FOR_HUB),
        "trusted": trusted,
        "said": SAID_BY_FRONT if trusted else SEEN_BY_US["tls" if over_tls else "plain"],
        "http2_directive": http2_directive,
        "hsts": tls.is_for_good(settings),
        "acme": settings.tls_mode == "letsencrypt",
        "acme_webroot": layout.ACME_WEBROOT,
        "tls_snippet": layout.NGINX_TLS,
        "certificate": layout.SERVED_CERT,
        "key": layout.SERVED_KEY,
        "socket": layout.PROXY_PUBLIC_SOCKET,
        "no_pages": layout.NO_PAGES,
        "starting_page": layout.STARTING_PAGE,
        "dropins": layout.NGINX_DROPINS,
        **static_files.site_values(facts),
    }


def listening(settings: Settings, facts: Facts, tls_words: str) -> dict[str, Any]:
    """The parameters of `listen`: for the hub's server, the one that redirects to https, and those that refuse.

    With a domain, other names are refused, but only on ports without another site: where the administrator has a site,
    it got the requests for unknown names before, and still gets them. Without a domain our site is the default server,
    unless the administrator has declared one. Behind another web server, that server may say the name in a header: our
    server checks it there, and therefore is the default server.
    """
    ipv6 = any(":" in address for address in facts.addresses)
    ports = (urls.HTTPS, urls.HTTP) if urls.has_tls(settings) else (settings.http.port,)

    def listens(port: int, *options: str) -> list[str]:
        address = settings.http.address
        if address:
            where = [f"[{address}]:{port}" if ":" in address else f"{address}:{port}"]
        else:
            where = [str(port), f"[::]:{port}"] if ipv6 else [str(port)]
        words = (tls_words,) if urls.has_tls(settings) and port == urls.HTTPS else ()
        return [" ".join((each, *words, *options)) for each in where]

    def ours(port: int) -> list[str]:
        if settings.name and not settings.http.trusted_proxies:
            return listens(port)
        taken = facts.nginx_ports if settings.name else facts.nginx_default_servers
        return listens(port) if str(port) in taken else listens(port, "default_server")

    refusing = [p for p in sorted(ports) if str(p) not in facts.nginx_ports]
    if not settings.name or settings.http.trusted_proxies:
        refusing = []
    return {
        "listens": ours(ports[0]),
        "plain_listens": ours(ports[-1]),
        "catch_all": [{"listens": listens(p, "default_server"), "tls": p == urls.HTTPS} for p in refusing],
    }


def size(number_of_bytes: int) -> str:
    """A number of bytes in nginx's largest exact unit (nginx.org, "Configuration file measurement units")."""
    for unit, factor in (("g", 1 << 30), ("m", 1 << 20), ("k", 1 << 10)):
        if number_of_bytes % factor == 0:
            return f"{number_of_bytes // factor}{unit}"
    return str(number_of_bytes)


def server_name(name: str) -> str:
    """A name or address as an argument of `server_name`.

    nginx looks names up in a hash table whose buckets hold 46 characters (nginx.org, "Optimization" of server names).
    The directive for larger buckets may appear only once, and the administrator may need it. Regular expressions are
    not in the table.
    """
    if len(name) > LONGEST_IN_TABLE:
        return f"~^{name.replace('.', '[.]').replace('*', '.+')}$"
    return nginx_word(f"[{name}]" if ":" in name else name)


def advice(settings: Settings, facts: Facts) -> list[str]:
    """What an administrator should know about how people reach the hub."""
    return [*_of_default_servers(settings, facts), *_of_plain_http(settings)]


def _of_default_servers(settings: Settings, facts: Facts) -> Iterator[str]:
    """If a server of the administrator stays the default server."""
    ours = (urls.HTTPS, urls.HTTP) if urls.has_tls(settings) else (settings.http.port,)
    theirs = [port for port in facts.nginx_default_servers if int(port) in ours]
    if theirs and not settings.name:
        first_name = urls.certificate_names(settings, facts)[0]
        yield (
            f"another nginx site is default_server on port {' and '.join(theirs)} and stays so: the hub is at "
            f"{urls.url(settings, first_name)} and at the machine's addresses; any other name leads to it only if "
            "you set it as `domain`"
        )


def _of_plain_http(settings: Settings) -> Iterator[str]:
    if urls.has_tls(settings):
        return
    behind, address = settings.http.trusted_proxies, settings.http.address
    if behind and not settings.name:
        yield "`domain` is not set: the hub accepts any name that the web server in front passes on"
    if not behind and not (address and ip_address(address).is_loopback):
        yield (
            "https.mode is off: anyone on the network between people and this machine can read their passwords and "
            "all their work; put a web server with TLS in front (http.trusted_proxies), or choose another mode"
        )


def has_openssl_3_5(facts: Facts) -> bool:
    since = OPENSSL_3_5.get(facts.distribution)
    return since is not None and number(facts.version) >= number(since)
