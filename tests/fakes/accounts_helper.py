"""The accounts helper without its socket: questions go through its own code, about the accounts of a fake machine."""

import json

from hubinstall.accounts_helper import shadow
from hubinstall.accounts_helper.answers import Answers
from hubinstall.accounts_helper.policy import Policy
from hubinstall.accounts_helper.questions import parsed
from hubinstall.hubside import helper, states


class Helper:
    """`up`: whether it answers."""

    def __init__(self) -> None:
        self.up, self.asked = True, 0
        self._answers = Answers(Policy(1000, 60000, new_password=8))

    def restart(self) -> None:
        """What it remembered is gone, but not what it keeps in files."""
        self._answers = Answers(Policy(1000, 60000, new_password=8))

    def ask(self, question: dict[str, object], _seconds: float) -> dict[str, object]:
        self.asked += 1
        if not self.up:
            raise helper.UnavailableError("the accounts helper does not answer")
        said = json.dumps(self._answers.to(parsed(json.dumps(question).encode())))
        answer: dict[str, object] = json.loads(said)
        return answer


def with_helper(tmp_path, monkeypatch) -> Helper:
    """All names are people's; /etc/shadow is a file in `tmp_path`."""
    for module in (shadow, states):
        monkeypatch.setattr(module, "FILE", str(tmp_path / "shadow"))
    monkeypatch.setattr(states, "PAUSE", 0.0)
    monkeypatch.setattr(shadow.layout, "ACCOUNTS_KEY", str(tmp_path / "accounts_key"))
    monkeypatch.setattr(Policy, "admits", lambda _self, name: name != "root")
    (tmp_path / "accounts_key").write_text("5ecret\n")
    made = Helper()
    monkeypatch.setattr(helper, "asked", made.ask)
    return made
