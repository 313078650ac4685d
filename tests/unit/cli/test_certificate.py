"""`hubinstall certificate renew | status`: what the timer runs, with real keys and an authority that obeys the test."""

import contextlib
import json
import os
import signal
import threading
import time

import pytest

from fakes.authority import DAY
from fakes.web_machine import LETSENCRYPT, MANUAL, NAME, OWN_CERT, OWN_KEY, SELF_SIGNED, WebMachine
from hubinstall import layout
from hubinstall.cli import certificate
from hubinstall.engine.ledger import Ledger
from hubinstall.errors import UserError
from hubinstall.installation import desired_state, inputs, lock
from hubinstall.machine.crash_points import KillPoints
from hubinstall.resources.base import Change
from hubinstall.resources.files.file import File
from hubinstall.resources.tls.attempts import HOUR
from hubinstall.verify import certificate as verify_certificate

REFUSED = "  Identifier: hub.example.org\n  Type:   dns\n  Detail: no such name\n"


@pytest.fixture
def machine(request, tmp_path, monkeypatch, authority) -> WebMachine:
    return WebMachine(tmp_path, monkeypatch, getattr(request, "param", LETSENCRYPT), authority)


def renew(machine, *, force=False, if_due=False) -> str:
    """Empty, or what is said of a failure."""
    machine.host.forget()
    try:
        assert certificate.renew(machine.host, contextlib.nullcontext, force=force, if_due=if_due) == 0
    except UserError as error:
        return str(error)
    return ""


def seen(machine, after: float = 0) -> verify_certificate.Seen:
    machine.host.forget()
    return verify_certificate.seen(machine.host, machine.settings, machine.resources, time.time() + after)


def later(monkeypatch, seconds: float) -> None:
    clock = time.time
    monkeypatch.setattr("hubinstall.resources.tls.acme.time.time", lambda: clock() + seconds)


manual = pytest.mark.parametrize("machine", [MANUAL], indirect=True)
self_signed = pytest.mark.parametrize("machine", [SELF_SIGNED], indirect=True)


def test_the_timer_gets_the_first_one(machine):
    assert machine.serves() == "own"
    assert renew(machine, if_due=True) == ""
    assert (machine.serves(), machine.reloads) == ("authority's", 1)
    assert seen(machine).state == "ok"
    assert seen(machine).message == "89 days left (Test's Authority)"


def test_the_timer_asks_nobody_until_it_is_time(machine, monkeypatch):
    for _ in range(3):
        assert renew(machine, if_due=True) == ""
    assert (len(machine.certbot.asked), machine.reloads) == (1, 1)
    later(monkeypatch, 12 * HOUR + 1)
    assert renew(machine, if_due=True) == ""
    assert (len(machine.certbot.asked), machine.reloads) == (2, 1), "certbot finds that it is not due"


def test_one_that_is_due_is_renewed_and_served(machine, monkeypatch):
    renew(machine)
    serial = seen(machine).serial
    machine.certbot.due = True
    later(monkeypatch, 60 * DAY)
    assert renew(machine, if_due=True) == ""
    assert (machine.serves(), machine.reloads) == ("authority's", 2)
    assert seen(machine).serial != serial


def test_force_gets_a_new_one(machine):
    renew(machine)
    serial = seen(machine).serial
    assert renew(machine) == ""
    assert seen(machine).serial == serial, "without it the one that is not due stays"
    assert renew(machine, force=True) == ""
    assert seen(machine).serial != serial


def test_a_refusal_is_said_everywhere_and_tried_again_later(machine, monkeypatch):
    machine.certbot.refuses = REFUSED
    said = renew(machine, if_due=True)
    assert said.startswith("hub.example.org: no such name\n")
    assert machine.serves() == "own"
    found = seen(machine)
    assert found.state == "failed"
    assert found.message == "self-signed, because Let's Encrypt issued none: hub.example.org: no such name"
    assert "hubinstall tries again after 20" in found.hint
    assert "hubinstall certificate renew" in found.hint
    [words] = verify_certificate.advice(machine.host, machine.settings, machine.resources)
    assert words == f"certificate: {found.message}\n  {found.hint}"
    assert renew(machine, if_due=True) == "", "not within the hour"
    assert len(machine.certbot.asked) == 1
    later(monkeypatch, HOUR + 1)
    machine.certbot.refuses = ""
    assert renew(machine, if_due=True) == ""
    assert machine.serves() == "authority's"


def test_a_person_does_not_have_to_wait(machine):
    machine.certbot.refuses = REFUSED
    assert renew(machine)
    assert renew(machine)
    assert len(machine.certbot.asked) == 2


def test_a_failed_renewal_keeps_the_old_one(machine):
    renew(machine)
    machine.certbot.refuses = REFUSED
    assert renew(machine, force=True)
    assert machine.serves() == "authority's"
    found = seen(machine)
    assert found.state == "warning"
    assert found.message == "89 days left (Test's Authority); it could not be renewed: hub.example.org: no such name"
    assert seen(machine, after=80 * DAY).state == "failed", "when it is late"
    ended = seen(machine, after=91 * DAY)
    assert ended.state == "failed"
    assert ended.message.startswith("expired 2 days ago; it could not be renewed")


def test_where_nginx_refuses_the_old_pair_stays(machine):
    machine.nginx_refuses = True
    said = renew(machine)
    assert "nginx -t" in said
    assert machine.serves() == "own"
    assert seen(machine).message == "self-signed, because nginx does not load the certificate from Let's Encrypt"
    machine.nginx_refuses = False
    assert renew(machine, if_due=True) == "", "what is there is taken up without asking again"
    assert (machine.serves(), len(machine.certbot.asked)) == ("authority's", 1)


def test_where_nginx_refuses_a_renewed_one_it_is_said_until_it_takes_it(machine):
    renew(machine)
    serial = seen(machine).serial
    machine.nginx_refuses = True
    assert "nginx -t" in renew(machine, force=True)
    found = seen(machine)
    assert (found.serial, found.state) == (serial, "warning")
    assert found.message.endswith("left (Test's Authority); a newer one exists, but nginx has not loaded it")
    machine.nginx_refuses = False
    assert renew(machine, if_due=True) == ""
    assert seen(machine).serial != serial
    assert seen(machine).state == "ok"


SERVED = f"served-certificate:{layout.SERVED}"


def touched(machine) -> list[str]:
    return list(Ledger(machine.host, layout.LEDGER).touched())


@pytest.mark.parametrize("nginx_refuses", [False, True])
def test_a_renewal_is_in_the_ledger_and_the_next_apply_has_nothing_to_see_to(machine, nginx_refuses, capsys):
    """Also where it was undone; what an apply that was killed has left is still to be seen to."""
    left = File("/etc/left", content="")
    Ledger(machine.host, layout.LEDGER).note(Change(left, None, left.desired()))
    machine.nginx_refuses = nginx_refuses
    assert bool(renew(machine)) is nginx_refuses
    assert f"change {SERVED}" in capsys.readouterr().err
    assert SERVED in Ledger(machine.host, layout.LEDGER)
    assert touched(machine) == ["file:/etc/left"]
    machine.nginx_refuses = False
    assert renew(machine, if_due=True) == ""
    assert touched(machine) == ["file:/etc/left"]


@pytest.mark.parametrize("moment", ["before", "mid", "mid3", "mid5", "after"])
def test_a_renewal_that_is_killed_is_gone_on_with(machine, moment):
    if (child := os.fork()) == 0:
        machine.host.kill_points = KillPoints(f"{SERVED}:{moment}")
        renew(machine)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert touched(machine) == [SERVED], "an apply will see to it that it works"
    assert renew(machine, if_due=True) == ""
    assert machine.serves() == "authority's"


def test_an_nginx_that_was_stopped_stays_so(machine):
    machine.manager.running.pop("nginx")
    assert renew(machine) == ""
    assert machine.reloads == 0
    assert "nginx" not in machine.manager.running


def test_it_goes_by_the_settings_that_were_applied(machine, monkeypatch):
    """A domain that was written into the file, and not applied, is none of a timer's business."""
    texts = []
    monkeypatch.setattr(
        desired_state, "read", lambda host, config, named_files: texts.append(config.text) or machine.desired()
    )
    machine.host.put(layout.CONFIG_FILE, "domain: old.example.org\n")
    machine.host.path(layout.STATE).mkdir(exist_ok=True)
    inputs.accept(machine.host)
    machine.host.put(layout.CONFIG_FILE, "domain: new.example.org\n")
    renew(machine, if_due=True)
    assert set(texts) == {"domain: old.example.org\n"}


def test_a_timer_waits_for_another_run_and_a_person_is_told_of_it(machine):
    held, told = threading.Event(), threading.Event()

    def another() -> None:
        with lock.one_run("apply"):
            held.set()
            told.wait(10)

    run = threading.Thread(target=another)
    run.start()
    held.wait(10)
    assert "holds the lock" in renew(machine)
    threading.Timer(0.2, told.set).start()
    assert renew(machine, if_due=True) == ""
    assert machine.serves() == "authority's"
    run.join()


def test_a_clock_that_was_ahead_keeps_nobody_from_asking(machine, monkeypatch):
    machine.certbot.refuses = REFUSED
    later(monkeypatch, 10 * 365 * DAY)
    renew(machine)
    machine.certbot.refuses = ""
    later(monkeypatch, -10 * 365 * DAY)
    assert renew(machine, if_due=True) == ""
    assert machine.serves() == "authority's"


def test_where_nothing_is_installed(machine):
    machine.host.remove(layout.SERVED)
    assert "To install one, run: hubinstall apply" in renew(machine)
    assert seen(machine).state == "failed"


@manual
def test_a_new_pair_of_the_administrators_is_taken_up(machine, authority):
    assert machine.serves() == "manual"
    assert renew(machine, if_due=True) == ""
    assert machine.reloads == 0
    authority.put(machine.host, OWN_CERT, OWN_KEY, NAME)
    assert renew(machine, if_due=True) == ""
    assert (machine.serves(), machine.reloads) == ("manual", 1)


@manual
def test_a_bad_pair_of_the_administrators_is_refused_and_the_old_one_stays(machine, authority):
    machine.host.put(OWN_KEY, authority.pair(NAME)[2])
    assert "is not the key of the certificate" in renew(machine, if_due=True)
    assert machine.serves() == "manual"
    found = seen(machine)
    assert found.state == "warning"
    assert "the new files cannot be used" in found.message


@manual
@pytest.mark.parametrize(("days", "state"), [(60, "ok"), (80, "warning"), (91, "failed")])
def test_nobody_renews_the_administrators_own(machine, days, state):
    found = seen(machine, after=days * DAY)
    assert found.state == state
    assert state == "ok" or OWN_CERT in found.hint


@self_signed
@pytest.mark.parametrize(
    ("days", "state", "words"),
    [(0, "ok", "824 days left (self-signed)"), (810, "warning", "14 days left"), (826, "failed", "expired 2 days ago")],
)
def test_the_self_signed_ones_days(machine, days, state, words):
    found = seen(machine, after=days * DAY)
    assert found.state == state
    assert found.message.startswith(words)


def test_a_timer_that_is_stopped_is_said(machine):
    renew(machine)
    machine.manager.running.pop(layout.CERTIFICATES_TIMER)
    found = seen(machine)
    assert found.state == "warning"
    assert f"nothing renews it: {layout.CERTIFICATES_TIMER}" in found.message


def test_a_timer_whose_runs_do_not_come_to_an_end_is_said(machine):
    renew(machine)
    assert seen(machine, after=1.4 * DAY).state == "ok", "it was due after half a day; the machine may have been off"
    found = seen(machine, after=20 * DAY)
    assert found.state == "warning"
    assert "but no attempt to renew it has come to an end since 20" in found.message
    assert found.hint.startswith("See why: journalctl -u hubinstall-certificates")
    assert seen(machine, after=80 * DAY).state == "failed"


def test_one_that_nginx_has_not_taken_up_is_said(machine):
    renew(machine)
    machine.host.put(layout.NGINX_LOADED, "one\nof another file\n")
    assert "nginx has not loaded it" in seen(machine).message


def test_status_for_people(machine, capsys):
    machine.certbot.refuses = REFUSED
    renew(machine)
    assert certificate.status(machine.host, as_json=False) == 0
    out = capsys.readouterr().out
    assert "state         failed: self-signed, because Let's Encrypt issued none" in out
    assert "mode          letsencrypt (by default: https.mode is not set)" in out
    assert f"names         {NAME}" in out
    assert "last failure  20" in out


def test_status_for_programs(machine, capsys):
    renew(machine)
    capsys.readouterr()
    certificate.status(machine.host, as_json=True)
    data = json.loads(capsys.readouterr().out)
    assert (data["mode"], data["state"], data["names"], data["days_left"]) == ("letsencrypt", "ok", [NAME], 89)
    assert data["issuer"] == "Test's Authority"
    assert data["next_try"] > time.time() + 11 * HOUR
    assert (data["last_failure"], data["last_failure_at"]) == ("", 0)
