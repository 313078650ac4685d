"""A certificate by ACME: asked for once, never too often, and no failure of an authority fails a run."""

import dataclasses
import os
import signal
import time

import pytest

from fakes.authority import Authority, Certbot, openssl
from fakes.host import FakeHost, seen
from fakes.resources import Silent
from hubinstall.engine.ledger import Ledger
from hubinstall.engine.run import Run
from hubinstall.errors import CommandError
from hubinstall.machine.crash_points import KillPoints
from hubinstall.resources.base import Change, ids
from hubinstall.resources.tls import certbot
from hubinstall.resources.tls.acme import AcmeCertificate
from hubinstall.resources.tls.attempts import HOUR, Try, last_try, note
from hubinstall.resources.tls.served import Pair, ServedCertificate
from hubinstall.resources.tls.webroot import Place

SERVER = "https://ca.example.org/dir"
LIVE = "/srv/acme/config/live/hub"
TRIES = "/srv/acme/tries-hub.json"
NAMES = ("hub.example.org", "jupyter.example.org")
ASKED, SERVED = "acme-certificate", "served-certificate"
NOW = 1_800_000_000.0
REFUSED = """Requesting a certificate for hub.example.org

Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported these problems:
  Identifier: hub.example.org
  Type:   dns
  Detail: DNS problem: NXDOMAIN looking up A for hub.example.org

Hint: The Certificate Authority failed to download the temporary challenge files created by Certbot. Ensure …
"""
NO_ANSWER = """An unexpected error occurred:
requests.exceptions.ConnectionError: HTTPSConnectionPool(host='localhost', port=24000): Max retries exceeded with url: \
/dir (Caused by NewConnectionError("HTTPSConnection(host='localhost', port=24000): Failed to establish a new connection\
: [Errno 111] Connection refused"))
Ask for help or search for solutions at https://community.letsencrypt.org. See the logfile …
"""


class Site:
    """A machine with certbot, an authority that is told what to answer, and a clock that is told the time."""

    def __init__(self, tmp_path, authority: Authority, monkeypatch) -> None:
        self.host = host = FakeHost(tmp_path)
        host.answers["openssl"] = openssl(host)
        for folder in ("/srv/acme", "/srv/tls"):
            host.path(folder).mkdir()
        authority.put(host, "/srv/own.crt", "/srv/own.key", "own")
        self.serving.apply(host, Change(self.serving, None, self.serving.desired()))  # an apply serves before it asks
        self.certbot = Certbot(host, "/opt/certbot", authority)
        self.against: list[str] = []
        self.checks = 0
        self.at = 0.0
        real = time.time()
        monkeypatch.setattr("hubinstall.resources.tls.acme.time.time", lambda: real + self.at)

    serving = ServedCertificate(
        "/srv/tls/served", (Pair(f"{LIVE}/fullchain.pem", f"{LIVE}/privkey.pem"), Pair("/srv/own.crt", "/srv/own.key"))
    )

    def wish(self, *names: str, server: str = SERVER) -> AcmeCertificate:
        return AcmeCertificate(
            LIVE, names=names or NAMES, server=server, email="ops@example.org", program="/opt/certbot",
            logs="/srv/logs", place=Place(("10.0.0.5",), "/srv/webroot", "/x"), check=self.check,
            unsettles=ids(self.serving), needs=ids(self.serving),
        )  # fmt: skip

    def check(self, *_) -> list[str]:
        self.checks += 1
        return self.against

    def apply(self, *names: str, server: str = SERVER) -> list[str]:
        """The kinds of the steps that were done: a run of the engine, after which nothing may differ."""
        self.host.forget()
        wished = [self.serving, self.wish(*names, server=server)]
        outcome = Run(wished, self.host, Ledger(self.host, "/srv/ledger.json"), Silent()).apply()
        assert outcome.failed == {}
        assert [seen(wish, self.host) for wish in wished] == [None, None]
        return [change.resource.kind for change in outcome.done]

    @property
    def asked(self) -> int:
        return len(self.certbot.asked)

    @property
    def words(self) -> str:
        return last_try(self.host, TRIES).words

    def served(self) -> str:
        return self.host.text("/srv/tls/served/fullchain.pem")


@pytest.fixture
def site(tmp_path, authority, monkeypatch) -> Site:
    return Site(tmp_path, authority, monkeypatch)


def test_it_is_asked_for_and_served(site):
    assert site.apply() == [ASKED, SERVED]
    assert site.served() == site.host.text(f"{LIVE}/fullchain.pem") != ""
    assert site.words == ""
    assert (site.apply(), site.asked, site.checks) == ([], 1, 1), "a no-op asks nobody"


def test_certbot_is_told_what_there_is_to_know(site):
    site.apply()
    argv = " ".join(site.certbot.asked[0])
    for part in (
        f"--server {SERVER}", "--email ops@example.org", "--config-dir /srv/acme/config", "--work-dir /srv/acme/work",
        "--logs-dir /srv/logs", "--webroot --webroot-path /srv/webroot", "-d hub.example.org -d jupyter.example.org",
        "--non-interactive --agree-tos", "--keep-until-expiring",
    ):  # fmt: skip
        assert part in argv
    assert "--force-renewal" not in argv
    [told] = [told for told in site.host.told if told.words == argv]
    assert told.env == {"REQUESTS_CA_BUNDLE": "/etc/ssl/certs/ca-certificates.crt"}, "what the machine trusts"


def test_a_refusal_fails_no_run_and_the_next_one_within_the_hour_does_nothing(site):
    site.certbot.refuses = REFUSED
    assert site.apply() == [ASKED]
    assert site.words == "hub.example.org: DNS problem: NXDOMAIN looking up A for hub.example.org"
    assert site.served() == site.host.text("/srv/own.crt"), "the next best one"
    site.at = HOUR - 1
    assert (site.apply(), site.asked) == ([], 1)
    site.at = HOUR + 1
    site.certbot.refuses = ""
    assert (site.apply(), site.asked) == ([ASKED, SERVED], 2)
    assert site.served() == site.host.text(f"{LIVE}/fullchain.pem")


def test_other_names_are_asked_for_at_once(site):
    site.certbot.refuses = REFUSED
    site.apply()
    assert site.apply("new.example.org") == [ASKED]
    assert site.asked == 2
    site.certbot.refuses = ""
    site.at = 2 * HOUR
    site.apply("new.example.org")
    assert site.apply() == [ASKED, SERVED], "and the other way round, where there is one for other names"


def test_another_server_is_asked_at_once(site):
    site.certbot.refuses = REFUSED
    site.apply()
    assert site.apply(server="https://other.example.org/dir") == [ASKED]


def test_why_another_server_gave_none_is_still_known_when_the_one_before_is_removed(site):
    """As an apply does after the server in the file was changed: first the new one, then what is no longer wished."""
    site.against = ["hub.example.org has no address"]
    site.apply()
    other = dataclasses.replace(site.wish(server="https://other.example.org/dir"), name=f"{LIVE}-other")
    other.ask(site.host)
    AcmeCertificate(LIVE).remove(site.host)
    assert other.last(site.host).words == "hub.example.org has no address"
    assert site.wish().last(site.host) is None


def test_what_the_check_finds_keeps_the_authority_from_being_asked(site):
    site.against = ["hub.example.org has no address", "this machine's clock is 3.0 hours behind"]
    assert site.apply() == [ASKED]
    assert (site.asked, site.words) == (0, "hub.example.org has no address; this machine's clock is 3.0 hours behind")
    assert last_try(site.host, TRIES).failures == 0, "what was not asked is not counted"


def test_force_asks_whatever_the_check_would_say(site):
    site.against = ["hub.example.org points to the router"]
    assert site.wish().ask(site.host, force=True).words == ""
    assert "--force-renewal" in site.certbot.asked[0]


def test_a_renewal_asks_without_a_check_and_explains_a_failure_with_one(site):
    site.apply()
    assert site.wish().ask(site.host).words == ""
    assert site.checks == 1
    site.certbot.refuses, site.against = NO_ANSWER, ["https://ca.example.org/dir does not answer"]
    served = site.served()
    words = site.wish().ask(site.host, force=True).words
    assert words == "https://ca.example.org/dir does not answer"
    assert last_try(site.host, TRIES).failures == 0, "who does not answer has counted nothing"
    site.certbot.refuses, site.against = REFUSED, ["hub.example.org points to 9.9.9.9"]
    words = site.wish().ask(site.host, force=True).words
    assert words.startswith("hub.example.org points to 9.9.9.9; hub.example.org: DNS problem")
    assert site.apply() == [], "a run has nothing to do"
    assert site.served() == served, "the old one stays"


def test_one_that_is_lost_is_asked_for_again(site):
    site.apply()
    site.host.remove_tree(LIVE)
    assert seen(site.wish(), site.host).keys == ["asked"]
    assert site.apply() == [SERVED, ASKED, SERVED], "served meanwhile: the next best one"


def test_an_authority_that_forgot_us_gets_to_know_us_again(site):
    site.apply()
    site.certbot.forgot_accounts = True
    assert site.wish().ask(site.host, force=True).words == ""
    assert site.asked == 3


def test_a_certbot_that_hangs_is_a_failure_like_another(site):
    def hangs(argv, _input):
        raise CommandError(["certbot"], -9, "still running after 900 s: killed")

    site.host.answers["/opt/certbot"] = hangs
    assert site.apply() == [ASKED]
    assert "`certbot` ended" in site.words


MOMENTS = [f"{ASKED}:{LIVE}:{m}" for m in ("before", "mid", "mid2", "after")]
MOMENTS += [f"{SERVED}:/srv/tls/served:{m}" for m in ("before", *(f"mid{n}" for n in ("", *range(2, 7))), "after")]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_that_is_killed_anywhere_is_gone_on_with(site, moment):
    if (child := os.fork()) == 0:
        site.host.kill_points = KillPoints(moment)
        site.apply()
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    site.apply()
    assert site.served() == site.host.text(f"{LIVE}/fullchain.pem") != ""
    assert site.apply() == []


def test_removal_keeps_what_an_authority_gives_only_few_of(site):
    site.apply()
    for _ in range(2):
        AcmeCertificate(LIVE).remove(site.host)
    assert site.host.exists(f"{LIVE}/fullchain.pem")
    assert not site.host.exists(TRIES)


def test_a_timer_waits_longer_the_more_the_authority_refuses(tmp_path):
    host, path = FakeHost(tmp_path), "/srv/tries.json"
    waits = []
    for _ in range(6):
        try_ = note(host, path, Try(NOW, NAMES, SERVER, "no"))
        waits.append((try_.next - NOW) / HOUR)
    assert waits == [1, 2, 4, 8, 12, 12]
    assert note(host, path, Try(NOW, NAMES, SERVER, "the name has no address", asked=False)).failures == 6
    assert note(host, path, Try(NOW, ("other.example.org",), SERVER, "no")).failures == 1
    good = note(host, path, Try(NOW, NAMES, SERVER))
    assert (good.failures, (good.next - NOW) / HOUR) == (0, 12), "a good one is looked after twice a day"
    assert last_try(host, path) == good


def test_a_machine_that_nobody_could_ask_for_is_tried_once_an_hour(tmp_path):
    host = FakeHost(tmp_path)
    for _ in range(6):
        try_ = note(host, "/srv/tries.json", Try(NOW, NAMES, SERVER, "the name has no address", asked=False))
    assert try_.next == NOW + HOUR


NOTES = ('{"at": 1, "colour": "green"}', '{"at": "x", "names": []}', "{", "[1]", "7", "\0", "")


@pytest.mark.parametrize("notes", NOTES)
def test_notes_that_are_damaged_or_of_another_version_count_for_nothing(tmp_path, notes):
    host = FakeHost(tmp_path)
    host.put("/srv/tries.json", notes)
    assert last_try(host, "/srv/tries.json") is None


def test_addresses_are_asked_for_with_the_profile_that_has_them():
    request = certbot.Request("c", ("203.0.113.7", "2001:db8::7"), SERVER, "", "hub", "/c", "/w", "/l", "/web")
    argv = " ".join(request.argv(force=False))
    assert "--preferred-profile shortlived --ip-address 203.0.113.7 --ip-address 2001:db8::7" in argv
    assert "--register-unsafely-without-email" in argv


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (REFUSED, "hub.example.org: DNS problem: NXDOMAIN looking up A for hub.example.org"),
        (NO_ANSWER, "port=24000): Failed to establish a new connection: [Errno 111] Connection refused"),
        ("Saving debug log to /x\n\n", "certbot failed without a message"),
        ("An unexpected error occurred:\nAccount 7 not found.\nAsk for help\n", "Account 7 not found."),
        ("certbot: error: unrecognized arguments: --x\n", "certbot: error: unrecognized arguments: --x"),
    ],
)
def test_what_certbot_says_in_words(output, words):
    assert words in certbot.in_words(output)
