"""Signed local parts: what is minted is read, what is changed by one letter is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.token import EPOCH, Keys, Kind, Token, mint, read, read_local_part, week_of

KEYS = Keys({3: b"a" * 32, 4: b"b" * 32}, current=4)
PREFIXES = {"reply": None, "bounce": Kind.BOUNCE, "leave": Kind.LEAVE}
tokens = st.builds(
    Token,
    st.sampled_from(Kind),
    st.integers(0, 2**63 - 1),
    st.integers(0, 2**56 - 1),
    st.booleans(),
    st.integers(0, 255),
    st.integers(0, 2047),
)


@given(tokens)
def test_what_is_minted_is_read_in_any_case_and_fits_into_a_local_part(token: Token):
    text = mint(token, KEYS)

    assert read(text, KEYS) == read(text.upper(), KEYS) == token
    assert len(f"reply+{text}+leave") <= 64  # RFC 5321 section 4.5.3.1.1
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyz234567")


@given(tokens, st.integers(0), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_one_changed_letter_makes_it_unknown(token: Token, place: int, letter: str):
    text = mint(token, KEYS)
    place %= len(text)
    changed = text[:place] + letter + text[place + 1 :]

    assert read(changed, KEYS) is None or changed == text


@given(st.text(max_size=80))
def test_any_text_is_read_or_unknown_and_never_an_error(text: str):
    assert read(text, KEYS) is None


def test_typical_tokens_are_short():
    assert len(mint(Token(Kind.REPLY, 1_000_000, 50_000, False, 0, 46), KEYS)) <= 40


def test_an_old_key_is_still_read_and_a_removed_one_is_not():
    old = mint(Token(Kind.REPLY, 7, 8), Keys(KEYS.secrets, current=3))

    assert read(old, KEYS) == Token(Kind.REPLY, 7, 8)
    assert read(old, Keys({4: KEYS.secrets[4]}, 4)) is None


@pytest.mark.parametrize(
    ("prefix", "kind", "is_known"),
    [
        ("reply", Kind.REPLY, True),
        ("reply", Kind.DIGEST, True),
        ("reply", Kind.BOUNCE, False),  # kinds are not interchangeable
        ("bounce", Kind.BOUNCE, True),
        ("bounce", Kind.REPLY, False),
        ("leave", Kind.LEAVE, True),
        ("leave", Kind.REPLY, False),
        ("other", Kind.REPLY, False),
    ],
)
def test_each_prefix_takes_its_own_kind_only(prefix: str, kind: Kind, is_known: bool):
    text = mint(Token(kind, 5, 6), KEYS)

    assert (read_local_part(f"{prefix}+{text}", PREFIXES, KEYS) is not None) is is_known


@pytest.mark.parametrize(
    ("verb", "is_known"), [("", True), ("leave", True), ("mute", True), ("shout", False)]
)
def test_verbs_are_a_closed_list(verb: str, is_known: bool):
    local_part = "reply+" + mint(Token(Kind.REPLY, 5, 6), KEYS) + (f"+{verb}" if verb else "")

    assert (read_local_part(local_part, PREFIXES, KEYS) is not None) is is_known


def test_there_is_no_room_for_larger_ids():
    with pytest.raises(ValueError, match="no room"):
        mint(Token(Kind.REPLY, 2**63), KEYS)


def test_weeks_count_from_the_epoch():
    assert week_of(EPOCH + timedelta(weeks=46, days=3)) == 46
    assert week_of(datetime(2020, 1, 1, tzinfo=UTC)) == 0
