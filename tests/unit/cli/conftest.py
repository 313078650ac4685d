"""What several tests of the command need."""

import time

import pytest


@pytest.fixture
def utc(monkeypatch):
    """The machine's zone is UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
