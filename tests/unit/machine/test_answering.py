"""Questions about places that may not answer: none of them ends or hangs a run."""

import threading
import time

from hubinstall.machine import answering
from hubinstall.machine.answering import each


def test_errors_and_silence_are_answers_and_the_rest_is_asked(monkeypatch):
    def ask(place):
        if place == "dead":
            threading.Event().wait()
        if place == "closed":
            raise PermissionError(13, "Permission denied")
        return place.upper()

    monkeypatch.setattr(answering, "LESS", 1.0)
    begin = time.monotonic()
    found = each(["a", "closed", "dead", "dead", "b"], ask, patience=1.0)
    assert time.monotonic() - begin < 30
    assert list(found) == ["a", "closed", "dead", "b"]
    assert (found["a"], found["b"]) == ("A", "B")
    assert isinstance(found["closed"], PermissionError)
    assert isinstance(found["dead"], TimeoutError)
