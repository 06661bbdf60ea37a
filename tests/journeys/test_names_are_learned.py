"""Who was entered by an address alone is called as he calls himself, once it is he who does."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.chatter.partners import find_or_add
from gateway.inbound import desk
from store.models.views import PartnerView, ThreadView
from store.queries import partner as partners
from tests.builders import World, a_mail, hop_client, stamped

MARIO = "rossi.m@cliente.example"


@pytest.fixture
def mario(world: World) -> PartnerView:
    """A customer of whom nothing but the address is known."""
    with world.database.write() as session:
        return find_or_add(session, {MARIO: ""}, world.now)[MARIO]


@pytest.fixture
def thread(world: World, mario: PartnerView) -> ThreadView:
    return world.ticket(followers=[mario])


def answer(world: World, to: str, name: str = "Mario Rossi", *, proven: bool = True) -> Any:
    """The entry of a mail under that name."""
    raw = a_mail(f'"{name}" <{MARIO}>', text="Eccomi")
    if proven:
        raw = stamped(raw, "cliente.example")
    return world.entry(world.receive(raw, to, client=hop_client(), reverse_path=MARIO))


def name_of(world: World, partner: PartnerView) -> str:
    with world.database.read() as session:
        found = partners.by_id(session, partner.id)
    assert found is not None
    return found.name


@pytest.mark.parametrize("proven", [True, False], ids=["verified", "by his own address"])
def test_a_sure_author_without_a_name_gets_the_one_that_he_writes_under(
    world: World, thread, mario, proven: bool
):
    answer(world, world.reply_address(thread, mario), proven=proven)

    assert name_of(world, mario) == "Mario Rossi"
    assert world.messages(thread)[-1].author_name == "Mario Rossi"
    with world.database.read() as session:
        assert [one.email for one in partners.search(session, "rossi mario", limit=5)] == [MARIO]


def test_a_name_is_never_overwritten(world: World, thread, mario):
    answer(world, world.reply_address(thread, mario))

    answer(world, world.reply_address(thread, mario), "The Boss")

    assert name_of(world, mario) == "Mario Rossi"


def test_whoever_only_claims_to_be_he_names_nobody(world: World, thread, mario):
    entry = answer(world, world.reply_address(thread), proven=False)

    assert (entry.state, name_of(world, mario)) == ("posted", "")


def test_a_mail_that_a_person_lets_pass_names_nobody(world: World, mario):
    elsewhere = world.ticket("2")
    entry = answer(world, world.reply_address(elsewhere), proven=False)
    assert entry.state == "held"

    with world.database.write() as session:
        desk.release(session, entry.id, world.now)
    while world.worker.run_once():
        pass

    assert (world.entry(entry.id).state, name_of(world, mario)) == ("posted", "")


@pytest.mark.parametrize("name", ["", "rossi.m@cliente.example", "  "])
def test_what_is_no_name_is_not_learned(world: World, thread, mario, name: str):
    entry = answer(world, world.reply_address(thread, mario), name)

    assert (entry.state, name_of(world, mario)) == ("posted", "")
