"""What is done with a class of authors: who is asked, and what it changes."""

from __future__ import annotations

import pytest

from gateway.rules.authorship import Admit, Hold
from gateway.rules.policy import (
    CLASSES,
    DECISIONS,
    Discard,
    Level,
    Refuse,
    applied,
    author_class,
    decision,
    house_rule,
    own_words,
    problem,
)
from store.models.views import ParticipantView


def who(**facts: bool) -> ParticipantView:
    known = {"internal": False, "active": True, "follower": False, "invited": False} | facts
    return ParticipantView(1, "N", "n@x.example", **known)


@pytest.mark.parametrize(("author", "automatic", "opens", "expected"), [
    (None, False, True, "stranger"), (None, False, False, "stranger"), (None, True, True, "automatic"),
    (who(), False, True, "known"), (who(internal=True), False, True, "internal"),
    (who(internal=True, follower=True), False, False, "internal"), (who(follower=True), False, False, "follower"),
    (who(invited=True), False, False, "follower"), (who(follower=True), False, True, "known"),
    (who(internal=True), True, False, "automatic"),
])  # fmt: skip
def test_every_author_has_one_class(author, automatic, opens, expected):
    assert author_class(author, automatic=automatic, opens=opens) == expected


def test_the_alias_is_asked_before_the_type_and_the_type_before_the_house():
    levels = [
        Level("the alias", {"stranger": "reject", "known": None}),
        Level("the record type", {"stranger": "hold", "known": "discard", "refusal_html": "<p>No</p>"}),
        Level("the house", {"internal": "accept", "automatic": "open", "outsiders": "same_domain"}),
    ]

    assert [decision(name, levels)[0] for name in CLASSES] == ["accept", "", "discard", "reject", "accept"]
    assert decision("stranger", levels)[1] == "the alias: stranger reject"
    assert own_words(levels) == "<p>No</p>"
    assert (house_rule("outsiders", levels, "hold"), house_rule("auto_follow", levels, "never")) == (
        "same_domain",
        "never",
    )


@pytest.mark.parametrize("word", ["", *DECISIONS])
@pytest.mark.parametrize("trusted", [Admit("posts"), Hold("no proof", confirm=True)])
def test_a_policy_is_never_laxer_than_the_trust_table(word, trusted):
    found = applied(trusted, (word, "the house: stranger " + word), "<p>No</p>")

    expected = {"reject": Refuse, "discard": Discard, "hold": Hold}.get(word, type(trusted))
    assert isinstance(found, expected)
    assert isinstance(trusted, Admit) or not isinstance(found, Admit)
    if isinstance(trusted, Hold) and isinstance(found, Hold):
        assert found == trusted  # its own reason, and the question whether he wrote it


@pytest.mark.parametrize(("policy", "of_type", "wrong"), [
    ({}, True, None), ({"stranger": "reject", "automatic": "open", "refusal_html": "<p>x</p>"}, False, None),
    ({"access": "members", "outsiders": "same_domain", "auto_follow": "never"}, True, None),
    ({"stranger": None}, False, None),
    ({"stranger": "bounce"}, False, "stranger"), ({"known": "open"}, False, "known"), ({"stanger": "hold"}, False, "stanger"),
    ({"access": "members"}, False, "access"), ({"access": "nobody"}, True, "access"),
    ({"automatic": True}, True, "automatic"), ({"outsiders": "all"}, True, "outsiders"),
])  # fmt: skip
def test_a_wrong_entry_is_named(policy, of_type, wrong):
    found = problem(policy, of_type=of_type)

    assert (found and found[0]) == wrong
