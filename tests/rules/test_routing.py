"""Where a mail goes; the order of the envelope does not matter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.routing import (
    AliasTarget,
    Catchall,
    Digest,
    Notifications,
    Nowhere,
    Postmaster,
    Reply,
    ToAlias,
    ToThread,
    chosen,
    from_row,
    routes,
    to_row,
)

ALIAS = AliasTarget(3, "ticket", "support@x.example")
SALES = AliasTarget(4, "order", "sales@x.example")
SEVEN = frozenset({(7, 0)})
BOTH = frozenset([ALIAS.address, SALES.address])
targets = st.lists(
    st.one_of(
        st.builds(Reply, st.integers(1, 3), st.integers(0, 3), st.booleans()),
        st.builds(AliasTarget, st.integers(1, 2), st.just("ticket"), st.just("a@x.example")),
        st.sampled_from([Postmaster(), Notifications(), Catchall(), Digest(1, 2)]),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize(("given_targets", "referenced", "expected"), [
    ([Reply(1, 7)], [], [ToThread(1, "token", minted=SEVEN)]),
    ([Reply(1, 0)], [], [ToThread(1, "record address")]),
    ([Reply(1, 7), ALIAS], [], [ToThread(1, "token", minted=SEVEN)]),
    ([Reply(1, 7), Reply(2, 7)], [], [ToThread(1, "token", minted=SEVEN), ToThread(2, "token", minted=SEVEN)]),
    ([Reply(1, 7), Reply(1, 0, internal=True)], [], [ToThread(1, "token", True, SEVEN)]),
    ([Reply(1, 7), Reply(1, 8)], [], [ToThread(1, "token", minted=frozenset({(7, 0), (8, 0)}))]),
    ([ALIAS], [], [ToAlias(3, "ticket", "support@x.example")]),
    ([ALIAS], [9, 8], [ToThread(9, "references")]),
    ([Reply(1, 7)], [9], [ToThread(1, "token", minted=SEVEN)]),  # the envelope comes first
    ([Notifications()], [9], [ToThread(9, "references")]),
    ([Postmaster()], [], [Nowhere("mail for the postmaster")]),
])  # fmt: skip
def test_where_a_mail_goes(given_targets, referenced, expected):
    assert [route for route, _ in routes(given_targets, referenced)] == expected


@given(targets, st.lists(st.integers(1, 3), max_size=2), st.randoms(use_true_random=False))
def test_every_target_is_answered_for_once_and_order_does_not_matter(given_targets, referenced, random):
    shuffled = list(given_targets)
    random.shuffle(shuffled)

    found, other = routes(given_targets, referenced), routes(shuffled, referenced)

    assert sorted(index for _, indices in found for index in indices) == list(range(len(given_targets)))

    def places(ends):
        return {
            (
                type(route),
                getattr(route, "thread_id", getattr(route, "alias_id", None)),
                getattr(route, "internal", None),
                getattr(route, "by", None),
                getattr(route, "partner_ids", None),
            )
            for route, _ in ends
        }

    assert places(found) == places(other)


@given(targets)
def test_a_target_is_read_back_from_the_ledger_as_it_was_written(given_targets):
    assert [from_row(*to_row(target)) for target in given_targets] == given_targets


@pytest.mark.parametrize(("given_targets", "to", "expected"), [
    ([SALES], BOTH, [(ToAlias(4, "order", "sales@x.example"), [0])]),  # T068: forwarded to another type
    ([ALIAS], BOTH, [(ToThread(9, "references"), [0])]),  # T069: an alias of the same type
    ([SALES], frozenset(["bob@y.example"]), [(ToThread(9, "references"), [0])]),  # T069: only in Cc
    ([ALIAS, SALES, Catchall()], BOTH, [(ToAlias(4, "order", "sales@x.example"), [1, 0, 2])]),  # T070
    ([Reply(9, 7), SALES], BOTH, [(ToThread(9, "token", minted=SEVEN), [0, 1])]),  # envelope first: a reply address wins
])  # fmt: skip
def test_an_answer_addressed_to_an_alias_of_another_type_opens_there(given_targets, to, expected):
    assert routes(given_targets, [9], referenced_type="ticket", to=to) == expected


@given(targets, st.booleans())
def test_a_person_s_choice_of_a_thread_keeps_inside_what_is_inside(given_targets, answers_inside):
    was_inside = any(isinstance(target, Reply) and target.internal for target in given_targets)

    route = chosen(5, given_targets, answers_inside=answers_inside)

    assert (route.thread_id, route.internal) == (5, was_inside or answers_inside)
    assert route.partner_ids == frozenset()  # those who could write to other threads prove nothing here
