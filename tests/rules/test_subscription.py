"""Subtypes: what a new follower gets and what an outsider never gets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.subscription import Subtype, allowed, defaults, unknown, with_generic

TICKET = with_generic(
    [Subtype("stage_changed", "Stage changed", default=True, internal=True), Subtype("rated", "Rated")]
)
subtypes = st.lists(
    st.builds(Subtype, st.text("abc", min_size=1), st.just("L"), st.booleans(), st.booleans()),
    unique_by=lambda s: s.name,
)


def test_a_new_follower_gets_the_defaults_an_outsider_none_that_is_internal():
    assert defaults(TICKET, internal=True) == {"stage_changed", "discussions"}
    assert defaults(TICKET, internal=False) == {"discussions"}


def test_generic_subtypes_are_there_unless_the_type_declares_its_own():
    own = with_generic([Subtype("note", "Remark", default=True, internal=True)])

    assert [s.label for s in own if s.name == "note"] == ["Remark"]
    assert {s.name for s in own} == {"discussions", "note", "activities"}


def test_unknown_names_are_named():
    assert unknown(TICKET, ["rated", "zzz", "aaa"]) == ["aaa", "zzz"]


@given(subtypes, st.frozensets(st.text("abc")))
def test_an_outsider_never_gets_an_internal_subtype(declared, wanted):
    internal = {s.name for s in declared if s.internal}

    assert not allowed(declared, wanted, internal=False) & internal
    assert not defaults(declared, internal=False) & internal
