"""nginx in front: TLS, one location for the whole hub, and nobody else's sites touched."""

from typing import Any

from hubinstall import layout
from hubinstall.facts import Facts
from hubinstall.parts import staticfiles, tls
from hubinstall.releases import number
from hubinstall.resources.base import Resource, ids
from hubinstall.resources.files import File
from hubinstall.resources.unlinked import Unlinked
from hubinstall.settings import Settings
from hubinstall.templating import nginx as nginx_word
from hubinstall.templating import render

CURVES = ("X25519", "prime256v1", "secp384r1")
# The releases from which on OpenSSL is 3.5 or newer, and knows the key exchange that outlasts quantum computers.
OPENSSL_3_5 = {"debian": "13", "ubuntu": "25.10"}
LONGEST_IN_TABLE = 46
SITE = f"file:{layout.NGINX_SITE}"


def nginx(settings: Settings, facts: Facts) -> list[Resource]:
    """The site's files, each tried with all the rest of nginx's configuration before it counts."""
    curves = ("X25519MLKEM768", *CURVES) if has_openssl_3_5(facts) else CURVES
    check = File(
        layout.NGINX_CHECK, render("nginx/check.sh", nginx_dir=layout.NGINX_DIR), mode="0755",
        needs=(f"directory:{layout.LAUNCHERS}", "packages:nginx"),
    )  # fmt: skip
    snippet = File(
        layout.NGINX_TLS, render("nginx/tls.conf", curves=curves),
        check=(layout.NGINX_CHECK, "{}", layout.NGINX_TLS), needs=ids(check),
    )  # fmt: skip
    page = File(layout.STARTING_PAGE, render("nginx/starting.html"), needs=(f"directory:{layout.GENERATED}",))
    wished: list[Resource] = [check, snippet, page]
    if not facts.nginx_keeps_default_site:
        wished.append(
            Unlinked(
                layout.NGINX_DEFAULT_SITE, target=layout.NGINX_DEFAULT_SITE_FILE, program=layout.NGINX_CONF,
                needs=("packages:nginx",),
            )
        )  # fmt: skip
    site = File(
        layout.NGINX_SITE, render("nginx/site.conf", **site_values(settings, facts)),
        check=(layout.NGINX_CHECK, "{}", layout.NGINX_SITE), dropin=layout.NGINX_DROPINS,
        needs=(*ids(*wished), tls.CERTIFICATE, f"directory:{layout.NGINX_DROPINS}"),
    )  # fmt: skip
    return [*wished, site]


def site_values(settings: Settings, facts: Facts) -> dict[str, Any]:
    """What the template of the site names.

    With a domain, other names are refused, but only on ports where nobody else has a site: there a request
    without a known name was the administrator's site's business, and stays it. Without a domain our site is the
    default server, unless the administrator has declared one.
    """
    ports = () if settings.name else tuple(p for p in ("80", "443") if p not in facts.nginx_default_servers)
    version = number(facts.nginx)
    return {
        "domain": settings.name,
        "names": [server_name(name) for name in tls.names(settings, facts)],
        "hostname": tls.machine_name(facts),
        "base_url": settings.base_url,
        "ipv6": any(":" in address for address in facts.addresses),
        "default_80": " default_server" if "80" in ports else "",
        "default_443": " default_server" if "443" in ports else "",
        "catch_all": [p for p in ("80", "443") if p not in facts.nginx_ports] if settings.name else [],
        # `http2 on` came with 1.25.1, and the parameter of listen went on working.
        "tls_listen": "443 ssl" if version >= (1, 26) else "443 ssl http2",
        "http2_directive": version >= (1, 26),
        "tls_snippet": layout.NGINX_TLS,
        "certificate": layout.SELF_SIGNED_CERT,
        "key": layout.SELF_SIGNED_KEY,
        "socket": layout.PROXY_PUBLIC_SOCKET,
        "starting_page": layout.STARTING_PAGE,
        "dropins": layout.NGINX_DROPINS,
        "hsts": False,
        **staticfiles.site_values(facts),
    }


def server_name(name: str) -> str:
    """A name or address as a word of `server_name`.

    nginx finds names in a table whose slots have room for 46 characters (nginx.org, "Optimization" of server names),
    and the directive that makes them larger may stand once: the administrator may need it. Expressions need no slot.
    """
    if len(name) > LONGEST_IN_TABLE:
        return f"~^{name.replace('.', '[.]')}$"
    return nginx_word(f"[{name}]" if ":" in name else name)


def advice(settings: Settings, facts: Facts) -> list[str]:
    """What a person should know about a server of theirs that stays the default one."""
    if settings.name or not facts.nginx_default_servers:
        return []
    ports = " and ".join(facts.nginx_default_servers)
    name = tls.names(settings, facts)[0]
    said = (
        f"another site of nginx is default_server on port {ports} and stays so: the hub answers at https://{name}/ and "
        "at the machine's addresses, but to people who use another name only when it is set as `domain`"
    )
    return [said]


def has_openssl_3_5(facts: Facts) -> bool:
    since = OPENSSL_3_5.get(facts.distribution)
    return since is not None and number(facts.version) >= number(since)
