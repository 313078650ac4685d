"""Certificates of a real authority (pebble): none to be had, the first one, a renewal, an authority that is away.

The tests follow each other on one machine, as its life goes.
"""

from collections.abc import Iterator

import pytest

from harness import clock, installed, pebble
from harness.certificates import CTL, ENDED, NAME, certificate, served, status_of_certificate, timer
from harness.machine import Machine
from harness.nspawn import ProcessManager
from hubinstall.verify.client.hub import HubClient

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

OTHER = "jupyter.example.org"
TRIES = "/var/lib/hubinstall/letsencrypt/tries-*.json"
OWN = "/etc/ssl/private"
DROP_IN = "/etc/hubinstall/nginx.d/nonsense.conf"
PUBLIC = "192.88.99.7"
"""A public address, as far as programs know; nobody's any more (RFC 7526)."""
# The last try was long ago, as far as the notes say.
AN_AGE_AGO = f"""sed -i 's/"at": [0-9.]*/"at": 1.0/' {TRIES}"""
NEW_PAIR = f"""mkdir -p {OWN} && cd {OWN}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 60 -subj /CN={NAME} \
    -addext subjectAltName=DNS:{NAME} -keyout hub.key.new -out hub.pem.new
mv hub.key.new hub.key && mv hub.pem.new hub.pem"""


@pytest.fixture(scope="module")
def site(installed_machine: Machine) -> Iterator[Machine]:
    """A machine that trusts the authority, which is not running; its names are not known yet."""
    machine = installed_machine
    pebble.set_up(machine)
    machine.run(["hubinstall", "config", "set", "https.letsencrypt.server", pebble.SERVER])
    with pebble.names(machine):
        yield machine


def nothing_to_do(machine: Machine) -> str:
    """What apply says then."""
    before = installed.starts(machine)
    done = machine.run(["hubinstall", "apply"])
    assert "nothing changed" in done.out + done.err
    assert installed.starts(machine) == before
    return done.out + done.err


def test_a_name_that_leads_nowhere_falls_back_and_says_why(site: Machine) -> None:
    with pebble.running(site):
        done = site.run(["hubinstall", "apply", "--domain", NAME, "--email", "ops@example.org"])
        said = done.out + done.err
        assert f"{NAME} has no address" in said
        assert "create a DNS record" in said
        installed.wait_for_login_page(site, name=NAME)
        assert "hubinstall" in served(site)["issuer"]
        assert status_of_certificate(site) == "failed"
        assert site.run(["hubinstall", "status"], check=False).code == 3
        loud = f"self-signed, because {pebble.SERVER} issued none: {NAME} has no address"
        looks = [site.run(f"hubinstall {command}", check=False).out for command in ("status", "certificate status")]
        for words in (said, nothing_to_do(site), *looks):
            assert loud in " ".join(words.split())


def test_what_the_authority_itself_says_is_told(site: Machine) -> None:
    with pebble.running(site):
        done = site.run("hubinstall certificate renew --force", check=False)
    assert done.code == 1
    assert "could not resolve" in done.err
    assert "Traceback" not in done.err
    assert "could not resolve" in certificate(site)["last_failure"]


def test_a_wrong_clock_is_said_before_the_authority_is_asked(site: Machine) -> None:
    pebble.tell(site, NAME)
    with pebble.running(site), clock.ahead(site, 2):
        done = site.run("hubinstall certificate renew", check=False)
        asked = site.run(f"grep -c POST {pebble.FOLDER}/log", check=False).out
    assert done.code == 1
    assert "this machine's clock is 48.0 hours ahead" in done.err
    assert asked == "0\n"


def test_an_authority_that_is_away_is_named(site: Machine) -> None:
    done = site.run("hubinstall certificate renew", check=False)
    assert done.code == 1
    assert f"{pebble.SERVER} does not answer" in done.err
    assert "hubinstall" in served(site)["issuer"]


def test_when_it_is_back_the_timer_gets_the_certificate(site: Machine) -> None:
    before = installed.starts(site)
    with pebble.running(site):
        timer(site)
        assert "hubinstall" in served(site)["issuer"], "not within the hour"
        site.run(AN_AGE_AGO)
        timer(site)
    assert "Pebble" in served(site)["issuer"]
    assert installed.starts(site) == before, "nginx is reloaded, and nothing else"
    found = certificate(site)
    assert (found["state"], found["names"], found["last_failure"]) == ("ok", [NAME], "")
    assert status_of_certificate(site) == "ok"
    with site.offline():
        nothing_to_do(site)


def test_a_forced_renewal_changes_what_is_served_and_no_websocket_breaks(site: Machine) -> None:
    before, starts = served(site), installed.starts(site)
    with HubClient(f"https://{NAME}/", address=site.address, verify=False) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        with grace.kernel() as kernel, pebble.running(site):
            kernel.execute("kept = 6 * 7")
            site.run("hubinstall certificate renew --force", timeout=300)
            assert served(site)["serial"] != before["serial"]
            assert "Pebble" in served(site)["issuer"]
            assert kernel.execute("print(kept)") == "42\n", "over the websocket from before"
        grace.stop_server()
    assert installed.starts(site) == starts


def test_what_nginx_does_not_take_keeps_the_old_one(site: Machine) -> None:
    """It is asked before it reads anything again: here something else is wrong with its configuration."""
    before, starts = served(site), installed.starts(site)
    site.write(DROP_IN, "nonsense on;\n")
    with pebble.running(site):
        done = site.run("hubinstall certificate renew --force", check=False, timeout=300)
        assert done.code == 1
        assert 'unknown directive "nonsense"' in done.err
        assert served(site) == before
        installed.wait_for_login_page(site, name=NAME)
        assert status_of_certificate(site) == "warning"
        site.run(["rm", DROP_IN])
        timer(site)
        assert served(site)["serial"] != before["serial"]
    assert "Pebble" in served(site)["issuer"]
    assert installed.starts(site) == starts
    assert status_of_certificate(site) == "ok"
    nothing_to_do(site)


def test_while_the_authority_is_away_the_old_one_stays_and_status_says_so(site: Machine) -> None:
    before = served(site)
    assert site.run("hubinstall certificate renew --force", check=False).code == 1
    assert served(site) == before
    found = certificate(site)
    assert found["state"] == "warning"
    assert "it could not be renewed" in found["message"]
    assert status_of_certificate(site) == "warning"
    nothing_to_do(site)


@pytest.mark.parametrize(
    ("lifetime", "fresh", "due"), [(90, 55, 65), (45, 27, 33), (6, 2, 5)], ids=["90 days", "45 days", "6 days"]
)
def test_what_is_left_of_its_time_decides(site: Machine, lifetime: int, fresh: int, due: int) -> None:
    """A third of it, or half of one of less than ten days; where the authority advises (ARI), by the end of its window.
    Pebble's of Debian 13 advises from the third to the fifth of six days, and certbot draws a moment of them.
    """
    with pebble.running(site, lifetime):
        site.run("hubinstall certificate renew --force", timeout=300)
        before = served(site)
        first = certificate(site)
        assert first["days_left"] == lifetime - 1
        with clock.ahead(site, fresh):
            assert certificate(site)["days_left"] == lifetime - fresh - 1
            timer(site)
            looked = certificate(site)
            assert looked["next_try"] > first["next_try"]
            assert (served(site), looked["last_failure"]) == (before, "")
        with clock.ahead(site, due):
            timer(site)
        assert served(site)["serial"] != before["serial"]
    assert certificate(site)["state"] == "ok"


def test_one_more_name_is_a_new_certificate_for_both(site: Machine) -> None:
    pebble.tell(site, OTHER)
    with pebble.running(site):
        site.run(f"hubinstall config add-item https.letsencrypt.domains {OTHER} --apply", timeout=300)
        assert served(site) == served(site, OTHER)
    assert certificate(site)["names"] == [NAME, OTHER]
    assert certificate(site)["state"] == "ok"


def test_what_renews_runs_and_starts_at_boot(site: Machine) -> None:
    if site.process_manager is ProcessManager.SYSTEMD:
        for question in ("is-active", "is-enabled"):
            site.run(["systemctl", question, "hubinstall-certificates.timer"])
    else:
        assert "RUNNING" in site.run(f"{CTL} status hubinstall-certificates").out


def test_files_that_do_not_fit_are_refused_at_their_place(site: Machine) -> None:
    before = served(site)
    site.run(NEW_PAIR)
    site.run(f"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {OWN}/other.key")
    site.run(f"hubinstall config set https.tls '{{key: {OWN}/other.key, cert: {OWN}/hub.pem}}'")
    done = site.run("hubinstall config set https.mode manual --apply", check=False)
    assert done.code == 78
    assert f"https.tls.key: {OWN}/other.key is not the key of the certificate" in done.err
    assert served(site) == before


def test_the_administrators_own_files_are_served_and_a_change_is_taken_up(site: Machine) -> None:
    site.run(f"hubinstall config set https.tls.key {OWN}/hub.key")
    site.run("hubinstall config set https.mode manual --apply", timeout=300)
    first = served(site)
    assert NAME in first["issuer"]
    site.run(NEW_PAIR)
    if site.process_manager is ProcessManager.PLAIN:
        timer(site)
    ask = f"openssl s_client -connect {site.address}:443 -servername {NAME} </dev/null 2>/dev/null"
    changed = f"{ask} | openssl x509 -noout -serial | grep -qv {first['serial']}"
    site.run(f"for i in $(seq 360); do {changed} && exit; sleep 0.5; done; exit 1")
    if site.process_manager is ProcessManager.SYSTEMD:
        site.run(ENDED)
    nothing_to_do(site)


def test_back_to_the_authority_the_certificate_is_still_there(site: Machine) -> None:
    """Nobody is asked: its server is not running."""
    site.run("hubinstall config set https.mode letsencrypt --apply", timeout=300)
    assert "Pebble" in served(site)["issuer"]


def test_without_an_authority_nothing_of_it_stays_in_use(site: Machine) -> None:
    site.run("hubinstall config unset https --apply", timeout=300)
    assert "hubinstall" in served(site)["issuer"]
    assert not site.exists("/opt/hubinstall/certbot")
    assert not site.exists("/etc/systemd/system/hubinstall-certificates.timer")
    assert installed.plan(site) == []


def test_without_a_name_a_public_address_gets_one(site: Machine) -> None:
    site.run(f"ip address add {PUBLIC}/32 dev host0")
    site.run("hubinstall config unset domain")
    wanted = f"{{mode: letsencrypt, letsencrypt: {{email: ops@example.org, server: '{pebble.SERVER}'}}}}"
    with pebble.running(site):
        site.run(["hubinstall", "config", "set", "https", wanted, "--apply"], timeout=300)
    assert "Pebble" in served(site, "")["issuer"]
    assert (certificate(site)["state"], certificate(site)["names"]) == ("ok", [PUBLIC])
    nothing_to_do(site)
