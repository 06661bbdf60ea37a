"""The trust table, row by row (DESIGN section 5)."""

from __future__ import annotations

import itertools

import pytest

from gateway.rules.authorship import Admit, Confidence, Hold, Policy, Verdict, admission, confidence
from gateway.rules.routing import Nowhere, ToAlias, ToThread
from store.models.views import ParticipantView

SEVEN = frozenset({(7, 0)})
THREAD = ToThread(1, by="token", minted=SEVEN)
BY_REFERENCES = ToThread(1, by="references")
ALIAS = ToAlias(1, "ticket", "support@x.example")


def who(*, internal=False, active=True, follower=False, invited=False, partner_id=7) -> ParticipantView:
    return ParticipantView(partner_id, "N", "n@x.example", internal, active, follower, invited)


COLLEAGUE, FOLLOWER, INVITED, OUTSIDER = (
    who(internal=True),
    who(follower=True),
    who(invited=True),
    who(partner_id=9),
)
POSTS, POSTS_FOLLOWS = Admit("", follow=False), Admit("", follow=True)
BADGE, BADGE_FOLLOWS = Admit("", badge=True), Admit("", follow=True, badge=True)
HELD, ASKED = Hold(""), Hold("", confirm=True)

TABLE = [
    # author, route, verified, token, claimed, failed
    (COLLEAGUE, THREAD, POSTS_FOLLOWS, ASKED, ASKED, HELD),
    (who(internal=True, active=False), THREAD, HELD, HELD, HELD, HELD),
    (FOLLOWER, THREAD, POSTS, BADGE, BADGE, HELD),
    (FOLLOWER, BY_REFERENCES, POSTS, BADGE, HELD, HELD),
    (INVITED, THREAD, POSTS_FOLLOWS, BADGE_FOLLOWS, HELD, HELD),
    (OUTSIDER, THREAD, HELD, None, HELD, HELD),
    (None, THREAD, HELD, None, HELD, HELD),
    (None, ALIAS, POSTS_FOLLOWS, None, BADGE, HELD),
    (OUTSIDER, ALIAS, POSTS_FOLLOWS, None, BADGE, HELD),
    (COLLEAGUE, ALIAS, POSTS_FOLLOWS, None, ASKED, HELD),
    (FOLLOWER, Nowhere("nowhere"), HELD, HELD, HELD, HELD),
]
CASES = [
    (author, route, sure, expected)
    for author, route, *row in TABLE
    for sure, expected in zip(Confidence, row, strict=True)
    if expected is not None
]


@pytest.mark.parametrize(("author", "route", "sure", "expected"), CASES)
def test_the_trust_table(author, route, sure, expected):
    found = admission(route, author, sure, may_access=True, policy=Policy())

    assert type(found) is type(expected)
    if isinstance(found, Admit):
        assert (found.follow, found.badge) == (expected.follow, expected.badge)
    else:
        assert found.confirm == expected.confirm
    assert found.reason


def test_a_colleague_without_access_is_held_even_when_verified():
    assert isinstance(
        admission(THREAD, COLLEAGUE, Confidence.VERIFIED, may_access=False, policy=Policy()), Hold
    )


def test_the_partner_of_the_token_is_invited_by_it():
    stranger = who()  # partner 7, for whom the token was minted; follows nothing yet

    assert admission(THREAD, stranger, Confidence.TOKEN, may_access=False, policy=Policy()) == Admit(
        "answers with his own reply address", follow=True, badge=True
    )


@pytest.mark.parametrize(
    ("policy", "same", "expected"),
    [("hold", True, Hold), ("same_domain", True, Admit), ("same_domain", False, Hold)],
)
def test_outsiders_of_the_same_domain_post_where_the_policy_says_so(policy, same, expected):
    found = admission(
        THREAD,
        None,
        Confidence.VERIFIED,
        may_access=False,
        policy=Policy(outsiders=policy),
        same_domain=lambda: same,
    )

    assert isinstance(found, expected)


@pytest.mark.parametrize(("auto_follow", "sure", "follows"), [
    ("verified", Confidence.VERIFIED, True), ("verified", Confidence.CLAIMED, False),
    ("always", Confidence.CLAIMED, True), ("never", Confidence.VERIFIED, False),
])  # fmt: skip
def test_who_follows_by_opening_a_record_is_a_policy(auto_follow, sure, follows):
    found = admission(ALIAS, None, sure, may_access=False, policy=Policy(auto_follow=auto_follow))

    assert isinstance(found, Admit) and found.follow is follows


@pytest.mark.parametrize(("result", "author", "token", "expected"), [
    ("pass", 7, 0, Confidence.VERIFIED), ("pass", None, 0, Confidence.VERIFIED), ("fail", 7, 7, Confidence.FAILED),
    ("none", 7, 7, Confidence.TOKEN), ("none", 7, 8, Confidence.CLAIMED), ("none", None, 0, Confidence.CLAIMED),
    ("none", None, 7, Confidence.CLAIMED),
])  # fmt: skip
def test_a_token_never_outweighs_evidence(result, author, token, expected):
    assert confidence(Verdict(result, ""), author_id=author, token_partner_ids={token} - {0}) is expected


def test_of_two_partners_reply_addresses_the_author_s_own_counts():
    for partner_id in (7, 8):
        assert (
            confidence(Verdict("none", ""), author_id=partner_id, token_partner_ids={7, 8})
            is Confidence.TOKEN
        )
    assert confidence(Verdict("none", ""), author_id=9, token_partner_ids={7, 8}) is Confidence.CLAIMED


def test_nothing_but_proof_lets_a_colleague_in():
    for author, route, sure in itertools.product(
        [COLLEAGUE, who(internal=True, follower=True)], [THREAD, BY_REFERENCES, ALIAS], Confidence
    ):
        found = admission(
            route,
            author,
            sure,
            may_access=True,
            policy=Policy("same_domain", "always"),
            same_domain=lambda: True,
        )
        assert isinstance(found, Hold) or sure is Confidence.VERIFIED
