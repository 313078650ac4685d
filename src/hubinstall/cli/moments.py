"""The times that people write after `--since` and `--until`. Times without a zone are this machine's."""

import re
import time
from datetime import datetime, timedelta

from hubinstall.errors import UserError

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
SPAN = re.compile(r"[-+]?\s*(\d{1,6})\s*(s|m|h|d|w|sec\w*|min\w*|hours?|days?|weeks?)(\s+ago)?", re.IGNORECASE)
CLOCK = ("%H:%M:%S", "%H:%M")
FARTHEST = 10 * 366 * 86400
"""Seconds; what is to end later than that was mistyped, and no date has more than four digits for its year."""
TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", *CLOCK)


def past(text: str, now: float) -> float:
    """What is meant by `--since`, as seconds since the epoch. Raises UserError if it is not a time."""
    words = text.strip().lower()
    if span := SPAN.fullmatch(words):
        return now - _seconds(span)
    days = {"today": 0, "yesterday": 1}
    if words in days:
        return (_midnight(now) - timedelta(days=days[words])).timestamp()
    if found := _written(text, now):
        return found[0].timestamp()
    examples = 'such as 30min, 2h, 3d, today, 14:30 or "2026-11-28 14:30"'
    raise UserError(f"--since {text}: this is not a time", f"Write a time {examples}.", code=2)


def coming(text: str, now: float) -> float:
    """What is meant by `--until`: a span from now on, the next time that a clock shows this, or the end of a day.

    Raises UserError if it is not a time, or is over.
    """
    words, end = text.strip().lower(), 0.0
    if (span := SPAN.fullmatch(words)) and not span[3] and not words.startswith("-"):
        end = now + _seconds(span)
    elif words in {"today", "tomorrow"}:
        end = (_midnight(now) + timedelta(days=1 if words == "today" else 2)).timestamp()
    elif found := _written(text, now):
        at, form = found
        next_day = form in CLOCK and at.timestamp() <= now
        end = at.timestamp() + (86400 if next_day or form == "%Y-%m-%d" else 0)
    if now < end <= now + FARTHEST:
        return end
    wrong = "is more than ten years away" if end > now else "is over" if end else "is not a time"
    raise UserError(
        f"--until {text}: this {wrong}", 'Write a time such as 2h, 3d, today, 18:00 or "2026-12-01 18:00".', code=2
    )


def _seconds(span: re.Match[str]) -> int:
    return int(span[1]) * UNITS[span[2][0].lower()]


def _midnight(now: float) -> datetime:
    return datetime.fromtimestamp(now).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)


def _written(text: str, now: float) -> tuple[datetime, str] | None:
    """A date, a time of today, or both; and in which of the forms it is written."""
    for form in TIMES:
        try:
            parsed = time.strptime(text.strip().replace("T", " "), form)
        except ValueError:
            continue
        clock = {"hour": parsed.tm_hour, "minute": parsed.tm_min, "second": parsed.tm_sec}
        dated = {"year": parsed.tm_year, "month": parsed.tm_mon, "day": parsed.tm_mday} if "%Y" in form else {}
        return _midnight(now).replace(**dated, **clock), form  # type: ignore[arg-type]
    return None
