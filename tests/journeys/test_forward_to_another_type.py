"""An answer that is sent on to the alias of another record type opens a record there."""

from __future__ import annotations

import pytest

from gateway.chatter.types import put
from gateway.chatter.write import Writing, write
from store.queries import thread as threads
from store.queries import types as type_store
from tests.builders import DOMAIN, World, a_mail, hop_client, stamped

ORDERS = f"orders@{DOMAIN}"


@pytest.fixture
def thread(world: World):
    world.partner("alice@corp.example", internal=True)
    carol = world.partner("carol@customer.example")
    with world.database.write() as session:
        put(session, "order", "Order", {}, world.now)
        type_store.put_alias(session, ORDERS, "order", {}, {}, world.now)
    return world.ticket(followers=[carol])


def opened(world: World) -> list[str]:
    with world.database.read() as session:
        return [
            one.title
            for one in threads.search(session, record_type="order", query="", before=None, limit=9).rows
        ]


def say(world: World, thread) -> str:
    with world.database.write() as session:
        writing = Writing("message", "alice@corp.example", body_text="Which pump?")
        return write(session, thread, writing, posting=world.posting, now=world.now).header_id


def answer(world: World, header_id: str, *forward_paths: str, to: str, extra: str = "") -> int:
    raw = a_mail(
        "carol@customer.example", to=to, subject="Pump", extra=f"In-Reply-To: {header_id}\r\n{extra}"
    )
    return world.receive(stamped(raw, "customer.example"), *forward_paths, client=hop_client())


def test_t068_a_reference_and_an_alias_of_another_type_in_to_opens_there(world: World, thread):
    entry = answer(world, say(world, thread), ORDERS, to=ORDERS)

    assert world.entry(entry).state == "posted" and opened(world) == ["Pump"]
    assert len(world.messages(thread)) == 1


def test_t069_the_alias_of_the_same_type_or_only_in_cc_is_an_answer(world: World, thread):
    first = say(world, thread)
    answer(world, first, f"support@{DOMAIN}", to=f"support@{DOMAIN}")
    answer(world, first, ORDERS, to="bob@elsewhere.example", extra=f"Cc: {ORDERS}\r\n")

    assert opened(world) == []
    assert len(world.messages(thread)) == 3


def test_t070_of_two_aliases_only_the_one_of_the_other_type_acts(world: World, thread):
    to = f"support@{DOMAIN}, {ORDERS}"
    entry = answer(world, say(world, thread), f"support@{DOMAIN}", ORDERS, to=to)

    assert opened(world) == ["Pump"] and len(world.messages(thread)) == 1
    assert {target.state for target in world.targets(entry)} == {"posted"}


def test_a_valid_reply_address_in_the_envelope_wins(world: World, thread):
    header_id = say(world, thread)
    answer(world, header_id, world.reply_address(thread), ORDERS, to=ORDERS)

    assert opened(world) == [] and len(world.messages(thread)) == 2
