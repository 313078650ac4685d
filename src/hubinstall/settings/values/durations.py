"""Durations in seconds."""

import re
from typing import Any

from hubinstall.settings.values.words import shown, type_name, wrong

DURATION = r"[0-9]+[smhd]?"
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST = 366 * 86400
SHORTEST_IDLE = 30
SHORTEST_PAUSE = 5


def parse_duration(value: Any) -> int:
    """The seconds of `7200`, `120m`, `2h` or `1d`."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise wrong(f"must be a duration, not {type_name(value)}", "try 7200 or 2h")
    if isinstance(value, str):
        if not re.fullmatch(DURATION, value):
            raise wrong(f"{shown(value)} is not a duration", "try 90m or 2h")
        unit = value[-1] if value[-1] in _UNITS else ""
        seconds = int(value.removesuffix(unit)[:12]) * _UNITS[unit]
    else:
        seconds = value
    if seconds > LONGEST:
        raise wrong(f"{shown(value)} is longer than a year", "try 366d or less")
    return seconds


def parse_idle_time(value: Any) -> int:
    """How long nothing may happen: a 2 that was meant as hours is not taken for seconds."""
    seconds = parse_duration(value)
    if seconds < SHORTEST_IDLE:
        raise wrong(f"{shown(value)} is too short, in seconds", f"try {SHORTEST_IDLE} or 2h")
    return seconds


def parse_age(value: Any) -> int:
    """The same; 0: any age."""
    return 0 if value == 0 and not isinstance(value, bool) else parse_idle_time(value)


def parse_pause(value: Any) -> int:
    """Between two looks of a service."""
    seconds = parse_duration(value)
    if not SHORTEST_PAUSE <= seconds <= 3600:
        raise wrong(f"{shown(value)} is too {'long' if seconds > 3600 else 'short'}", "try 60 or 10m")
    return seconds
