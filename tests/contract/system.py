"""What the distribution, its kernel and the makers of programs have a hand in."""

import dataclasses
import json
import sys
import time

from contract.case import BASE, Act, Break, Case, runs
from hubinstall import layout
from hubinstall.blueprint.runtimes import locked
from hubinstall.machine.host import Host
from hubinstall.resources.kernel import FirewallTable, KernelSetting
from hubinstall.resources.packages.apt import Packages, statuses
from hubinstall.resources.packages.virtualenv import NodeModules, Virtualenv
from hubinstall.resources.tls.acme import AcmeCertificate
from hubinstall.resources.tls.attempts import Try
from hubinstall.resources.tls.authorities import Authorities
from hubinstall.resources.tls.self_signed import SelfSignedCertificate
from hubinstall.resources.tls.served import Pair, ServedCertificate

SMALL = ("hello", "tree")
"""Packages that no machine has from the beginning, and that need nothing else."""
TABLE = "contract"
RULES = f"""table inet {TABLE}
delete table inet {TABLE}
table inet {TABLE} {{
    chain nothing {{
        ip daddr 10.97.1.1 drop
    }}
}}
"""
AUTHORITY = """-----BEGIN CERTIFICATE-----
MIIBjDCCATOgAwIBAgIUNP2/uToG8lvnciKJaeNgQ7e46OwwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIY29udHJhY3QwIBcNMjYxMTI5MDcwNjM4WhgPMjEyNjExMDUw
NzA2MzhaMBMxETAPBgNVBAMMCGNvbnRyYWN0MFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEshhu5GLd1eTL/R2TETlGeDECB12/8eqcQdjfUle07m/bBX1Qd3SAFQ5j
ugeT3piMeZcKRFY50Ryauio2Sm4keKNjMGEwHQYDVR0OBBYEFIMp1CEhbZ8lb4vX
EgQwYfO+1LtPMB8GA1UdIwQYMBaAFIMp1CEhbZ8lb4vXEgQwYfO+1LtPMA8GA1Ud
EwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMAoGCCqGSM49BAMCA0cAMEQCIA1h
xFgT/2tQ6Yk4W/4oIiq3oIA4IRFbC7+LeuXSmzGDAiBlPXWr6tmpcUlufTHvHBZI
AYRAPwzVRHEe7GtQqMJioQ==
-----END CERTIFICATE-----
"""
SETTING = "net.ipv4.conf.lo.log_martians"


def packages() -> Case:
    return Case(
        Packages("contract", SMALL),
        tuple(Break(name, runs("dpkg", "--remove", name)) for name in SMALL),
        lambda host: all(statuses(host).get(name) == "installed" for name in SMALL),
        stays="others may have come to need them",
    )


def authorities() -> Case:
    wish = Authorities(layout.MORE_AUTHORITIES, (AUTHORITY,))
    twice = Break(
        "certificates", lambda host: host.write(f"{wish.name}/hubinstall-more.crt", AUTHORITY.encode())
    )  # fmt: skip

    def forgotten(host: Host) -> None:
        host.write(layout.TRUST_STORE, host.text(layout.TRUST_STORE).replace(AUTHORITY, "").encode())

    return Case(
        wish, (twice, Break("trusted", forgotten)), lambda host: AUTHORITY in host.text(layout.TRUST_STORE)
    )  # fmt: skip


def certificate() -> Case:
    wish = SelfSignedCertificate(f"{BASE}/tls.crt", key=f"{BASE}/tls.key", names=("contract.example", "10.1.2.3"))

    def signed(names: str, days: str) -> Act:
        """Another certificate for the same key."""
        options = ["-subj", "/CN=contract", "-addext", f"subjectAltName={names}", "-days", days]
        return lambda host: host.run(
            ["openssl", "req", "-x509", "-new", "-key", wish.key, *options, "-out", wish.name]
        )  # fmt: skip

    ours = "DNS:contract.example,IP:10.1.2.3"
    new_key = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", wish.key]
    return Case(
        wish,
        (
            Break("names", signed("DNS:other.example", "400")),
            Break("valid for 30 days", signed(ours, "20")),
            Break("key", lambda host: host.write(wish.key, host.read(wish.key) or b"", mode="0640")),
            Break("matches", lambda host: host.run(new_key)),
        ),
        lambda host: host.exists(wish.name) or host.exists(wish.key),
        unbreakable={"valid now": "`openssl req` makes none that begins later; test_tls and test_faults move a clock"},
    )


def made_pair(cert: str, key: str, names: str = "DNS:contract.example") -> Act:
    """A key and a self-signed certificate for it."""
    options = ["-subj", "/CN=contract", "-addext", f"subjectAltName={names}", "-days", "90"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key]
    return lambda host: host.run(["openssl", "req", "-x509", *kind, *options, "-out", cert])


def served_certificate() -> Case:
    pair = Pair(f"{BASE}/mine.crt", f"{BASE}/mine.key", ("contract.example",))
    wish = ServedCertificate(f"{BASE}/served", (pair,))

    def readable(host: Host) -> None:
        """The key of the copy that is served, with its content."""
        key = f"{wish.name}/privkey.pem"
        host.write(key, host.read(key) or b"", mode="0640")

    return Case(
        wish,
        (Break("pair", made_pair(pair.cert, pair.key)), Break("files", readable)),
        lambda host: host.exists(wish.name),
        before=made_pair(pair.cert, pair.key),
    )


def acme_certificate() -> Case:
    """Of a certbot that gives its certificates itself: the real one, and a real authority, have a test of their own."""
    wish = AcmeCertificate(
        f"{BASE}/acme/config/live/contract", names=("contract.example",), server="https://ca.contract.example/dir",
        program=f"{BASE}/certbot", logs=f"{BASE}/acme/logs", check=lambda *_: [],
    )  # fmt: skip

    def certbot(host: Host) -> None:
        for folder in ("/acme", "/acme/config", "/acme/config/live", "/acme/config/live/contract"):
            host.mkdir(BASE + folder)
        script = (
            "#!/bin/sh\nexec openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=contract "
            f"-addext subjectAltName=DNS:contract.example -days 90 -keyout {wish.key} -out {wish.cert}\n"
        )
        host.write(f"{BASE}/certbot", script.encode(), mode="0755")

    def lost(host: Host) -> None:
        """And the try that is noted was two hours ago."""
        host.remove(wish.cert)
        try_ = Try(time.time() - 7200, wish.names, wish.server, words="refused")
        host.write(wish.tries, json.dumps(dataclasses.asdict(try_)).encode())

    others = made_pair(wish.cert, wish.key, "DNS:other.example")
    return Case(
        wish,
        (
            Break("names", others, also=("asked",), why="a certificate for other names was not asked for these"),
            Break("asked", lost),
        ),
        lambda host: host.exists(wish.cert),
        before=certbot,
        stays="an authority gives few a week",
    )


def firewall_table() -> Case:
    wish = FirewallTable(
        TABLE, loaded=f"{BASE}/nft-loaded", path=f"{BASE}/contract.nft", rules=RULES, families=("inet",)
    )

    def older(host: Host) -> None:
        record = json.loads(host.text(wish.loaded))
        host.write(wish.loaded, json.dumps(record | {"rules": "of another version"}).encode())

    more = ["nft", "add", "rule", "inet", TABLE, "nothing", "ip", "daddr", "10.97.1.2", "drop"]
    return Case(
        wish,
        (Break("rules", older), Break("as loaded", lambda host: host.run(more))),
        lambda host: host.run(["nft", "list", "table", "inet", TABLE], check=False).returncode == 0,
        before=lambda host: host.write(wish.path, RULES.encode()),
    )


def kernel_setting() -> Case:
    wish = KernelSetting(SETTING, value="1", module="none")
    return Case(
        wish,
        (Break("value", lambda host: host.run(["tee", wish.path], input="0\n")),),
        lambda host: host.text(wish.path).strip() == "1",
        never_absent="a setting is absent only where its module is, and a test machine has no modules to load",
        stays="others may count on it by now",
    )


def virtualenv() -> Case:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    wish = Virtualenv(
        f"{BASE}/venv-1", lockfile=locked("supervisor.txt"), uv=layout.UV, python_version=version, cache=f"{BASE}/uv"
    )
    broken = Break("complete", lambda host: host.remove_tree(f"{wish.name}/{wish.site_packages}/supervisor"))
    left = Break("uv's lock", lambda host: host.write(wish.uvs_lock, b""))
    return Case(wish, (broken, left), lambda host: host.exists(wish.name))


def node_modules() -> Case:
    """One package of the proxy's own lock file that needs no other."""
    everything = json.loads(locked("proxy/package-lock.json"))["packages"]
    path, entry = next(
        (path, entry) for path, entry in everything.items() if path and "@" not in path and "dependencies" not in entry
    )
    name = path.removeprefix("node_modules/")
    package = {"name": "contract", "version": "1.0.0", "dependencies": {name: entry["version"]}}
    lock = package | {"lockfileVersion": 3, "requires": True, "packages": {"": package, path: entry}}
    wish = NodeModules(
        f"{BASE}/modules-1", package=json.dumps(package), package_lock=json.dumps(lock), node=layout.NODE
    )

    def lost(host: Host) -> None:
        host.remove_tree(f"{wish.name}/{path}")

    return Case(wish, (Break("complete", lost),), lambda host: host.exists(wish.name))
