from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.retry import GIVE_UP_AFTER, may_suppress, next_attempt, pause

BORN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 1), (2, 5), (3, 15), (4, 60), (5, 120), (6, 240), (7, 480), (40, 480)]
)
def test_the_waits_grow_to_eight_hours(attempts: int, minutes: int):
    assert next_attempt(attempts, created_at=BORN, now=BORN, jitter=0.0) == BORN + timedelta(minutes=minutes)


def test_the_last_attempt_comes_at_the_end_of_the_five_days_and_none_after_it():
    nearly = BORN + GIVE_UP_AFTER - timedelta(hours=1)

    assert next_attempt(9, created_at=BORN, now=nearly, jitter=0.5) == BORN + GIVE_UP_AFTER
    assert next_attempt(10, created_at=BORN, now=BORN + GIVE_UP_AFTER, jitter=0.5) is None


@given(st.lists(st.floats(0, 1), min_size=40, max_size=40))
def test_attempts_come_later_and_later_and_end(jitters: list[float]):
    now, times = BORN, []
    for attempts, jitter in enumerate(jitters, 1):
        due = next_attempt(attempts, created_at=BORN, now=now, jitter=jitter)
        if due is None:
            break
        assert due > now
        times.append(due)
        now = due
    else:
        raise AssertionError("it never gave up")

    assert 12 <= len(times) <= 30


def test_an_unreachable_next_hop_is_asked_at_least_once_a_minute():
    assert [pause(failures).total_seconds() for failures in (0, 1, 2, 5, 6, 1000)] == [2, 2, 4, 32, 60, 60]


@pytest.mark.parametrize(
    ("finished", "hard", "expected"),
    [(1, 1, True), (19, 19, True), (20, 4, True), (20, 5, False), (1000, 200, True), (1000, 201, False)],
)
def test_suppression_stops_when_a_fifth_of_at_least_twenty_fails_hard(
    finished: int, hard: int, expected: bool
):
    assert may_suppress(finished, hard) is expected
