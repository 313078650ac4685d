"""The times that people write, before and after now."""

import pytest

from hubinstall.cli import moments
from hubinstall.errors import UserError

NOW = 1_800_000_000.0
TODAY = NOW - NOW % 86400

pytestmark = pytest.mark.usefixtures("utc")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30min", NOW - 1800), ("-2h", NOW - 7200), ("1 day ago", NOW - 86400), ("45s", NOW - 45), ("1w", NOW - 604800),
        ("today", TODAY), ("yesterday", TODAY - 86400),
        ("06:30", TODAY + 23400), ("2026-11-28 21:40", 1_795_902_000.0), ("2026-11-28", 1_795_824_000.0),
    ],
)  # fmt: skip
def test_since(text, expected):
    assert moments.past(text, NOW) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30min", NOW + 1800), ("+2h", NOW + 7200), ("3d", NOW + 3 * 86400),
        ("today", TODAY + 86400), ("Tomorrow", TODAY + 2 * 86400),
        ("06:30", TODAY + 23400 + 86400), ("23:59", TODAY + 86340), ("2027-02-01", 1_801_526_400.0),
        ("2027-02-01T06:30", 1_801_463_400.0),
    ],
)  # fmt: skip
def test_until(text, expected):
    assert moments.coming(text, NOW) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a time"),
        ("soon", "not a time"),
        ("2h ago", "not a time"),
        ("2026-01-01", "is over"),
        ("0s", "is over"),
        ("999999w", "ten years"),
        ("9999-12-31", "ten years"),
    ],
)  # fmt: skip
def test_until_no_time_to_come(text, words):
    with pytest.raises(UserError, match=words) as caught:
        moments.coming(text, NOW)
    assert "--until" in str(caught.value)
    assert caught.value.code == 2
