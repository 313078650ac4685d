"""A certificate and its key as files: their content, and what is wrong with them. openssl(1) reads them."""

import calendar
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address

from hubinstall.machine.host import Host

SHOW = ("-noout", "-pubkey", "-startdate", "-enddate", "-serial", "-subject", "-issuer", "-ext", "subjectAltName")
BEGIN = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class Certificate:
    """The first certificate in a file. `begins` and `ends` are seconds since the epoch; names are in lower case."""

    names: frozenset[str]
    begins: float
    ends: float
    serial: str
    subject: str
    issuer: str
    public: str
    """The public key as one line of base64."""

    def covers(self, name: str) -> bool:
        """Whether a browser accepts it for `name` (RFC 6125, 6.4.3: a star matches one label)."""
        return bool({name, f"*.{name.partition('.')[2]}"} & self.names)

    @property
    def authority(self) -> str:
        """The name of its issuer, for people."""
        parts = dict(part.split("=", 1) for part in re.split(r"(?<!\\),", self.issuer) if "=" in part)
        return (parts.get("O") or parts.get("CN") or self.issuer).replace("\\", "")


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a pair; `file` is "cert" or "key"."""

    file: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}"


def certificate(host: Host, path: str) -> Certificate | None:
    """The first certificate in the file; None if there is no file, or no certificate in it."""
    if not host.exists(path):
        return None
    return host.once(f"x509 {path}", partial(_read, host, path))


def _read(host: Host, path: str) -> Certificate | None:
    done = host.query(["openssl", "x509", "-in", path, *SHOW, "-nameopt", "RFC2253,-esc_msb,utf8"], check=False)
    fields = dict(re.findall(r"^(notBefore|notAfter|serial|subject|issuer)=(.*)$", done.stdout, re.MULTILINE))
    key = re.search(r"-----BEGIN PUBLIC KEY-----(.*?)-----END", done.stdout, re.DOTALL)
    if not (key and "notAfter" in fields):
        return None
    return Certificate(
        frozenset(name.lower() for name in _alternative_names(done.stdout)),
        _seconds(fields["notBefore"]), _seconds(fields["notAfter"]),
        fields["serial"], fields["subject"], fields["issuer"], "".join(key[1].split()),
    )  # fmt: skip


def _seconds(text: str) -> float:
    """Seconds since the epoch, from a time as openssl prints it."""
    return calendar.timegm(time.strptime(text, "%b %d %H:%M:%S %Y GMT"))


def _alternative_names(text: str) -> set[str]:
    """The names in openssl's listing of a certificate's subjectAltName."""
    found = re.findall(r"(DNS|IP Address):([^,\s]+)", text)
    return {str(ip_address(name)) if kind != "DNS" else name for kind, name in found}


def public_key(host: Host, key: str) -> str:
    """The public key of a private key, as one line of base64; empty if there is no usable key."""
    done = host.query(["openssl", "pkey", "-in", key, "-pubout"], check=False)
    lines = done.stdout.splitlines()
    return "" if done.returncode else "".join(line for line in lines if not line.startswith("-----"))


def troubles(host: Host, cert: str, key: str, names: tuple[str, ...], trust: str) -> list[Trouble]:
    """Why browsers or nginx would reject this pair for some of `names`; `trust`: a file of trusted roots."""
    unreadable = [
        Trouble(which, f"{path} {what}", hint)
        for which, path, what, hint in (("cert", cert, *_unreadable(host, cert)), ("key", key, *_unreadable(host, key)))
        if what
    ]
    found = None if unreadable else certificate(host, cert)
    if unreadable or host.which("openssl") is None:
        return unreadable
    if found is None:
        return [Trouble("cert", f"there is no certificate in {cert}", f"try a file with {BEGIN} in it (PEM)")]
    return [*_of_key(host, key, found), *_of_time(cert, found), *_of_names(cert, found, names),
            *_of_chain(host, cert, found, trust)]  # fmt: skip


def content(host: Host, path: str) -> bytes:
    """The content of an administrator's file; empty if it cannot be read."""
    try:
        return host.read(path) or b""
    except OSError:
        return b""


def _unreadable(host: Host, path: str) -> tuple[str, str]:
    try:
        content = host.read(path)
    except OSError as error:
        return f"cannot be read: {error.strerror}", "try another path"
    if content is None:
        return "does not exist or is not a file", "try the path of an existing file"
    if b"-----BEGIN " not in content:
        return "is not PEM", f"try `openssl x509 -inform DER -in {path} -out NEW`, or `openssl pkey` for a key"
    return "", ""


def _of_key(host: Host, key: str, found: Certificate) -> Iterator[Trouble]:
    if "ENCRYPTED" in host.text(key):
        yield Trouble("key", f"{key} has a passphrase", f"try `openssl pkey -in {key} -out NEW` and use the new file")
    elif not (public := public_key(host, key)):
        yield Trouble("key", f"there is no private key in {key}", "try a file with -----BEGIN PRIVATE KEY----- in it")
    elif public != found.public:
        yield Trouble("key", f"{key} is not the key of the certificate", "try the key with which it was requested")


def _of_time(cert: str, found: Certificate) -> Iterator[Trouble]:
    if found.ends < time.time():
        ended = time.strftime("%Y-%m-%d", time.gmtime(found.ends))
        yield Trouble("cert", f"{cert} expired on {ended}", "try a new one from your certificate authority")
    if found.begins > time.time():
        yield Trouble("cert", f"{cert} is not valid yet", "check that the clock is right: timedatectl")


def _of_names(cert: str, found: Certificate, names: tuple[str, ...]) -> Iterator[Trouble]:
    if missing := [name for name in names if not found.covers(name)]:
        there = ", ".join(sorted(found.names)[:5]) or "no name"
        what = f"{cert} is for {there}, not for {', '.join(missing)}"
        yield Trouble("cert", what, "try a certificate for that name, or another `domain`")


def _of_chain(host: Host, cert: str, found: Certificate, trust: str) -> Iterator[Trouble]:
    """The certificate's issuer must be in the file, be a trusted root, or be the certificate itself."""
    behind = [f"{BEGIN}{block}" for block in host.text(cert).split(BEGIN)[2:]]
    if found.subject == found.issuer:
        return
    # The certificates behind it in the file are trusted here: the question is whether they fit, not whose they are.
    among = ["-trusted", "/dev/stdin"] if behind else ["-CAfile", trust] if host.exists(trust) else []
    argv = ["openssl", "verify", "-partial_chain", "-no_check_time", *among, cert]
    if host.query(argv, input="".join(behind) or None, check=False).returncode:
        yield Trouble(
            "cert", f"{cert} lacks the certificate of its authority ({found.authority}): some browsers would reject it",
            "try the file with the full chain, often called fullchain.pem",
        )  # fmt: skip
