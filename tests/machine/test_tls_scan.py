"""What scanners find of the TLS that nginx speaks: two of the distribution's, inside the machine, at its own address.

The certificate is the self-signed one, whose key is of elliptic curves, and at the end one of the administrator's with
an RSA key: of the suites only those for the kind of key can be seen.
"""

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterable

import httpx
import pytest

from harness import installed
from harness.machine import Machine

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

SUITES = {
    "TLSv1.2": {
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305",
    },
    "TLSv1.3": {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"},
}  # fmt: skip
CURVES = {"x25519", "secp256r1 (NIST P-256)", "secp384r1 (NIST P-384)", "X25519MLKEM768"}
RSA = (
    "openssl req -x509 -newkey rsa:2048 -nodes -keyout /root/rsa.key -out /root/rsa.pem -days 30"
    " -subj /CN={address} -addext subjectAltName=IP:{address}"
)
ALLOWED = {
    "engine_problem": "of the scanner's own openssl",
    "cipher_order": "the client knows which suite is fast for it: Mozilla's intent, all of them are good",
    "cert_chain_of_trust": "self-signed",
    "cert_extlifeSpan": "self-signed for 825 days: 398 are the limit for public authorities (from testssl.sh 3.2 on)",
    "overall_grade": "T, because it is self-signed",
    "cert_revocation": "self-signed: there is nobody who could revoke it",
    "DNS_CAArecord": "the machine is called by its address, and has no record",
    "sessionresumption_ticket": "tells what there is, good or bad; WARN: its client went before the session came",
    "HSTS": "browsers must ignore it where they warn of a self-signed certificate (RFC 6797, 8.1)",
}
"""What testssl.sh may find worse than OK, and why."""


@pytest.fixture(scope="module")
def scanned(installed_machine: Machine) -> Machine:
    """With the two scanners; who is scanned is the machine as it is."""
    machine = installed_machine
    machine.run("apt-get update -q && apt-get install -qy --no-install-recommends sslscan testssl.sh", timeout=600)
    installed.wait_for_login_page(machine)
    return machine


@pytest.fixture(scope="module")
def sslscan(scanned: Machine) -> ET.Element:
    return scan(scanned)


def scan(scanned: Machine) -> ET.Element:
    printed = scanned.run(["sslscan", "--no-colour", "--xml=-", f"{scanned.address}:443"]).out
    found = ET.fromstring(printed).find("ssltest")  # noqa: S314 - printed by the distribution's own program
    assert found is not None, printed
    return found


def offered(scan: ET.Element, what: str) -> Iterable[dict[str, str]]:
    return [element.attrib for element in scan.iter(what)]


def offered_suites(scan: ET.Element) -> set[tuple[str, str]]:
    """Versions and suites."""
    return {(suite["sslversion"], suite["cipher"]) for suite in offered(scan, "cipher")}


def suites(key: str) -> set[tuple[str, str]]:
    """Those of the profile that a server with this kind of key can offer."""
    return {
        (version, suite) for version, suites in SUITES.items() for suite in suites
        if version == "TLSv1.3" or f"-{key}-" in suite
    }  # fmt: skip


def test_only_tls_1_2_and_1_3(sslscan: ET.Element) -> None:
    enabled = {(p["type"], p["version"]): p["enabled"] for p in offered(sslscan, "protocol")}
    assert {protocol for protocol, is_on in enabled.items() if is_on == "1"} == {("tls", "1.2"), ("tls", "1.3")}
    assert {("ssl", "2"), ("ssl", "3"), ("tls", "1.0"), ("tls", "1.1")} <= enabled.keys()


def test_only_the_suites_of_the_profile(sslscan: ET.Element) -> None:
    assert offered_suites(sslscan) == suites("ECDSA")


def test_only_the_curves_of_the_profile(sslscan: ET.Element) -> None:
    groups = {group["name"] for group in offered(sslscan, "group")}
    assert groups <= CURVES
    assert len(groups) >= 3


def test_nothing_old_is_open(sslscan: ET.Element) -> None:
    assert {h["vulnerable"] for h in offered(sslscan, "heartbleed")} == {"0"}
    assert {r["supported"] for r in offered(sslscan, "renegotiation")} == {"0"}


def test_testssl_finds_nothing_worse_than_ok(scanned: Machine) -> None:
    scanned.run("rm -f /root/testssl.json")
    # It waits so many seconds for the header of an answer; its own five are for a machine that is not busy.
    command = "env HEADER_MAXSLEEP=120 testssl --quiet --color 0 --warnings batch --jsonfile /root/testssl.json"
    # Its exit code counts what it found; that is read from its report.
    done = scanned.run([*command.split(), f"https://{scanned.address}/"], check=False, timeout=1200)
    report = json.loads(scanned.read("/root/testssl.json"))
    seen = {finding["id"] for finding in report}
    assert {"TLS1_2", "TLS1_3", "heartbleed", "ROBOT", "cert_chain_of_trust"} <= seen, done
    worse = [f for f in report if f["severity"] not in {"OK", "INFO"} and f["id"] not in ALLOWED]
    assert [f"{f['severity']} {f['id']}: {f['finding']}" for f in worse] == []


@pytest.fixture(scope="module")
def with_rsa(scanned: Machine) -> Machine:
    """The same with a certificate of the administrator's, whose key is of the other kind."""
    scanned.run(RSA.format(address=scanned.address))
    scanned.run("hubinstall config set https.tls '{key: /root/rsa.key, cert: /root/rsa.pem}' --apply", timeout=600)
    return scanned


def test_with_an_rsa_key_there_are_the_other_suites_of_the_profile(with_rsa: Machine) -> None:
    assert offered_suites(scan(with_rsa)) == suites("RSA")


@pytest.mark.parametrize("path", ["/", "/hub/login", "/hub/nothing", "/user/joan/lab", "/user/joan/static/nothing.js"])
def test_with_a_certificate_that_is_not_ours_browsers_are_told_to_insist_on_https(with_rsa: Machine, path: str) -> None:
    answer = httpx.get(f"https://{with_rsa.address}{path}", verify=False, trust_env=False)
    assert answer.headers.get_list("strict-transport-security") == ["max-age=31536000"]
