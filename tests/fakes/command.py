"""The command on a machine of toy resources: a line is called as a person would, and what it says is caught."""

import contextlib
import io
import shlex
from dataclasses import dataclass
from pathlib import Path

from fakes.facts import fake_facts
from fakes.installation import World, make
from fakes.resources import Silent
from hubinstall import layout
from hubinstall.cli import main as cli_main
from hubinstall.cli import session
from hubinstall.installation import desired_state
from hubinstall.machine import way_out
from hubinstall.verify import health
from hubinstall.verify.health import Check, Health

FACTS = fake_facts()


class Report(Silent):
    """A report on paper: entered, told, and left."""

    aside = staticmethod(lambda *_: None)
    summary = say = phase = aside

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@dataclass
class Said:
    code: int
    out: str
    err: str


@dataclass
class Command:
    world: World

    def __call__(self, line: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        self.world.host.forget()
        self.world.host.notices.clear()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = cli_main.main(shlex.split(line))
            except SystemExit as end:  # argparse
                code = int(end.code or 0)
        return Said(code, out.getvalue(), err.getvalue())


def command(tmp_path: Path, monkeypatch) -> Command:
    """Root's command on a machine on which nothing is installed yet, and where all parts would work."""
    world = make(tmp_path, monkeypatch)
    for name in (*way_out.PROXIES, *way_out.PAST, *way_out.AUTHORITIES, *way_out.PYTHON_INDEX, *way_out.NODE_REGISTRY):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cli_main, "Host", lambda: world.host)
    monkeypatch.setattr(cli_main.prefetch, "begin", lambda _: None)
    monkeypatch.setattr(session.os, "geteuid", lambda: 0)
    monkeypatch.setattr(layout, "LOCK", str(tmp_path / "lock"))
    monkeypatch.setattr(layout, "LOG_FILE", str(tmp_path / "log"))
    monkeypatch.setattr(session, "make_report", lambda *_, **__: Report())
    monkeypatch.setattr(session, "advice", lambda *_: [])
    monkeypatch.setattr(session.nginx, "advice", lambda *_: [])
    monkeypatch.setattr(session, "people", lambda *_: [])
    monkeypatch.setattr(session, "welcome", lambda *_, **__: "")
    monkeypatch.setattr(desired_state, "gather", lambda *_, **__: FACTS)
    monkeypatch.setattr(health, "health", lambda *_, pending, **__: Health((Check("hub", "ok", "fine"),), pending))
    return Command(world)
