"""Who is blocked is held by his From too, silently, whatever reverse-path he takes."""

from __future__ import annotations

import pytest

from store.queries import partner as partners
from tests.builders import DOMAIN, World, a_mail, hop_client, stamped


def block(world: World, pattern: str) -> None:
    with world.database.write() as session:
        partners.put_block(session, pattern, "a nuisance", world.now)


@pytest.mark.parametrize("pattern", ["pest@bulk.example", "@bulk.example"])
def test_a_blocked_author_opens_no_record(world: World, pattern: str):
    block(world, pattern)
    raw = stamped(a_mail("Pest <Pest@Bulk.example>"), "bulk.example")

    entry = world.receive(
        raw, f"support@{DOMAIN}", client=hop_client(), reverse_path="bounce-17@mailer.example"
    )

    assert (world.entry(entry).state, world.entry(entry).reason) == ("held", "the author is blocked")


def test_a_blocked_follower_is_held_on_his_thread(world: World):
    pest = world.partner("pest@bulk.example")
    thread = world.ticket(followers=[pest])
    block(world, "pest@bulk.example")

    entry = world.receive(a_mail("pest@bulk.example"), world.reply_address(thread, pest))

    assert world.entry(entry).reason == "the author is blocked"
    assert world.messages(thread) == []


def test_a_neighbour_of_a_blocked_author_is_welcome(world: World):
    block(world, "pest@bulk.example")

    entry = world.receive(a_mail("other@bulk.example"), f"support@{DOMAIN}")

    assert world.entry(entry).state == "posted"
