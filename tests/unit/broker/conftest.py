"""The machine that most tests of the broker begin with."""

import pytest

from hubinstall.broker import sources
from hubinstall.hubside import shares
from hubinstall.hubside.accounts import Account
from unit.broker.test_calls import ADA


@pytest.fixture
def ada_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has her account only, she is in the group team, and no path is looked at."""
    monkeypatch.setattr(Account, "find", classmethod(lambda _, name: {"ada": ADA}.get(name)))
    monkeypatch.setattr("pwd.getpwall", list)
    monkeypatch.setattr(sources, "write_files", lambda *_: None)
    monkeypatch.setattr(sources, "check_path", lambda _: None)
    monkeypatch.setattr(shares, "group_ids", lambda _: {"team": 2000})
