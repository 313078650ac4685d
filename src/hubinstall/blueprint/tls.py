"""The hub's certificate: what nginx serves, and where it comes from."""

import hashlib
from ipaddress import ip_address

from hubinstall import layout
from hubinstall.blueprint.packages import BASE_PACKAGES
from hubinstall.blueprint.runtimes import virtualenv
from hubinstall.blueprint.urls import served_names
from hubinstall.machine.facts import Facts
from hubinstall.resources.base import Resource, id_of, ids
from hubinstall.resources.files.file import Directory, Link
from hubinstall.resources.packages.virtualenv import TRUST_STORE
from hubinstall.resources.services.service import Service
from hubinstall.resources.tls.acme import AcmeCertificate
from hubinstall.resources.tls.self_signed import SelfSignedCertificate
from hubinstall.resources.tls.served import CERT, KEY, Pair, ServedCertificate
from hubinstall.resources.tls.webroot import Place
from hubinstall.settings.model import Settings

CERTIFICATE = id_of(ServedCertificate, layout.SERVED)
LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"


def tls(settings: Settings, facts: Facts) -> list[Resource]:
    """What must exist before nginx starts: a pair that it can serve, even if an authority refuses to issue one later.

    Nothing if nginx serves plain http.
    """
    if settings.tls_mode == "off":
        return []
    folder = Directory(layout.TLS, mode="0700", needs=(id_of(Directory, layout.STATE),))
    if settings.tls_mode == "manual":
        mine = Pair(settings.https.tls.cert or "", settings.https.tls.key or "", settings.names + settings.wildcard)
        return [
            folder,
            ServedCertificate(layout.SERVED, (mine,), TRUST_STORE, needs=ids(folder, BASE_PACKAGES)),
        ]
    own = SelfSignedCertificate(
        layout.SELF_SIGNED_CERT, key=layout.SELF_SIGNED_KEY, names=served_names(settings, facts),
        needs=ids(folder, BASE_PACKAGES),
    )  # fmt: skip
    pairs = [Pair(layout.SELF_SIGNED_CERT, layout.SELF_SIGNED_KEY)]
    if settings.tls_mode == "letsencrypt" and (given := asked_for(settings, facts)):
        live = live_folder(settings)
        pairs.insert(0, Pair(f"{live}/{CERT}", f"{live}/{KEY}", given[:1]))
    return [folder, own, ServedCertificate(layout.SERVED, tuple(pairs), TRUST_STORE, needs=ids(own))]


def watched(settings: Settings) -> tuple[str, ...]:
    """The files that nginx must read again when they change. If it serves a copy, the original is in the list too, so
    that a plan names nginx.
    """
    sources = {"off": (), "self-signed": (layout.SERVED_CERT, layout.SELF_SIGNED_CERT)}
    return sources.get(settings.tls_mode, (layout.SERVED_CERT,))


def authority(settings: Settings, facts: Facts, serving: list[Resource]) -> list[Resource]:
    """What is needed once nginx answers: certbot, and the certificate that it requests. `serving`: see contents.py."""
    wanted = asked_for(settings, facts)
    if settings.tls_mode != "letsencrypt" or not wanted:
        return []
    certbot, path = virtualenv("certbot", facts)
    state = id_of(Directory, layout.STATE)
    folders = [
        Directory(layout.ACME, mode="0700", needs=(state,)),
        Directory(layout.ACME_WEBROOT, whole=True, needs=(state,)),
    ]
    link = Link(layout.CERTBOT_VENV, path, needs=ids(certbot))
    unsettles = ids(*(r for r in serving if isinstance(r, ServedCertificate | Service)))
    certificate = AcmeCertificate(
        live_folder(settings), names=wanted, server=server(settings), email=settings.https.letsencrypt.email or "",
        program=layout.CERTBOT, logs=layout.ACME_LOGS,
        place=Place(facts.addresses, layout.ACME_WEBROOT, TRUST_STORE),
        unsettles=unsettles, needs=(*ids(link, *folders), *unsettles),
    )  # fmt: skip
    return [certbot, link, *folders, certificate]


def asked_for(settings: Settings, facts: Facts) -> tuple[str, ...]:
    """What an authority is asked to certify: the names, or if there are none, the machine's public addresses."""
    return settings.names or tuple(a for a in facts.addresses if ip_address(a).is_global)


def server(settings: Settings) -> str:
    """The URL of the ACME directory."""
    return settings.https.letsencrypt.server or (STAGING if settings.https.letsencrypt.staging else LETS_ENCRYPT)


def is_for_good(settings: Settings) -> bool:
    """Whether to tell browsers to insist on https (HSTS). They ignore it for a certificate that they do not trust."""
    return settings.tls_mode == "manual" or (
        settings.tls_mode == "letsencrypt" and not settings.https.letsencrypt.staging
    )


def live_folder(settings: Settings) -> str:
    """Certbot's directory with the current pair. Each ACME server has its own, so that the real certificate is kept
    while somebody tries staging.
    """
    return f"{layout.ACME_CONFIG}/live/hub-{hashlib.sha256(server(settings).encode()).hexdigest()[:8]}"
