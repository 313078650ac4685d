"""The self-signed certificate that a machine makes for itself."""

import time
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address
from typing import ClassVar

from hubinstall.machine.host import Host
from hubinstall.resources.base import KEPT, Change, State
from hubinstall.resources.tls.x509 import certificate, public_key

# Apple's systems refuse certificates that are valid for longer, imported ones too (support.apple.com/HT210176).
DAYS = 825
RENEW_BEFORE = 30 * 86400
# The DER of every public key on P-256 begins with this, in base64 (RFC 5480: id-ecPublicKey, prime256v1, 66 bytes).
P256 = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"

REQUEST = """[req]
distinguished_name = subject
x509_extensions = extensions
prompt = no
[subject]
O = hubinstall
CN = {common_name}
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""


@dataclass(frozen=True)
class SelfSignedCertificate:
    """A P-256 key and a certificate for `names` (DNS names and addresses), valid for DAYS days.

    A certificate is always made for the existing key and put in place by one rename, so no kill leaves a pair that does
    not match. It is replaced if it expires within 30 days, if it is not valid yet (the clock was ahead), or if it lacks
    a name and also has one that is no longer ours: a mere additional address does not replace a certificate that people
    have accepted in their browsers.
    """

    kind: ClassVar[str] = "self-signed-certificate"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    """The path of the certificate."""
    key: str = field(default="", metadata=KEPT)
    names: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        valid = {"valid now": True, "valid for 30 days": True}
        return {"names": sorted(self.names), "key": "P-256 0600 root", "matches": True, **valid}

    def actual(self, host: Host) -> State | None:
        stat = host.stat(self.key)
        if host.stat(self.name) is None:
            return None
        host.ahead(partial(self._public, host))
        cert, public = certificate(host, self.name), self._public(host)
        found, wanted = cert.names if cert else frozenset(), {name.lower() for name in self.names}
        # An address more is no reason to make browsers warn again; a name more is, since people were told of it.
        named = {name for name in wanted - found if not is_address(name)}
        outdated = named or (wanted - found and found - wanted)
        return {
            "names": sorted(found if outdated or not found else self.names),
            "key": f"{_key_type(public)} {stat.mode} {stat.owner}" if stat else "absent",
            "matches": bool(public) and cert is not None and cert.public == public,
            "valid now": cert is not None and cert.begins <= time.time(),
            "valid for 30 days": cert is not None and cert.ends > time.time() + RENEW_BEFORE,
        }

    def apply(self, host: Host, change: Change) -> None:  # noqa: ARG002
        if _key_type(public_key(host, self.key)) != "P-256":
            unfinished = f"{self.key}.unfinished"
            host.write(unfinished, b"", mode="0600")
            curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
            host.run(["openssl", "genpkey", *curve, "-out", unfinished])
            host.rename(unfinished, self.key)
        key = host.stat(self.key)
        if key and (key.mode, key.owner) != ("0600", "root"):
            host.write(self.key, host.read(self.key) or b"", mode="0600")
        host.write(self.name, self._certificate(host).encode(), mode="0644")

    def remove(self, host: Host) -> None:
        host.remove(self.name)
        host.remove(self.key)

    def _public(self, host: Host) -> str:
        return host.once(f"public key of {self.key}", partial(public_key, host, self.key))

    def _certificate(self, host: Host) -> str:
        names = sorted(self.names)
        alternative = ",".join(f"IP:{n}" if is_address(n) else f"DNS:{n}" for n in names)
        # X.520 limits a common name to 64 characters; browsers only use the alternative names.
        request = REQUEST.format(common_name=self.names[0][:64], names=alternative)
        argv = ["openssl", "req", "-x509", "-new", "-key", self.key, "-sha256", "-days", str(DAYS)]
        return host.run([*argv, "-config", "/dev/stdin"], input=request).stdout


def _key_type(public: str) -> str:
    return "P-256" if public.startswith(P256) else "unusable"


def is_address(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False
