"""A certificate authority with real keys, certbot as a function of it, and the real openssl on a fake host."""

import datetime as dt
import subprocess
import time
from pathlib import PurePosixPath

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fakes.host import FakeHost

DAY = 86400


def openssl(host: FakeHost):
    """The real one, with paths below the fake host's folder."""

    def act(argv, text):
        argv = [str(host.path(w)) if w.startswith("/") and not w.startswith("/dev/") else w for w in argv]
        done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    return act


def _name(common: str) -> x509.Name:
    attributes = [(NameOID.ORGANIZATION_NAME, "Test's Authority")] if "authority" in common else []
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in [*attributes, (NameOID.COMMON_NAME, common)]])


def _pem(thing: x509.Certificate | ec.EllipticCurvePrivateKey, password: bytes = b"") -> str:
    if isinstance(thing, x509.Certificate):
        return thing.public_bytes(serialization.Encoding.PEM).decode()
    hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    pkcs8 = serialization.PrivateFormat.PKCS8
    return thing.private_bytes(serialization.Encoding.PEM, pkcs8, hidden).decode()


class Authority:
    """A root, and the intermediate that signs."""

    def __init__(self) -> None:
        self.root_key, self.key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.root = self._sign("root authority", self.root_key, "root authority", self.root_key, authority=True)
        self.middle = self._sign("authority", self.key, "root authority", self.root_key, authority=True)

    def pair(self, *names: str, begins: float = -1, ends: float = 90, password: bytes = b"") -> tuple[str, str, str]:
        """The certificate, the intermediate's, and the key; `begins` and `ends` in days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._sign(names[0], key, "authority", self.key, names=names, begins=begins, ends=ends)
        return _pem(made), _pem(self.middle), _pem(key, password)

    def put(self, host: FakeHost, cert: str, key: str, *names: str, **fields) -> None:
        leaf, middle, secret = self.pair(*names, **fields)
        host.put(cert, leaf + middle)
        host.put(key, secret)

    def _sign(
        self, subject, key, issuer, issuer_key, *, names=(), authority=False, begins=-1.0, ends=90.0
    ) -> x509.Certificate:  # fmt: skip
        now = dt.datetime.fromtimestamp(int(time.time()), dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + dt.timedelta(days=begins))
            .not_valid_after(now + dt.timedelta(days=ends))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if names:
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
        return made.sign(issuer_key, hashes.SHA256())


class Certbot:
    """What `certbot certonly` does: `refuses` with words, or gives what is not there yet or not for these names."""

    def __init__(self, host: FakeHost, program: str, authority: Authority) -> None:
        self.host, self.authority = host, authority
        self.refuses = ""
        self.due = False
        self.asked: list[list[str]] = []
        self.forgot_accounts = False
        host.answers[program] = self.answer

    def answer(self, argv, _input):
        self.asked.append(argv)
        folder = PurePosixPath(argv[argv.index("--config-dir") + 1]) / "live" / argv[argv.index("--cert-name") + 1]
        names = [argv[n + 1] for n, word in enumerate(argv) if word == "-d"]
        log = f"{argv[argv.index('--logs-dir') + 1]}/letsencrypt.log"
        accounts = f"{folder.parents[1]}/accounts/{argv[argv.index('--server') + 1].removeprefix('https://')}"
        if self.forgot_accounts and self.host.exists(accounts):
            self.host.put(log, "urn:ietf:params:acme:error:accountDoesNotExist :: no such account\n")
            return 1, "An unexpected error occurred:\nAccount 7 not found.\n", ""
        self.host.put(log, "")
        self.host.put(f"{accounts}/1/regr.json", "{}")
        if self.refuses:
            return 1, self.refuses, "Saving debug log to /x\nSome challenges have failed.\n"
        record = f"{folder}/names"
        if "--force-renewal" in argv or self.due or self.host.text(record) != " ".join(names):
            self.authority.put(self.host, f"{folder}/fullchain.pem", f"{folder}/privkey.pem", *names)
            self.host.put(record, " ".join(names))
        return ""
