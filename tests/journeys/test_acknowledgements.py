"""Who opens a record by mail is told so once a day, and only at the address that his mail came from."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.chatter import templates
from gateway.chatter.types import put
from store.queries import conversation
from store.queries import types as type_store
from tests.builders import DOMAIN, World, a_mail, hop_client, stamped

CAROL, ALICE = "carol@customer.example", "alice@corp.example"
FIELD = {"name": "state", "label": "State", "type": "text", "templates": {"new": "welcome"}}


@pytest.fixture
def shop(world: World) -> World:
    """Orders that greet their opener and tell alice."""
    world.partner(ALICE, internal=True)
    with world.database.write() as session:
        put(session, "order", "Order", {"fields": [FIELD]}, world.now)
        type_store.put_alias(session, f"shop@{DOMAIN}", "order", {"state": "new"}, {}, world.now)
        texts = {"subject": "Welcome", "body_text": "We got your mail.", "recipients": [ALICE]}
        templates.put(session, "welcome", texts, world.now)
    return world


def told(shop: World, *, reverse_path: str = CAROL, proven: bool = True) -> dict[str, tuple[str, str]]:
    """Who was told of the template of the record that one more mail opened; {} if none was sent."""
    raw = a_mail(CAROL, text="I want one")
    entry = shop.receive(
        stamped(raw, "customer.example") if proven else raw, f"shop@{DOMAIN}", client=hop_client(),
        reverse_path=reverse_path,
    )  # fmt: skip
    [target] = shop.targets(entry)
    with shop.database.read() as session:
        newest = conversation.page(session, target.thread_id)[0]
    return shop.notices(newest.id) if newest.body_text == "We got your mail." else {}


def test_the_second_mail_of_a_day_is_not_acknowledged_but_colleagues_are_told_of_each(shop: World):
    first, second = told(shop), told(shop)
    shop.now += timedelta(hours=25)

    assert first[CAROL] == ("queued", "follower")
    assert second[CAROL] == ("skipped", "acknowledged within a day already")
    assert first[ALICE] == second[ALICE] == ("queued", "recipient")
    assert told(shop)[CAROL] == ("queued", "follower")


def test_a_mail_from_another_reverse_path_is_not_acknowledged(shop: World):
    skipped = told(shop, reverse_path="bounce-7@mailer.example")

    assert skipped[CAROL] == ("skipped", "his mail came from another address than its reverse-path")
    assert told(shop)[CAROL] == ("queued", "follower")  # and has not used up the day


def test_an_unproven_author_is_not_acknowledged(shop: World):
    assert told(shop, proven=False) == {}
