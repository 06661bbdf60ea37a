"""Whose word about the author counts (DESIGN section 5)."""

from __future__ import annotations

import pytest

from gateway.inbound.authenticate import Hop, Peers, Trust, authenticate
from gateway.mail.envelope import Client
from gateway.mail.parse import parse
from gateway.mail.topmost import topmost_fields
from tests.builders import AUTHSERV, DOMAIN, HOP, a_mail, stamped

TRUST = Trust(frozenset({DOMAIN}), Peers(["192.0.2.1"]), (Hop(Peers([HOP]), (AUTHSERV,)),))
STRANGER, FRONT, RELAY = Client("198.51.100.7"), Client(HOP, peer=HOP), Client("192.0.2.1", peer="192.0.2.1")
OURS, THEIRS = f"boss@{DOMAIN}", "carol@customer.example"


@pytest.mark.parametrize(
    ("author", "client", "door", "stamp", "expected"),
    [
        (OURS, STRANGER, "smtp", None, "fail"),  # nobody says anything
        (OURS, STRANGER, "smtp", "pass", "fail"),  # whoever writes may write that too
        (OURS, FRONT, "smtp", None, "fail"),
        (OURS, FRONT, "smtp", "none", "fail"),
        (OURS, FRONT, "smtp", "temperror", "fail"),
        (OURS, FRONT, "smtp", "fail", "fail"),
        (OURS, FRONT, "lmtp", "pass", "pass"),  # that is authentication
        (OURS, FRONT, "raw", "pass", "fail"),  # over HTTP there is no hop
        (OURS, RELAY, "smtp", None, "pass"),
        (THEIRS, STRANGER, "smtp", "pass", "none"),
        (THEIRS, FRONT, "smtp", "pass", "pass"),
        (THEIRS, FRONT, "smtp", "none", "none"),
        (THEIRS, FRONT, "smtp", "fail", "fail"),
    ],
)
def test_an_author_in_a_domain_of_ours_needs_proof_and_any_other_may_lack_it(
    author: str, client: Client, door: str, stamp: str | None, expected: str
):
    raw = a_mail(author)
    raw = stamped(raw, author.partition("@")[2], stamp) if stamp else raw

    found = authenticate(parse(raw), topmost_fields(raw), client, door, TRUST)

    assert (found.result, bool(found.reason)) == (expected, True)


def test_what_is_found_against_the_author_s_domain_says_why():
    raw = stamped(a_mail(OURS), "elsewhere.example")

    found = authenticate(parse(raw), topmost_fields(raw), FRONT, "smtp", TRUST)

    assert found.result == "fail"
    assert "domain of ours" in found.reason and "elsewhere.example" in found.reason
