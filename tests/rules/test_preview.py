"""Which links are looked at, how often a domain is asked, and when a link is given up."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.preview import MOST_ATTEMPTS, Which, domain_of, next_attempt, within_share
from tests.builders import NOW

OWN = frozenset(["threads.example.com", "desk.example.com"])


@pytest.mark.parametrize(
    ("url", "asked", "private", "why"),
    [
        ("https://shop.example/x", True, True, "a page of somebody"),
        ("https://www.example.com/", True, True, "our domain has other pages"),
        ("https://desk.example.com/leave/abc", False, False, "our own links act"),
        ("https://DESK.example.com.:443/leave/abc", False, False, "however they are written"),
        ("https://threads.example.com/", False, False, "our domain"),
        ("http://93.184.216.34/", False, True, "an address has no name"), ("http://[2606:2800::1]/", False, True, "nor has this one"),
        ("http://127.1/", False, True, "an address, cut short"), ("http://a.0x7f/", False, True, "read as an address"),
        ("http://intranet/", False, True, "a name of our own network"), ("ftp://shop.example/", False, False, "no page"),
        ("https://a:b@shop.example/", False, False, "with a password"),
    ],
)  # fmt: skip
def test_a_link_is_judged_by_its_looks(url: str, asked: bool, private: bool, why: str):
    assert Which(own=OWN).may_be_asked(url) is asked, why
    assert Which(own=OWN, allow_private=True).may_be_asked(url) is private, why


def test_the_first_links_that_may_be_asked_are_chosen():
    urls = [
        "https://desk.example.com/leave",
        "https://a.example/",
        "http://10.0.0.1/",
        "https://b.example/",
        "https://c.example/",
    ]

    assert Which(own=OWN, most=2).chosen(urls) == ["https://a.example/", "https://b.example/"]


@pytest.mark.parametrize(
    ("everyone", "internal", "own_words", "asked"),
    [
        (False, True, True, True),
        (False, False, True, False),
        (False, True, False, False),
        (True, False, False, True),
    ],
)
def test_only_links_that_a_colleague_wrote_unless_everybody_s_are(
    everyone: bool, internal: bool, own_words: bool, asked: bool
):
    assert Which(everyone=everyone).are_asked_of(internal=internal, own_words=own_words) is asked


@pytest.mark.parametrize(
    ("url", "domain"),
    [("https://a.b.example.com/", "example.com"), ("https://shop.example.co.uk/", "example.co.uk"),
     ("http://127.0.0.1:8000/", "127.0.0.1"), ("http://localhost/", "localhost"),
     ("https://someone.github.io/", "someone.github.io")],
)  # fmt: skip
def test_links_are_counted_by_who_registered_the_domain(url: str, domain: str):
    assert domain_of(url) == domain


def test_a_link_is_tried_three_times_at_growing_distances():
    first, second, third = (next_attempt(attempts, NOW) for attempts in (1, 2, MOST_ATTEMPTS))

    assert first is not None and second is not None
    assert NOW < first < second and third is None


@given(
    st.lists(st.sampled_from("abc")), st.dictionaries(st.sampled_from("abc"), st.integers(0, 6)), st.integers(1, 5)
)  # fmt: skip
def test_no_domain_is_asked_more_than_its_share_and_none_is_lost(
    domains: list[str], asked: dict[str, int], most: int
):
    due = list(enumerate(domains))

    now, later = within_share(due, asked, per_domain=most)

    assert sorted(now + later) == list(range(len(due)))
    asked_now = Counter(domains[index] for index in now)
    for domain, count in Counter(domains).items():
        assert asked_now[domain] == min(count, max(0, most - asked.get(domain, 0)))
        assert [index for index in now if domains[index] == domain] == [i for i, d in due if d == domain][: asked_now[domain]]  # fmt: skip
