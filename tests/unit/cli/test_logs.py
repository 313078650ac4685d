"""What `hubinstall logs` shows: problems first, one person's lines, the time that was asked for."""

from types import SimpleNamespace

import pytest

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.cli import log_entries, logs
from hubinstall.errors import UserError

OWN = """\
2026-11-27T09:00:00.000Z run: hubinstall apply
2026-11-27T09:00:01.000Z failed  file:/old  0.1 s
2026-11-28T21:38:00.000Z run: hubinstall apply
2026-11-28T21:38:01.000Z $ nft list table inet hubinstall
2026-11-28T21:38:01.100Z   table inet hubinstall {
2026-11-28T21:38:02.000Z begin change file:/etc/x: content, mode
2026-11-28T21:38:03.000Z change  file:/etc/x  0.1 s
2026-11-28T21:38:04.000Z failed  service:jupyterhub  9.0 s
      jupyterhub does not come up
      See: hubinstall logs jupyterhub
2026-11-28T21:38:05.000Z $ sh -c two
    lines
2026-11-28T21:38:06.000Z 1 changed; 1 step failed
"""
HUB = """\
[I 2026-11-28 21:40:01.837 JupyterHub base:1033] User logged in: grace
[I 2026-11-28 21:40:02.130 JupyterHub log:192] 200 GET /hub/home (grace@127.0.0.1) 220.46ms
[I 2026-11-28 21:40:02.966 JupyterHub provider:744] Creating oauth client jupyterhub-user-gracehopper
[I 2026-11-28 21:40:03.718 JupyterHub dockerspawner:1318] Created container jupyter-grace (id: a6e384e) from image x
[E 2026-11-28 21:40:04.000 JupyterHub user:1080] Not starting grace's server : HTTP 500: Server did not start
    its last words
[W 2026-11-28 21:41:00.000 JupyterHub log:192] 404 GET /hub/user/grace/x (grace@127.0.0.1) 1.00ms
[I 2026-11-28 21:41:01.000 JupyterHub base:1033] User logged in: ada
"""
JOURNAL = "".join(
    f"2026-11-28T21:40:05+0000 hi106 {line}\n"
    for line in [
        "jupyterhub[14444]: [E 2026-11-28 21:40:04.000 JupyterHub user:1080] Unhandled error starting grace's server",
        "jupyterhub[14444]: Traceback (most recent call last):",
        "python3[14444]: pam_unix(hubinstall:auth): authentication failure; user=grace",
        "jupyterhub[14444]: ValueError: x",
    ]
)
NOW = 1_800_000_000.0
pytestmark = pytest.mark.usefixtures("utc")


@pytest.fixture
def host(tmp_path, monkeypatch):
    """The hub's log is a file, as under supervisor."""
    host = FakeHost(tmp_path, {"docker ps": "jupyter-grace\tUp 2 hours\n", "docker logs": "the container's output\n"})
    host.put(layout.LOG_FILE, OWN)
    manager = SimpleNamespace(log_lines=lambda *_: HUB.splitlines())
    monkeypatch.setattr(logs, "chosen", lambda _host, service: (manager, [service]))
    return host


def test_problems_of_the_last_run_come_first_and_tables_stay_in_the_file(host, capsys):
    assert logs.logs(host, None, lines=100) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "Problems:",
        "2026-11-28T21:38:04.000Z failed  service:jupyterhub  9.0 s",
        "      jupyterhub does not come up",
        "      See: hubinstall logs jupyterhub",
        "",
        "All steps:",
        "2026-11-28T21:38:00.000Z run: hubinstall apply",
        "2026-11-28T21:38:03.000Z change  file:/etc/x  0.1 s",
        "2026-11-28T21:38:04.000Z failed  service:jupyterhub  9.0 s",
        "      jupyterhub does not come up",
        "      See: hubinstall logs jupyterhub",
        "2026-11-28T21:38:06.000Z 1 changed; 1 step failed",
    ]
    assert layout.LOG_FILE in err
    logs.logs(host, None, lines=1)
    assert capsys.readouterr().out.splitlines()[-1].endswith("1 changed; 1 step failed")


def test_since_reaches_into_earlier_runs(host, capsys):
    logs.logs(host, "hubinstall", lines=100, since="2026-11-27 08:00")
    assert "failed  file:/old" in capsys.readouterr().out
    logs.logs(host, "hubinstall", lines=100, since="2026-11-28 22:00")
    assert capsys.readouterr().err.startswith("Nothing was logged since then")


def test_one_persons_login_start_and_failure_and_the_last_output(host, capsys):
    logs.logs(host, None, lines=100, person="grace")
    out = capsys.readouterr().out
    assert [line[1:2] for line in out.splitlines() if line.startswith("[")] == ["I", "I", "E", "W"]
    assert "    its last words" in out
    assert "The last output of grace's server (jupyter-grace: Up 2 hours):\nthe container's output\n" in out
    assert "ada" not in out
    assert "gracehopper" not in out


def test_of_an_unknown_person_nothing_is_shown_but_said(host, capsys):
    host.answers["docker ps"] = ""
    assert logs.logs(host, "jupyterhub", lines=100, person="ghost") == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "The hub's log says nothing about ghost. /etc/passwd has no account ghost" in err
    assert "has left no container" in err


@pytest.mark.parametrize(
    "words", [{"person": "grace", "service": "nginx"}, {"since": "30min", "follow": True}, {"since": "soon"}]
)
def test_what_does_not_go_together_is_wrong_usage(host, words):
    service = words.pop("service", None)
    with pytest.raises(UserError) as caught:
        logs.logs(host, service, lines=100, **words)
    assert caught.value.code == 2


def test_a_traceback_in_the_journal_stays_with_its_error():
    found = log_entries.entries(JOURNAL.splitlines())
    assert [len(entry) for entry in found] == [2, 2]
    assert len(log_entries.about(found, "grace", "jupyter-grace")) == 2


@pytest.mark.parametrize(
    "line",
    [
        "[I 2026-11-28 21:40:00.837 JupyterHub base:1033] x", 'time="2026-11-28T21:40:00.123Z" level=info',
        "2026/11/28 21:40:00 [error] 12#12: x", "2026-11-28T22:40:00.000+01:00 x", "2026-11-28T22:40:00+0100 h p: x",
        "2026-11-28 21:40:00,123 INFO x",
    ],
)  # fmt: skip
def test_times_that_programs_write(line):
    assert log_entries.written(line) == 1_795_902_000.0


@pytest.mark.parametrize("line", ["Traceback (most recent call last):", "  21:40:00 x", "[I 2026-99-28 21:40:00 x", ""])
def test_lines_without_a_time(line):
    assert log_entries.written(line) is None


def test_containers_are_named_as_the_spawner_names_them():
    assert logs.container_name("ada.l-1") == "jupyter-ada-2el-2d1"
