from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.allowed import Facts, refusal

reasons = st.sampled_from(["follower", "mention", "recipient", "assigned", "invited", "other"])
facts = st.builds(
    Facts, reason=reasons, follows=st.booleans(), assigned=st.booleans(), internal_message=st.booleans(),
    confirmed=st.booleans(), internal_partner=st.booleans(),
    partner_active=st.booleans(), may_access=st.booleans(), withdrawn=st.booleans(), read=st.booleans(),
    suppressed=st.none() | st.just("bounced"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (Facts("follower"), None),
        (Facts("follower", follows=False), ("skipped", "no follower any more")),
        (Facts("recipient", follows=False), None),
        (Facts("invited"), None),
        (Facts("invited", follows=False), ("skipped", "not following any more")),
        (Facts("assigned", follows=False), None),
        (Facts("assigned", assigned=False), ("skipped", "no longer assigned")),
        (Facts("follower", assigned=False), None),
        (Facts("mention", follows=False), None),
        (Facts("follower", withdrawn=True), ("skipped", "the message was withdrawn")),
        (Facts("follower", partner_active=False), ("skipped", "the partner is inactive")),
        (Facts("follower", read=True), ("skipped", "read on the web")),
        (Facts("follower", suppressed="bounced"), ("suppressed", "bounced")),
        (Facts("follower", internal_message=True), None),
        (Facts("follower", internal_message=True, may_access=False), ("skipped", "no access to the record")),
        (Facts("follower", may_access=False), ("skipped", "no access to the record")),
        (Facts("follower", internal_partner=False, may_access=False), None),
        (Facts("mention", internal_message=True, may_access=False), None),
        (
            Facts("mention", internal_message=True, internal_partner=False, confirmed=True, may_access=False),
            None,
        ),
        (
            Facts("mention", internal_message=True, internal_partner=False),
            ("skipped", "internal: the reader is an outsider"),
        ),
    ],
)
def test_what_changed_since_the_post_is_respected(known: Facts, expected: tuple[str, str] | None):
    found = refusal(known)

    assert (found and found[:2]) == expected


@given(facts)
def test_a_note_never_reaches_an_outsider_who_was_not_named_on_purpose(known: Facts):
    found = refusal(known)

    if known.internal_message and not known.internal_partner and not known.confirmed:
        assert found is not None and found.leak


@given(facts)
def test_a_withdrawn_message_or_a_dead_address_gets_nothing(known: Facts):
    if known.withdrawn or known.suppressed is not None or not known.partner_active:
        assert refusal(known) is not None
