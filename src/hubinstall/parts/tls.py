"""The certificate under which people reach the hub."""

import re

from hubinstall import layout
from hubinstall.facts import Facts
from hubinstall.resources.base import Resource, ids
from hubinstall.resources.certificates import SelfSignedCertificate
from hubinstall.resources.files import Directory
from hubinstall.settings import Settings

CERTIFICATE = f"{SelfSignedCertificate.kind}:{layout.SELF_SIGNED_CERT}"


def tls(settings: Settings, facts: Facts) -> list[Resource]:
    """What makes and keeps the certificate; nothing where nginx speaks plain http."""
    if settings.tls_mode == "off":
        return []
    folder = Directory(layout.TLS, mode="0700", needs=(f"directory:{layout.STATE}",))
    return [
        folder,
        SelfSignedCertificate(
            layout.SELF_SIGNED_CERT, key=layout.SELF_SIGNED_KEY, names=names(settings, facts),
            needs=(*ids(folder), "packages:base"),
        ),
    ]  # fmt: skip


def names(settings: Settings, facts: Facts) -> tuple[str, ...]:
    """What people call the hub: by its names, or else by the machine's name and each of its addresses."""
    if settings.names:
        return settings.names
    name = machine_name(facts)
    return ((name,) if name else ()) + facts.addresses or ("localhost",)


def machine_name(facts: Facts) -> str:
    """The host name; empty where it is none that DNS could carry (the kernel takes any text)."""
    name = facts.hostname.lower()
    return name if re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", name) else ""
