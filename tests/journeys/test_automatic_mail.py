"""What programs send to a thread is logged and nobody is told; lists and loops are programs there too."""

from __future__ import annotations

import pytest

from tests.builders import AUTHSERV, DOMAIN, World, a_mail, hop_client, stamped

MARKS = {
    "a rule of a mailbox": "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent\r\n",
    "our own mark come back": f"X-Loop: {DOMAIN}\r\n",
    "our own mark with an address": f"X-Loop: notifications@{DOMAIN.upper()}\r\n",
    "somebody's mark against loops": "X-Loop: forwarder@customer.example\r\n",
    "a mailing list": "List-Id: Friends of tickets <friends.customer.example>\r\n",
}


@pytest.mark.parametrize("what", MARKS)
def test_a_program_that_answers_for_a_follower_is_folded_and_tells_nobody(world: World, what: str):
    carol, dora = world.partner("carol@customer.example"), world.partner("dora@customer.example")
    thread = world.ticket(followers=[carol, dora])
    raw = stamped(a_mail("carol@customer.example", extra=MARKS[what]), "customer.example")

    world.receive(
        raw, world.reply_address(thread, carol), client=hop_client(), reverse_path="carol@customer.example"
    )

    [message] = world.messages(thread)
    assert (message.kind, message.folded) == ("log", True)
    assert world.notices(message.id) == {}


def test_a_list_that_feeds_an_alias_still_opens_a_record(world: World):
    """support@ is often a group of the mail provider, which marks all it passes on."""
    raw = a_mail("carol@customer.example", extra="List-Id: Support <support.example.test>\r\n")

    entry = world.receive(raw, f"support@{DOMAIN}")

    assert world.entry(entry).state == "posted"


def test_our_own_loop_mark_opens_no_record(world: World):
    entry = world.receive(
        a_mail("carol@customer.example", extra=f"X-Loop: {DOMAIN}\r\n"), f"support@{DOMAIN}"
    )

    assert world.entry(entry).state == "held"
    assert "X-Loop" in world.entry(entry).reason


def test_a_person_whose_mail_was_only_checked_on_its_way_is_a_person(world: World):
    carol, dora = world.partner("carol@customer.example"), world.partner("dora@customer.example")
    thread = world.ticket(followers=[carol, dora])
    extra = f"Auto-Submitted: no\r\nX-Auto-Response-Suppress: DR\r\nX-Checked-By: {AUTHSERV}\r\n"
    raw = stamped(a_mail("carol@customer.example", extra=extra), "customer.example")

    world.receive(
        raw, world.reply_address(thread, carol), client=hop_client(), reverse_path="carol@customer.example"
    )

    [message] = world.messages(thread)
    assert message.kind == "message"
