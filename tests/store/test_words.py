"""Records, partners and mails are found by the words that name them, also as these change."""

from __future__ import annotations

import pytest

from gateway.chatter import partners as people
from gateway.chatter.merge_partners import merge
from gateway.chatter.records import RecordChange
from store.queries import ledger, narrow, words
from store.queries import partner as partners
from store.queries import thread as threads
from store.queries.access_filter import Reader
from tests.builders import DOMAIN, World, a_mail


def records(world: World, query: str, **more) -> list[str]:
    with world.database.read() as session:
        found = threads.search(session, record_type=None, query=query, before=None, limit=30, **more).rows
    return [thread.key for thread in found]


def named_partners(world: World, query: str) -> list[str]:
    with world.database.read() as session:
        return [found.email for found in partners.search(session, query, after=None, limit=30)]


def found_mails(world: World, query: str, **more: str) -> list[int]:
    with world.database.read() as session:
        return [row.id for row in ledger.ledger(session, query=query, **more).rows]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("pump", ["T-2", "T-1"]),
        ("PÚMP leaks", ["T-1"]),
        ("lea", ["T-1"]),
        ("t-1", ["T-1"]),
        ("1", ["T-1"]),
        ("ump", ["T-2", "T-1"]),
        ("pump nothing", []),
        ("cafe", ["T-2"]),
        ("***", []),
    ],
)
def test_a_record_is_found_by_words_of_its_key_and_title(world: World, query: str, found: list[str]):
    world.ticket("T-1", title="Pump leaks")
    world.ticket("T-2", title="Café pump")

    assert records(world, query) == found


def test_a_record_that_is_renamed_is_found_by_its_new_name_only(world: World):
    world.ticket("T-1", title="Pump leaks")
    with world.database.write() as session:
        world.records.put(session, RecordChange("ticket", "T-1", {"title": "Boiler"}), world.now)

    assert records(world, "pump") == []
    assert records(world, "boiler") == ["T-1"]
    assert records(world, "t-1") == ["T-1"]


def test_a_partner_is_found_by_his_name_and_by_each_of_his_addresses(world: World):
    world.partner("carol@customer.example", name="Carol Client")
    with world.database.write() as session:
        people.put(session, "carol@customer.example", {"addresses": ["cc@home.example"]}, world.now)
        people.put(session, "dan@customer.example", {"name": "Dan"}, world.now)

    assert named_partners(world, "client") == ["carol@customer.example"]
    assert named_partners(world, "cc@home") == ["carol@customer.example"]
    assert named_partners(world, "customer.example") == ["carol@customer.example", "dan@customer.example"]


def test_a_partner_who_was_merged_is_found_as_the_one_he_is_now(world: World):
    world.partner("carol@customer.example", name="Carol")
    world.partner("old@home.example", name="C. Client")
    with world.database.write() as session:
        merge(session, "old@home.example", "carol@customer.example", world.now)

    assert named_partners(world, "old@home") == ["carol@customer.example"]


def test_a_mail_is_found_in_the_ledger_by_subject_and_addresses(world: World):
    mail = a_mail(
        "Carol <carol@customer.example>", subject="Pump leaks", message_id="<4711@customer.example>"
    )
    wanted = world.receive(mail, f"support@{DOMAIN}", reverse_path="bounces@list.example")
    world.receive(a_mail("Dan <dan@other.example>", subject="Boiler"), f"support@{DOMAIN}")

    for query in ("pump", "carol@customer", "4711", "list.example", "ump lea"):
        assert found_mails(world, query) == [wanted], query
    assert found_mails(world, "pump boiler") == []
    assert found_mails(world, "pump", state="refused") == []


def test_a_list_of_hits_goes_on_where_its_page_ended(world: World):
    for number in range(7):
        world.ticket(f"T-{number}", title="Pump")
    with world.database.read() as session:
        ids = words.named(session, words.RECORDS, "pump", limit=3).ids
        more = words.named(session, words.RECORDS, "pump", before=ids[-1], limit=10).ids
        back = words.named(session, words.RECORDS, "pump", after=more[0], limit=2).ids

    assert len(ids) == 3 and len(more) == 4
    assert back == [ids[2], ids[1]]


def test_a_search_that_is_narrowed_goes_on_where_its_looking_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(narrow, "MOST_JUDGED", 5)  # the bound is lowered, nothing is replaced
    ann = Reader(partner_id=world.partner("ann@corp.example", internal=True).id)
    world.ticket("open", title="Pump")
    for number in range(12):
        closed = world.ticket(f"closed{number}", title="Pump")
        with world.database.write() as session:
            threads.change(session, closed, {"members": []}, world.now)

    pages, before = [], None
    while before is not None or not pages:
        with world.database.read() as session:
            found = threads.search(
                session, record_type=None, query="pump", before=before, limit=2, reader=ann
            )
        pages.append([thread.key for thread in found.rows])
        before = found.reached

    assert pages == [[], [], ["open"]]
