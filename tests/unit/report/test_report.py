"""What people see: lines, signs of life, exact differences, and never what they must not see."""

import io
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from fakes.host import FakeHost
from hubinstall.engine.run import Outcome
from hubinstall.errors import CommandError, UserError
from hubinstall.report import log as report_log
from hubinstall.report.choose import Output, make_report
from hubinstall.report.live import LiveReport
from hubinstall.report.log import Log
from hubinstall.report.plain import Report
from hubinstall.report.plan import print_plan
from hubinstall.report.status import print_status
from hubinstall.report.words import changed
from hubinstall.resources.base import Change, look
from hubinstall.resources.files.file import File, Link
from hubinstall.resources.services.service import Service
from hubinstall.resources.tls.acme import AcmeCertificate
from hubinstall.verify.health import Check, Health

NEW = Change(Link("/etc/x", "/etc/y"), None, {"type": "link", "target": "/etc/y"})


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(str(tmp_path / "logs/hubinstall.log"))


def test_one_line_for_a_step_with_its_time(log: Log, tmp_path: Path) -> None:
    screen = io.StringIO()
    with Report(log, screen, verbose=True) as report:
        report.started(NEW)
        report.aside("waiting for another")
        report.finished(NEW)
        report.summary(Outcome(done=[NEW]), ["read this"])
    assert re.sub(r"\d+\.\d", "N", screen.getvalue()).splitlines() == [
        "waiting for another",
        "create  link:/etc/x  N s",
        "note: read this",
        "1 created in 0 s",
    ]
    kept = (tmp_path / "logs/hubinstall.log").read_text()
    assert "begin create link:/etc/x: target, type" in kept
    assert "create  link:/etc/x" in kept


def test_a_group_of_steps_has_one_line_and_the_log_has_every_step(log: Log, tmp_path: Path) -> None:
    screen = io.StringIO()
    links = [Link(f"/etc/{name}", "/etc/y") for name in "abc"]
    restart = Change(Service("jupyterhub"), {"running": True}, {"running": True, "started_with": "x"})
    with Report(log, screen) as report:
        report.expected([*links, restart.resource])
        for resource in links:
            report.started(change := Change(resource, None, {"type": "link"}))
            report.settled(change.id)
            report.finished(change)
        report.started(restart)
        report.finished(restart)
        report.started(gone := Change(links[0], {"type": "link"}, None))
        report.finished(gone)
    assert screen.getvalue().splitlines() == [
        "step 1 of 4, writing configuration files",
        "step 4 of 4, restarting the hub",
        "removing configuration files",
    ]
    kept = (tmp_path / "logs/hubinstall.log").read_text()
    for name in "abc":
        assert f"begin create link:/etc/{name}: type" in kept
        assert re.search(rf"create  link:/etc/{name}  \d+\.\d s", kept)


def test_a_failure_has_message_and_hint_and_a_bug_its_traceback_in_the_log_only(log: Log, tmp_path: Path) -> None:
    screen = io.StringIO()
    with Report(log, screen) as report:
        report.failed("a:b", UserError("it is full", "make room"))
        report.failed("c:d", CommandError(["apt-get", "x"], 100, "E: no network"))
        try:
            {}["x"]
        except KeyError as error:
            report.failed("e:f", error)
        report.failure(Outcome(failed={"a:b": UserError("")}, skipped=["g:h", "i:j"]))
    seen = screen.getvalue()
    assert "failed  a:b  0.0 s\n  it is full\n  make room\n" in seen
    assert "E: no network" in seen
    assert "KeyError: 'x'\n  This is a bug in hubinstall" in seen
    assert "Traceback" not in seen
    assert "nothing changed; 1 step failed\nnot started: 2 steps\n" in seen
    kept = (tmp_path / "logs/hubinstall.log").read_text()
    assert "Traceback" in kept
    assert "not started: g:h, i:j" in kept


def test_quiet_prints_failures_and_notes_only_and_the_log_has_all(log: Log, tmp_path: Path) -> None:
    screen = io.StringIO()
    with Report(log, screen, interval=0.05, quiet=True) as report:
        report.phase("verify: login")
        report.started(NEW)
        time.sleep(0.2)
        report.finished(NEW)
        report.failed("a:b", UserError("it is full", "make room"))
        report.summary(Outcome(done=[NEW]), ["read this"])
    assert screen.getvalue() == "failed  a:b  0.0 s\n  it is full\n  make room\nnote: read this\n"
    assert "verify: login" in (tmp_path / "logs/hubinstall.log").read_text()


def test_the_result_as_data(log: Log) -> None:
    with Report(log, io.StringIO()) as report:
        report.started(NEW)
        report.finished(NEW)
        report.failed("a:b", UserError("it is full", "make room"))
        report.failure(Outcome(failed={"a:b": UserError("")}, skipped=["c:d"]))
        time.sleep(0.02)
    ended = report.data(UserError("failed: a:b", "Run it again."))
    [change] = ended["changes"]
    assert 0 <= change.pop("seconds") < 60
    assert change == {"id": "link:/etc/x", "verb": "create"}
    assert ended["failures"] == [{"id": "a:b", "message": "it is full", "hint": "make room"}]
    assert ended["not_started"] == ["c:d"]
    assert ended["seconds"] >= 0.02
    assert (ended["succeeded"], ended["error"]) == (False, {"message": "failed: a:b", "hint": "Run it again."})
    assert report.data(urls=[])["error"] is None


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_sign_of_life_names_what_is_running(log: Log) -> None:
    screen = io.StringIO()
    with Report(log, screen, interval=0.1) as report:
        report.started(NEW)
        until(lambda: re.search(r"still running: writing configuration files \(\d+ s\)\n", screen.getvalue()))
        report.finished(NEW)
        report.phase("verify: login")
        until(lambda: "still running: verify: login\n" in screen.getvalue())


def test_a_screen_that_is_gone_stops_nothing(log: Log, tmp_path: Path) -> None:
    screen = io.StringIO()
    screen.close()
    with Report(log, screen) as report:
        report.started(NEW)
        report.finished(NEW)
    assert "create  link:/etc/x" in (tmp_path / "logs/hubinstall.log").read_text()


def test_what_is_said_goes_to_stdout_and_not_to_the_log(log: Log, tmp_path: Path, capsys) -> None:
    with Report(log) as report:
        report.say("alice's password: secret")
    assert capsys.readouterr().out == "alice's password: secret\n"
    assert "secret" not in (tmp_path / "logs/hubinstall.log").read_text()


def test_plain_where_there_is_no_terminal(log: Log, monkeypatch) -> None:
    assert type(make_report(log)) is Report
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "dumb")
    assert type(make_report(log)) is Report
    monkeypatch.setenv("TERM", "xterm")
    assert type(make_report(log)) is LiveReport
    assert type(make_report(log, Output(plain=True))) is Report


@pytest.mark.parametrize("no_colour", [False, True])
def test_live(log: Log, monkeypatch, no_colour: bool) -> None:
    monkeypatch.setenv("TERM", "xterm")
    if no_colour:
        monkeypatch.setenv("NO_COLOR", "1")
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, highlight=False)
    with LiveReport(log, console, verbose=True) as report:
        report.expected([NEW.resource])
        report.started(NEW)
        report.finished(NEW)
        report.phase("verify: [login]")
        report.failed("x:y", UserError("no", "hint [bold]"))
    seen = screen.getvalue()
    assert re.search(r"create  link:/etc/x  \d", seen)
    assert "step 1 of 1" in seen
    assert "verify: [login]" in seen
    assert "hint [bold]" in seen
    assert ("\x1b[31m" in seen) is not no_colour


def test_the_log_is_roots_alone_dated_and_turned_over(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(report_log, "LARGE", 40)
    path = tmp_path / "logs/hubinstall.log"
    for number in range(8):
        with Log(str(path)) as log:
            log.write(f"run {number}\nsecond line")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{12}Z run 7\n    second line\n", path.read_text())
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "hubinstall.log",
        *(f"hubinstall.log.{n}" for n in range(1, 5)),
    ]


def test_counts() -> None:
    gone = Change(NEW.resource, NEW.after, None)
    other = Change(NEW.resource, NEW.after, {"type": "link", "target": "z"})
    assert changed(Outcome(done=[gone, NEW, other, NEW])) == "2 created, 1 changed, 1 removed"
    assert changed(Outcome()) == "nothing changed"


# -- plan ----------------------------------------------------------------------------------------------------


def differences(host: FakeHost, *files: File) -> list[Change]:
    return [change for file in files if (change := look(file, host))]


def test_a_plan_shows_exactly_what_differs(tmp_path: Path, capsys) -> None:
    host = FakeHost(tmp_path)
    host.put("/etc/a.conf", "one\ntwo\nthree\x1b[2J\n")
    host.path("/etc/a.conf").chmod(0o600)
    print_plan(differences(host, File("/etc/a.conf", "one\n2\n"), File("/etc/new", "x\n" * 500)), host)
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0] == "change  file:/etc/a.conf"
    assert re.fullmatch(r"    content: [0-9a-f]{12}… → [0-9a-f]{12}…", lines[1])
    assert lines[2] == "    mode: 0600 → 0644"
    assert [line.strip() for line in lines[6:10]] == ["one", "-two", "-three\\x1b[2J", "+2"]
    assert lines[10] == "create  file:/etc/new"
    assert len(lines) < 20
    assert captured.err == "1 to create, 1 to change; nothing was changed\n"


def test_a_certificate_that_may_be_refused_is_no_success(tmp_path: Path, capsys) -> None:
    asked = look(AcmeCertificate("/var/lib/x/config/live/hub", names=("hub.example.org",)), FakeHost(tmp_path))
    assert asked is not None
    print_plan([asked, *differences(FakeHost(tmp_path), File("/etc/new", "x"))], FakeHost(tmp_path))
    said = capsys.readouterr()
    assert said.out.splitlines()[:3] == [
        "request acme-certificate:/var/lib/x/config/live/hub", "    asked: true", '    names: ["hub.example.org"]'
    ]  # fmt: skip
    assert said.err == "1 to create, 1 to request; nothing was changed\n"
    assert changed(Outcome(done=[asked])) == "1 requested"


def test_a_plan_never_shows_secrets(tmp_path: Path, capsys) -> None:
    host = FakeHost(tmp_path)
    host.put("/etc/key", "old secret")
    changes = differences(
        host, File("/etc/key", "new secret", mode="0600"), File("/etc/key2", "my secret", secret=True)
    )
    print_plan(changes, host)
    print_plan(changes, host, as_json=True)
    assert "secret" not in capsys.readouterr().out


def test_a_plan_for_programs(tmp_path: Path, capsys) -> None:
    host = FakeHost(tmp_path)
    host.put("/etc/a.conf", "one\n")
    print_plan(differences(host, File("/etc/a.conf", "two\n"), File("/etc/b", "b\n")), host, as_json=True)
    first, second = json.loads(capsys.readouterr().out)["changes"]
    assert (first["id"], first["verb"], list(first["values"])) == ("file:/etc/a.conf", "change", ["content"])
    assert first["diff"].endswith("-one\n+two")
    assert second["values"]["mode"] == {"before": None, "after": "0644"}
    assert "+b" in second["diff"]


def test_nothing_to_do(tmp_path: Path, capsys) -> None:
    print_plan([], FakeHost(tmp_path))
    assert capsys.readouterr() == ("", "nothing to do\n")


def test_a_status_fits_80_columns(capsys, monkeypatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    words = "more than a terminal is wide, " * 8 + "x" * 90
    print_status(Health((Check("user servers", "failed", words, words), Check("disk /var/lib/docker", "ok", words))))
    lines = capsys.readouterr().out.splitlines()
    assert [len(line) for line in lines if "xxx" not in line and len(line) > 80] == []
    assert " ".join(line[31:] for line in lines if not line.startswith("ok")).count("xxx") == 30 * 3
    heads = (" " * 31, "failed   user servers  ", "ok       disk /var/lib/docker  ")
    assert all(line.startswith(heads) for line in lines)


def test_status_for_people_and_for_programs(capsys) -> None:
    found = Health((Check("hub", "ok", "fine", "not said"), Check("disk /", "failed", "full", "make room")), pending=2)
    print_status(found)
    shown = capsys.readouterr()
    assert shown.out == "ok       hub     fine\nfailed   disk /  full\n                 make room\n"
    assert shown.err == "2 things differ from config.yaml; to see what, run: hubinstall plan\n"
    print_status(found, as_json=True)
    data = json.loads(capsys.readouterr().out)
    assert (data["state"], data["pending"], data["checks"][1]["hint"]) == ("failed", 2, "make room")
