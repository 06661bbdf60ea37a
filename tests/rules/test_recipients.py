"""Who is told, by which channel, and why not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.recipients import Said, notices
from store.models.views import AudienceView

SUBTYPES = ["discussions", "note", "rated"]
partners = st.builds(
    AudienceView, st.integers(1, 9), st.just("x@x.example"), st.just("X"), st.booleans(), st.booleans(), st.just(""),
    st.sampled_from([{}, {"timing": "now"}, {"timing": "none"}, {"timing": "web"}]),
    st.none() | st.frozensets(st.sampled_from(SUBTYPES)), st.none() | st.just("bounced"),
)  # fmt: skip
audiences = st.lists(partners, unique_by=lambda p: p.partner_id)
ids = st.frozensets(st.integers(1, 9))


def someone(partner_id, *subtypes, internal=False, active=True, notify=None, suppressed=None):
    return AudienceView(
        partner_id,
        f"p{partner_id}@x.example",
        "",
        internal,
        active,
        "",
        notify or {},
        frozenset(subtypes),
        suppressed,
    )


def told(audience, **how):
    how = {"subtype": "discussions", "internal": False, "author_id": None, **how}
    return {
        notice.partner_id: (notice.channel, notice.state, notice.reason)
        for notice in notices(audience, Said(**how))
    }


def test_an_internal_note_does_not_reach_an_outside_follower():
    outside, inside = someone(2, "note"), someone(3, "note", internal=True)

    assert told([outside, inside], subtype="note", internal=True) == {
        2: ("none", "skipped", "for staff only"),
        3: ("email", "queued", "follower"),
    }


def test_an_outsider_mentioned_on_purpose_gets_the_note():
    assert told([someone(2)], subtype="note", internal=True, mentioned={2}, confirmed={2}) == {
        2: ("email", "queued", "mention")
    }
    assert told([someone(2)], subtype="note", internal=True, mentioned={2})[2][1] == "skipped"


def test_everybody_considered_has_a_row_that_says_why():
    audience = [
        someone(1, "discussions"), someone(2, "note"), someone(3, "discussions", active=False),
        someone(4, "discussions", suppressed="5.1.1 no such user"), someone(5, "discussions", notify={"timing": "none"}),
        someone(6, "discussions", internal=True, notify={"timing": "web"}), someone(7, "discussions"),
    ]  # fmt: skip

    assert told(audience, author_id=7) == {
        1: ("email", "queued", "follower"),
        2: ("none", "skipped", "not subscribed to discussions"),
        3: ("none", "skipped", "deactivated"),
        4: ("none", "suppressed", "5.1.1 no such user"),
        5: ("none", "skipped", "wants no notices"),
        6: ("inbox", "inbox", "follower"),
        7: ("none", "skipped", "the author"),
    }


def test_a_mention_breaks_through_quiet_wishes():
    quiet = someone(1, internal=True, notify={"timing": "none"})

    assert told([quiet], mentioned={1}) == {1: ("email", "queued", "mention")}


def test_who_got_the_original_is_spared_only_as_far_as_its_author_is_proven():
    inside, outside = someone(1, "discussions", internal=True), someone(2, "discussions")
    addressed = {inside.partner_id, outside.partner_id}

    assert told([inside, outside], addressed=addressed, addressed_count_for="everybody") == {
        1: ("inbox", "inbox", "addressed directly"), 2: ("none", "skipped", "addressed directly")}  # fmt: skip
    assert told([inside, outside], addressed=addressed, addressed_count_for="externals")[1] == (
        "email",
        "queued",
        "follower",
    )
    assert told([inside, outside], addressed=addressed)[2] == ("email", "queued", "follower")


def test_a_follower_who_lost_access_is_not_told_unless_he_is_named():
    lost, member = someone(1, "discussions", internal=True), someone(2, "discussions", internal=True)
    customer = someone(3, "discussions")

    assert told([lost, member, customer], members=[2]) == {
        1: ("none", "skipped", "no access to the record"),
        2: ("email", "queued", "follower"),
        3: ("email", "queued", "follower"),
    }
    assert told([lost], members=[2], mentioned={1}) == {1: ("email", "queued", "mention")}
    assert told([someone(4, internal=True)], access="followers", recipients={4})[4][1] == "queued"


def test_d02_followers_can_be_left_out_of_one_message():
    follower, named = someone(1, "discussions"), someone(2, "discussions")

    assert told([follower, named], named_only=True, recipients={2}) == {
        1: ("none", "skipped", "left out by the author"),
        2: ("email", "queued", "recipient"),
    }


def test_a_colleague_whose_address_is_dead_finds_a_mention_in_his_inbox():
    dead = someone(1, "discussions", internal=True, suppressed="5.1.1")

    assert told([dead], mentioned={1}) == {1: ("inbox", "inbox", "mention")}
    assert told([dead]) == {1: ("none", "suppressed", "5.1.1")}


@given(audiences, st.sampled_from(SUBTYPES), st.booleans(), st.integers(1, 9) | st.none(), ids, ids, ids)
def test_nobody_twice_the_author_never_and_no_outsider_unasked(
    audience, subtype, internal, author_id, mentioned, recipients, confirmed
):
    before = list(audience)

    said = Said(subtype, internal, author_id, mentioned, recipients, confirmed)
    found = notices(audience, said)

    assert [n.partner_id for n in found] == sorted(p.partner_id for p in audience)
    reached = {n.partner_id for n in found if n.state in ("queued", "inbox")}
    assert author_id not in reached
    by_id = {p.partner_id: p for p in audience}
    if internal:
        assert all(by_id[i].internal or i in confirmed for i in reached)
    assert all(by_id[i].active for i in reached)
    assert all(n.reason for n in found)
    assert audience == before
