"""Limits in seconds are longer on a slow machine, but never without end."""

import pytest

from hubinstall.machine import pace


@pytest.mark.parametrize(
    ("took", "factor"), [(pace.USUAL / 3, 1.0), (pace.USUAL, 1.0), (7 * pace.USUAL, 7.0), (1e6, pace.SLOWEST)]
)
def test_how_much_longer(monkeypatch, took, factor):
    clock = iter([100.0, 100.0 + took])
    monkeypatch.setattr(pace.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(pace, "TURNS", 1)
    assert pace.slowness() == pytest.approx(factor)


def test_it_is_measured_by_work(monkeypatch):
    little = pace.slowness()
    monkeypatch.setattr(pace, "TURNS", 40 * pace.TURNS)
    assert pace.slowness() > little
