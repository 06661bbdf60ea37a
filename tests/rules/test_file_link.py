"""A link leads to its one file until its day has passed, and nowhere once a letter is changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.file_link import LIVES, mint_link, read_link
from gateway.rules.token import Keys

KEYS = Keys({1: b"k" * 32, 2: b"o" * 32}, 1)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@given(st.integers(0, 2**63 - 1))
def test_what_was_minted_is_read(file_id):
    link = mint_link(file_id, NOW, KEYS)

    assert read_link(link, KEYS, NOW + LIVES) == file_id
    assert read_link(link, KEYS, NOW + LIVES + timedelta(days=1)) is None
    assert link.isalnum() and link == link.lower()


@given(st.integers(0, 52), st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789-"))
def test_one_changed_letter_leads_nowhere(place, letter):
    link = mint_link(7, NOW, KEYS)
    place %= len(link) - 1  # the spare bits of the last letter are nobody's
    changed = link[:place] + letter + link[place + 1 :]

    assert changed == link or read_link(changed, KEYS, NOW) is None


@given(st.text(max_size=80))
def test_any_text_is_read_without_trouble(text):
    assert read_link(text, KEYS, NOW) is None


def test_an_old_key_still_opens_and_a_foreign_one_does_not():
    link = mint_link(7, NOW, Keys(KEYS.secrets, 2))

    assert read_link(link, KEYS, NOW) == 7
    assert read_link(link, Keys({2: b"x" * 32}, 2), NOW) is None
