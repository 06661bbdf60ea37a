"""Enhanced statuses are found in the prose of thirty years of mail systems, and read for a person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail import status

FOUND = [
    ("550 5.1.1 <bob@hill.example>: User unknown", "5.1.1", "behind the reply code"),
    ("550-5.7.26 This mail is unauthenticated", "5.7.26", "a line of several"),
    ("Sorry, no mailbox here by that name. (#5.1.1)", "5.1.1", "in brackets"),
    ("#5.1.10#", "5.1.10", "two digits of detail"),
    ("5.01.001 odd", None, "two digits of subject are no status"),
    ("550 5.1.001 odd", "5.1.1", "leading zeros"),
    ("host 5.1.1.2 did not answer", None, "an IP address"),
    ("mailer version 5.5.1 said so", None, "a version"),
    ("sendmail 8.14.3", None, "no class"),
    ("5.9.1", None, "no such subject"),
    ("250 2.1.5 Ok, then 451 4.3.0 queue file write error", "4.3.0", "a success is no reason of a failure"),
    ("554 5.0.0 Service unavailable; 5.2.2 over quota", "5.2.2", "the one that tells more"),
    ("554 4.4.7 expired <421 4.4.2 connection dropped>", "4.4.2", "the cause, not that time ran out"),
    ("550 No such user", None, "no enhanced status at all"),
]

HARD = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"]
NOT_HARD = ["5.1.7", "5.1.8", "5.2.2", "5.3.0", "5.4.4", "5.7.1", "5.0.0", "4.1.1", "2.1.5"]


@pytest.mark.parametrize(("text", "expected", "why"), FOUND, ids=lambda v: None)
def test_the_telling_status_is_found(text, expected, why):
    assert status.find(text) == expected, why


@pytest.mark.parametrize("value", HARD)
def test_an_address_is_dead_by_these(value):
    assert status.is_hard(value)


@pytest.mark.parametrize("value", NOT_HARD)
def test_an_address_lives_by_these(value):
    assert not status.is_hard(value)


def test_a_field_value_is_read_with_its_comment():
    assert status.parse("5.2.2 (mailbox full)") == "5.2.2"
    assert status.parse("failed") is None


def test_a_person_is_told_what_it_means():
    assert status.words("5.1.1") == "refused: the mailbox does not exist"
    assert status.words("4.4.99") == "not delivered yet because of the network or the routing"


@given(st.text())
def test_whatever_is_found_can_be_read_again(text):
    for one in status.find_all(text):
        assert status.parse(one) == one
        assert one[0] in "245"
        assert status.words(one)
