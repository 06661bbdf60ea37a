"""Which addresses are the gateway's own."""

from __future__ import annotations

import pytest

from gateway.rules.own import OwnDomain, is_ours, is_reserved

DOMAINS = [OwnDomain("threads.example"), OwnDomain("corp.example", reply="r", notifications="news")]

CASES = [
    ("reply@threads.example", True, "the bare prefix"),
    ("reply+abcdef@threads.example", True, "a signed reply address"),
    ("reply+abcdef+leave@threads.example", True, "with a verb"),
    ("bounce+abcdef@threads.example", True, "a reverse-path of ours"),
    ("leave+abcdef@threads.example", True, "the way out of a thread"),
    ("notifications@threads.example", True, "our From"),
    ("postmaster@threads.example", True, "must exist, RFC 5321"),
    ("abuse@corp.example", True, "must exist, RFC 2142"),
    ("r+abcdef@corp.example", True, "the prefix that this domain has"),
    ("news@corp.example", True, "the From that this domain has"),
    ("reply+abcdef@corp.example", False, "the prefix of another domain"),
    ("carla@threads.example", False, "a person in a domain of ours"),
    ("replying@threads.example", False, "only begins like a prefix"),
    ("reply+abcdef@elsewhere.example", False, "a domain that is not ours"),
    ("postmaster@elsewhere.example", False, "a domain that is not ours"),
]


@pytest.mark.parametrize(("address", "reserved", "why"), CASES)
def test_an_address_with_a_meaning_in_a_domain_of_ours_is_reserved(address: str, reserved: bool, why: str):
    assert is_reserved(address, DOMAINS) is reserved, why


def test_an_alias_is_ours_wherever_it_is():
    assert is_ours("support@threads.example", aliases={"support@threads.example"}, domains=DOMAINS)
    assert not is_ours("support@threads.example", aliases=(), domains=DOMAINS)
