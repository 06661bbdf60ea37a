"""A record can be archived, and opened to some colleagues only; mail obeys at once."""

from __future__ import annotations

import pytest

from gateway.chatter.records import RecordChange
from gateway.errors import BadValue
from tests.builders import World, a_mail, hop_client, stamped


@pytest.fixture
def house(database, tmp_path):
    world = World(database, tmp_path)
    yield world
    world.close()


def answer(world: World, thread, partner, to=None) -> str:
    raw = stamped(a_mail(partner.email), partner.email.partition("@")[2])
    entry = world.receive(
        raw, to or world.reply_address(thread, partner), client=hop_client(), reverse_path=partner.email
    )
    return f"{world.entry(entry).state}: {world.entry(entry).reason}"


def change(world: World, key: str, **values):
    with world.database.write() as session:
        return world.records.put(session, RecordChange("ticket", key, values), world.now)[0]


def test_an_archived_record_holds_what_comes_until_it_is_opened_again(house: World):
    alice = house.partner("alice@corp.example", internal=True)
    thread = house.ticket("7", followers=[alice])

    assert change(house, "7", active=False).active is False
    assert answer(house, thread, alice) == "held: the record is archived"
    assert change(house, "7", title="Other").active is False
    assert change(house, "7", active=True).active is True
    assert answer(house, thread, alice).startswith("posted")


def test_a_record_with_members_holds_what_other_colleagues_write(house: World):
    alice, erin = (house.partner(f"{name}@corp.example", internal=True) for name in ("alice", "erin"))
    thread = house.ticket("7", followers=[alice])

    change(house, "7", members=[alice.email])

    assert answer(house, thread, alice).startswith("posted")
    assert answer(house, thread, erin) == "held: the colleague has no access to this record"
    change(house, "7", members=None)
    assert answer(house, thread, erin).startswith("posted")


def test_a_new_record_can_begin_with_its_members(house: World):
    alice = house.partner("alice@corp.example", internal=True)

    thread = change(house, "8", title="Salaries", members=["alice@corp.example"])

    assert thread.members == [alice.id]


@pytest.mark.parametrize("email", ["nobody@corp.example", "carol@customer.example"])
def test_a_member_is_a_known_colleague(house: World, email: str):
    house.partner("carol@customer.example")

    with pytest.raises(BadValue):
        change(house, "9", members=[email])
