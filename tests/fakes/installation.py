"""One installation on toy resources: what the tests of its ways share."""

import os
import signal

from fakes.facts import fake_facts
from fakes.host import FakeHost
from fakes.resources import Silent, Toy
from hubinstall import layout
from hubinstall.config.validate import load
from hubinstall.errors import UserError
from hubinstall.installation import apply as installation_apply
from hubinstall.installation import desired_state, preflight
from hubinstall.machine.crash_points import KillPoints
from hubinstall.resources import kinds

CONFIG = "limits: {{memory: {}}}\n"
DROPIN = f"{layout.HUB_DROPINS}/10-mine.py"


class Report(Silent):
    def phase(self, text):
        self.events.append(("phase", text))

    def failure(self, outcome):
        self.events.append(("failure", list(outcome.failed)))


class Quiet(Toy):
    """Like a share: not on the way to a cell."""

    kind = "share"


class World:
    """The machine, and what `verify` thinks of it."""

    def __init__(self, host):
        self.host, self.report = host, Report()
        self.verified = 0
        self.works = lambda host: True
        self.moods = {}

    def blueprint(self, settings, facts):
        memory = f"{(settings.limits.memory or 1 << 30) >> 30}G"
        wished = [
            Toy("hub.json", wish=memory, mood=self.moods.get("hub.json", "")),
            Toy("late", wish=f"late {memory}", mood=self.moods.get("late", ""), needs=("toy:hub.json",)),
        ]
        if settings.shares:
            wished.append(Quiet("share"))
        if "3" in memory:
            wished.append(Toy("only-with-3"))
        return wished

    def verify(self, host, settings, facts, report):
        self.verified += 1
        if not self.works(host):
            raise UserError("verify: cell: it prints nothing", "See: hubinstall logs jupyterhub")

    def apply(self, text=None):
        config = None if text is None else load(text)
        return installation_apply.apply(self.host, desired_state.read(self.host, config), self.report)

    def plan(self):
        return desired_state.differences(self.host, desired_state.read(self.host))

    def killed_at(self, point, text=None):
        """A run of its own process, which ends there by SIGKILL."""
        if (child := os.fork()) == 0:
            self.host.kill_points = KillPoints(point)
            try:
                self.apply(text)
            finally:
                os._exit(0)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def make(tmp_path, monkeypatch):
    """A machine on which nothing is installed yet."""
    monkeypatch.setitem(kinds.KINDS, "toy", Toy)
    monkeypatch.setitem(kinds.KINDS, "share", Quiet)
    host = FakeHost(tmp_path)
    for folder in (layout.STATE, layout.HUB_DROPINS, layout.NGINX_DROPINS):
        host.path(folder).mkdir(parents=True)
    world = World(host)
    monkeypatch.setattr(desired_state, "gather", lambda *_, **__: fake_facts())
    monkeypatch.setattr(desired_state, "blueprint", world.blueprint)
    monkeypatch.setattr("hubinstall.verify.probe.verify", world.verify)
    monkeypatch.setattr(preflight.checks, "check", lambda *_, **__: [])
    monkeypatch.setattr(preflight.preflight_warnings, "warnings", lambda *_: [])
    return world
