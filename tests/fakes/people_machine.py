"""A fake machine with an installed hub, whose people come and go by `hubinstall user`."""

import io

from fakes.host import FakeHost
from fakes.shadow_tools import TOOLS, Shadow
from hubinstall import layout
from hubinstall.cli import main, user
from hubinstall.people import removal

GROUP = layout.NO_LOGIN_GROUP


class PeopleMachine(FakeHost):
    """With an administrator, ada, a directory of nobody, and no servers until `serve` says so."""

    def __init__(self, root):
        super().__init__(root)
        self.shadow = Shadow(self)
        self.answers |= dict.fromkeys(TOOLS, self.shadow)
        self.answers["docker ps"] = lambda *_: self.running.pop(0) if self.running else ""
        self.answers["mkhomedir_helper"] = ""
        self.answers["tar --create"] = ""
        self.running: list[str] = []
        for folder in (layout.STATE, layout.SECRETS, layout.LOGS):
            self.path(folder).mkdir(parents=True, exist_ok=True)
        self.put(layout.LEDGER, "{}")
        self.put("/etc/group", self.text("/etc/group") + f"{GROUP}:x:995:\nsudo:x:27:\ncourse:x:3000:\nusers:x:100:\n")
        self.put(layout.CONFIG_FILE, "users:\n  admin: [alice]\n")
        self.put("/etc/shadow", "root:*:1::::::\nalice:$y$a:19000:0:99999:7:::\n")
        self.path("/home/alice").mkdir()
        self.owners["/home/alice"] = ("alice", "alice")

    def row(self, name):
        return next(
            (line.split(":") for line in self.text("/etc/passwd").splitlines() if line.startswith(f"{name}:")), None
        )

    def line(self, name):
        return next(line.split(":") for line in self.text("/etc/shadow").splitlines() if line.startswith(f"{name}:"))

    def members(self, group):
        return next(line.split(":")[3] for line in self.text("/etc/group").splitlines() if line.startswith(f"{group}:"))


def made(tmp_path, monkeypatch) -> PeopleMachine:
    """With a lock, a log and a time of its own."""
    monkeypatch.setattr(layout, "LOCK", str(tmp_path / "lock"))
    monkeypatch.setattr(layout, "LOG_FILE", str(tmp_path / "log"))
    monkeypatch.setattr(removal.time, "sleep", lambda _: None)
    monkeypatch.setattr(removal.Host, "wait", lambda self, _: self.forget())
    return PeopleMachine(tmp_path)


def hubinstall(machine, *words, stdin="", monkeypatch=None):
    if monkeypatch:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    machine.forget()
    machine.notices.clear()
    arguments = main.parser().parse_args(["user", *words])
    return user.VERBS[arguments.user_verb](arguments, machine)
