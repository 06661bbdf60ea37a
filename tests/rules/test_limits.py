"""What is counted, as whose, and when it is one too many."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.rules.authorship import Confidence
from gateway.rules.limits import (
    Limits,
    Said,
    answers_itself,
    counted_as,
    is_counted,
    is_exempt,
    too_many,
    waits_until,
)
from tests.builders import NOW

ANN, BOB = 1, 2
V, T, C, F = Confidence


@pytest.mark.parametrize(("address", "key"), [
    ("ann.lee@corp.example", "annlee@corp.example"), ("a.n.n.lee+7@corp.example", "annlee@corp.example"),
    ("Ann.Lee@corp.example", "annlee@corp.example"), ("+x@corp.example", "+x@corp.example"),
    ("ann@a.corp.example", "ann@a.corp.example"),
])  # fmt: skip
def test_dots_and_tags_of_an_address_count_as_one(address: str, key: str):
    assert counted_as(address) == key


@pytest.mark.parametrize(("sure", "automatic", "internal", "opens", "counted"), [
    (V, False, False, False, False),  # a verified follower, however much he writes
    (V, False, True, True, False),    # a verified colleague who opens records
    (V, False, False, True, True),    # a verified stranger who opens records
    (V, True, True, False, True),     # the out-of-office of a colleague
    (T, False, False, False, False),  # a follower who uses his own reply address
    (C, False, False, False, True), (C, False, True, True, True),
])  # fmt: skip
def test_only_strangers_unproven_and_automatic_mail_is_counted(sure, automatic, internal, opens, counted):
    assert is_counted(sure, automatic=automatic, internal=internal, opens=opens, proven=True) is counted


def test_a_proven_stranger_is_counted_only_where_the_house_wants_it():
    assert not is_counted(V, automatic=False, internal=False, opens=True)
    assert is_counted(V, automatic=False, internal=False, opens=True, proven=True)


@pytest.mark.parametrize(("posted", "limits", "opens", "held"), [
    (4, Limits(records=5), True, False), (5, Limits(records=5), True, True), (9, Limits(records=0), True, False),
    (5, Limits(mails=5), False, True), (5, Limits(mails=6, records=1), False, False), (99, Limits(mails=0), False, False),
])  # fmt: skip
def test_the_limit_itself_passes_and_one_more_is_held(posted, limits, opens, held):
    reason = too_many(posted, limits, opens=opens)

    assert bool(reason) is held
    assert not held or "5 in 120 minutes" in reason


def test_an_exempt_address_must_be_proven():
    limits = Limits(exempt=frozenset({"watch@corp.example", "@shop.example"}))

    assert is_exempt("watch@corp.example", V, limits) and is_exempt("any@shop.example", V, limits)
    assert not is_exempt("watch@corp.example", C, limits)
    assert not is_exempt("ann@corp.example", V, limits)


def turns(*texts: str) -> list[Said]:
    """Ann says each of the texts, Bob something after each; newest first."""
    return [
        one for text in reversed(texts) for one in (Said(BOB, "Thank you for your mail"), Said(ANN, text))
    ]


FLOOD = [Said(ANN, "The very same words")] * 50


@pytest.mark.parametrize(("said", "text", "held"), [
    (turns(*["I am away until 7 May"] * 3), "I am away until 8 May", True),   # numbers do not matter
    (turns(*["I am away until May"] * 2), "I am away until May", False),
    (turns("One", "Two", "Three"), "Four", False),                           # two people who talk
    (FLOOD, "The very same words", False),                                            # nobody answered in between
    (turns(*["The very same words"] * 3)[1:], "The very same words", False),                   # nobody answered the last one
    ([Said(BOB, "x"), *FLOOD, *turns("The very same words")], "The very same words", False),
    (turns(*["Thank you!"] * 9), "Thank you!", False),                       # few words are a person's
    (turns(*["12"] * 9), "13", False),                                       # no words at all
    ([], "I am away", False),
])  # fmt: skip
def test_the_same_words_after_each_answer_are_a_program(said, text, held):
    assert bool(answers_itself(said, ANN, text, Limits(answers=3))) is held


def test_no_limit_of_answers_means_none():
    assert (
        answers_itself(turns(*["I am away until May"] * 30), ANN, "I am away until May", Limits(answers=0))
        == ""
    )


@pytest.mark.parametrize(("minutes_ago", "waits"), [(None, None), (61, None), (60, None), (59, 1), (0, 60)])
def test_mails_over_the_hour_s_share_wait_until_the_hour_is_over(minutes_ago, waits):
    nth_last = None if minutes_ago is None else NOW - timedelta(minutes=minutes_ago)

    assert waits_until(nth_last, NOW) == (None if waits is None else NOW + timedelta(minutes=waits))
