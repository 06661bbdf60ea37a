"""When a template wants its message to be sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.send_at import send_at

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CASES = [  # text, moment, why
    ("", "2026-11-23T12:00", "nothing is named: now"),
    ("2026-12-24T08:00:00+01:00", "2026-12-24T07:00", "a time with its offset, which is no step"),
    ("2026-12-24T08:00:00-02:00", "2026-12-24T10:00", "nor is one to the west"),
    ("2026-12-24T08:00", "2026-12-24T08:00", "a time without an offset is meant in UTC, as fields have it"),
    ("2026-12-24", "2026-12-24T00:00", "a date is its midnight"),
    (" 2026-12-24 - 2d ", "2026-12-22T00:00", "two days before, however it is spaced"),
    ("2026-12-24+8h", "2026-12-24T08:00", "the morning of a day"),
    ("2026-12-24T08:00:00+01:00 -30m", "2026-12-24T06:30", "an offset and a step"),
    ("+1w", "2026-11-30T12:00", "a step alone counts from now"),
    ("-1d", "2026-11-22T12:00", "before an empty field: in the past, which means now"),
    ("2020-01-01", "2020-01-01T00:00", "what has passed is the caller's to judge"),
]


@pytest.mark.parametrize(("text", "moment", "why"), CASES)
def test_a_moment_is_read(text: str, moment: str, why: str):
    assert send_at(text, NOW) == datetime.fromisoformat(moment).replace(tzinfo=UTC), why


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "12.5", "+3", "+3y", "2026-12-24 +1d +1d", "0001-01-01 -1d",
                                  "9999-12-31T23:00:00-05:00", "+99999w +"])  # fmt: skip
def test_what_names_no_moment_is_an_error(text: str):
    with pytest.raises(ValueError, match=r"."):
        send_at(text, NOW)


@given(st.text(max_size=30))
def test_any_text_is_a_moment_in_utc_or_an_error(text: str):
    try:
        assert send_at(text, NOW).utcoffset() == timedelta(0)
    except ValueError:
        pass
