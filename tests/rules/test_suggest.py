"""D03, T145: whom the composer proposes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.suggest import AUTHOR, CUSTOMER, Candidate, suggestions
from store.models.views import PartnerView


def partner(number: int, *, internal: bool = False, active: bool = True, name: str = "") -> PartnerView:
    return PartnerView(number, f"p{number}@x.test", name, internal, "", active, "", "", {})


ERIKA, OTTO, ALICE = partner(1, name="Erika"), partner(2), partner(3, internal=True)


def is_ours(email: str) -> bool:
    return email.endswith("@ours.test")


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ([Candidate("e@x.test", "E", CUSTOMER)], [("e@x.test", CUSTOMER)]),
        ([Candidate("", "nobody", "to")], []),
        ([Candidate("support@ours.test", "", "to")], []),
        ([Candidate("e@x.test", "", "to", partner=ERIKA)], []),  # she follows
        ([Candidate("e@x.test", "", CUSTOMER, partner=ERIKA)], [("e@x.test", CUSTOMER)]),
        ([Candidate("a@x.test", "", CUSTOMER, partner=ALICE)], []),  # a colleague is nobody's customer
        ([Candidate("a@x.test", "", AUTHOR, partner=ALICE)], [("a@x.test", AUTHOR)]),
        ([Candidate("me@x.test", "", "cc"), Candidate("w@x.test", "", "cc", partner=partner(9))], [("me@x.test", "cc")]),
        ([Candidate("o@x.test", "", "to", partner=OTTO), Candidate("o2@x.test", "", "cc", partner=OTTO)], [("o@x.test", "to")]),
        ([Candidate("o@x.test", "", "to"), Candidate("o@x.test", "", "cc")], [("o@x.test", "to")]),
        ([Candidate("g@x.test", "", "to", partner=partner(5, active=False))], []),
    ],
)  # fmt: skip
def test_who_is_proposed_and_why(candidates: list[Candidate], expected: list[tuple[str, str]]):
    found = suggestions(candidates, followers={ERIKA.id}, writer=9, is_ours=is_ours)

    assert [(one.email, one.reason) for one in found] == expected


def test_who_is_no_partner_yet_is_not_proposed_to_himself():
    found = suggestions([Candidate("me@x.test", "", "cc")], followers=(), writer="me@x.test", is_ours=is_ours)

    assert found == []


def test_a_name_that_the_mail_does_not_say_is_the_partner_s():
    [found] = suggestions(
        [Candidate("e@x.test", "", "to", partner=ERIKA)], followers=(), writer="", is_ours=is_ours
    )

    assert (found.name, found.partner) == ("Erika", ERIKA)


people = st.none() | st.builds(partner, st.integers(1, 5), internal=st.booleans(), active=st.booleans())
candidates = st.lists(
    st.builds(
        Candidate, st.sampled_from(["a@x.test", "b@x.test", "c@ours.test", ""]), st.sampled_from(["", "N"]),
        st.sampled_from([CUSTOMER, AUTHOR, "to", "cc", "recipient"]), st.booleans(), people,
    ),
    max_size=8,
)  # fmt: skip


@given(candidates, st.frozensets(st.integers(1, 5)), st.integers(1, 5))
def test_nobody_is_proposed_twice_nor_to_himself_nor_who_follows_but_the_customer(found, followers, writer):
    proposed = suggestions(found, followers=followers, writer=writer, is_ours=is_ours)

    ids = [one.partner.id for one in proposed if one.partner]
    assert len(ids) == len(set(ids)) and writer not in ids
    assert all(one.reason == CUSTOMER for one in proposed if one.partner and one.partner.id in followers)
    assert not any(is_ours(one.email) or not one.email for one in proposed)
