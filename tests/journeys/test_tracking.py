"""Tracked changes from the call to the mail: T180, T181, T183 to T187, and who may see which line."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.chatter import templates
from gateway.chatter.batch import put_batch
from gateway.chatter.lives import Lives
from gateway.chatter.page import message_views
from gateway.chatter.records import RecordChange
from gateway.chatter.types import put as put_type
from gateway.errors import BadValue
from store.queries import conversation
from store.queries import partner as partners
from store.queries import thread as threads
from store.queries import types as type_store
from store.search import phrases
from tests.builders import DOMAIN, World, a_mail, hop_client, stamped

ORDER = {
    "fields": [
        {"name": "stage", "label": "Stage", "type": "choice", "choices": {"new": "New", "won": "Won"}, "sequence": 10,
         "subtype": "state_changed", "templates": {"won": "congratulate"}},
        {"name": "margin", "label": "Margin", "type": "number", "sequence": 20, "internal": True, "subtype": "state_changed"},
        {"name": "price", "label": "Price", "type": "money", "currency": "EUR", "sequence": 30},
        {"name": "due", "label": "Due", "type": "date"},
        {"name": "at", "label": "At", "type": "datetime"},
        {"name": "paid", "label": "Paid", "type": "boolean"},
        {"name": "customer", "label": "Customer", "type": "reference"},
        {"name": "tags", "label": "Tags", "type": "list"},
        {"name": "quiet", "tracked": False},
    ],
    "subtypes": [{"name": "state_changed", "label": "State changed"}],
}  # fmt: skip
ALICE, BOB, CAROL = "alice@corp.example", "bob@corp.example", "carol@customer.example"


@pytest.fixture
def shop(world: World) -> World:
    """A type with a field of each kind; Alice and Bob are staff, Carol is a customer."""
    with world.database.write() as session:
        put_type(session, "order", "Order", ORDER, world.now)
    for email in (ALICE, BOB):
        world.partner(email, internal=True)
    world.partner(CAROL)
    return world


def put(
    world: World,
    key: str = "1",
    actor: str | None = None,
    words: str = "",
    silent: bool = False,
    **values: Any,
):
    with world.database.write() as session:
        return world.records.put(
            session, RecordChange("order", key, values, actor, words, silent), world.now
        )[0]


def lines(entry: Any) -> list[tuple[str, str, str]]:
    return [(line["label"], line["old"], line["new"]) for line in entry.tracking]


def test_t180_several_writes_of_one_call_are_one_entry_credited_to_the_writer(shop: World):
    thread = put(shop, fields={"stage": "new", "price": 10})
    there_and_back = [{"stage": "won"}, {"price": 20}, {"price": 30, "due": "2026-12-01"}, {"stage": "new"}]

    with shop.database.write() as session:
        items = [RecordChange("order", "1", {"fields": fields}, ALICE) for fields in there_and_back]
        put_batch(session, items, records=shop.records, known_types={"order"}, now=shop.now)

    [entry] = shop.messages(thread)
    assert entry.author_email == ALICE
    assert lines(entry) == [("Price", "10 EUR", "30 EUR"), ("Due", "", "2026-12-01")]


def test_t181_an_untracked_field_a_net_no_change_and_a_silent_write_leave_no_line(shop: World):
    thread = put(shop, fields={"tags": ["a", "b"], "customer": {"id": 7, "label": "Acme"}, "price": 3})

    put(shop, fields={"quiet": "changed"})
    put(
        shop,
        fields={"tags": ["b", "a"], "customer": {"id": 7, "label": "Acme Ltd"}, "price": 3.0, "paid": None},
    )
    put(shop, fields={"stage": "won"}, assignee=BOB, silent=True)

    assert shop.messages(thread) == []
    assert shop.followers(thread) == set()
    with shop.database.read() as session:
        assert session.exec_driver_sql("SELECT count(*) FROM delivery").scalar() == 0


def test_a_write_in_silence_makes_a_record_without_a_creation_line(shop: World):
    thread = put(shop, "2", ALICE, silent=True, fields={"stage": "new"})

    with shop.database.read() as session:
        assert conversation.page(session, thread.id) == []
    assert shop.followers(thread) == set()


def test_t185_every_kind_of_field_reads_as_a_person_reads_it(shop: World):
    thread = put(shop, title="Pump")

    put(shop, fields={
        "stage": "new", "price": {"amount": "12.50", "currency": "USD"}, "due": "2026-12-01", "at": "2026-11-23T13:00+01:00",
        "paid": True, "customer": {"id": 7, "label": "Acme"}, "tags": ["red", {"id": 2, "label": "blue"}],
    })  # fmt: skip

    [entry] = shop.messages(thread)
    assert {label: new for label, _, new in lines(entry)} == {
        "Stage": "New", "Price": "12.50 USD", "Due": "2026-12-01", "At": "2026-11-23 12:00 UTC", "Paid": "yes",
        "Customer": "Acme", "Tags": "red, blue",
    }  # fmt: skip


def test_t185_an_old_choice_that_no_longer_exists_is_shown_raw(shop: World):
    thread = put(shop, fields={"stage": "new"})
    with shop.database.write() as session:
        fields = [{**ORDER["fields"][0], "choices": {"won": "Won"}}, *ORDER["fields"][1:]]
        put_type(session, "order", None, {"fields": fields}, shop.now)

    put(shop, fields={"stage": "won"})

    assert lines(shop.messages(thread)[0]) == [("Stage", "new", "Won")]


@pytest.mark.parametrize(("fields", "pointer"), [
    ({"stage": "gone"}, "#/fields/stage"), ({"price": "much"}, "#/fields/price"), ({"due": "tomorrow"}, "#/fields/due"),
    ({"at": "noon"}, "#/fields/at"), ({"paid": "yes"}, "#/fields/paid"), ({"customer": {"label": "x"}}, "#/fields/customer"),
    ({"tags": "red"}, "#/fields/tags"), ({"margin": []}, None),
])  # fmt: skip
def test_a_value_that_is_none_of_its_type_is_refused_by_name(shop: World, fields, pointer):
    if pointer is None:
        assert put(shop, "3", fields=fields)
        return

    with pytest.raises(BadValue) as refused:
        put(shop, "3", fields=fields)

    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_t187_lines_come_by_sequence_then_name_and_those_of_a_removed_field_vanish(shop: World):
    thread = put(shop)
    put(
        shop,
        fields={"paid": True, "due": "2026-12-01", "at": "2026-11-23T12:00Z", "price": 1, "stage": "new"},
    )
    assert [label for label, *_ in lines(shop.messages(thread)[0])] == ["Stage", "Price", "At", "Due", "Paid"]

    with shop.database.write() as session:
        kept = [field for field in ORDER["fields"] if field["name"] != "due"]
        put_type(session, "order", None, {"fields": kept}, shop.now)

    with shop.database.read() as session:
        [shown, _] = message_views(session, conversation.page(session, thread.id))
    assert [line.field for line in shown.tracking] == ["stage", "price", "at", "paid"]


def test_t187_a_field_that_another_type_has_too_vanishes_where_it_was_removed_and_from_the_text(shop: World):
    """A13: the words of an entry are those of its lines; what somebody wrote beside them stays."""
    with shop.database.write() as session:
        put_type(session, "trip", "Trip", {"fields": [{"name": "due", "label": "Due"}]}, shop.now)
    thread = put(shop)
    put(shop, fields={"due": "2026-12-01", "price": 1})
    put(shop, words="Due is settled", fields={"due": "2026-12-02"})
    with shop.database.write() as session:
        kept = [field for field in ORDER["fields"] if field["name"] != "due"]
        put_type(session, "order", None, {"fields": kept}, shop.now)

    with shop.database.read() as session:
        rows = conversation.page(session, thread.id)
        worded, shown, _ = message_views(session, rows)
        [marked] = message_views(session, rows[1:2], phrases("price"))

    assert ([line.field for line in shown.tracking], shown.body_text) == (["price"], "Price: — → 1 EUR")
    assert "<mark>Price</mark>" in marked.highlights[0] and "Due" not in " ".join(marked.highlights)
    assert (worded.tracking, worded.body_text) == ([], "Due is settled")


@pytest.mark.parametrize("fate", ["renamed", "merged"])
def test_lines_of_fields_that_the_type_of_now_never_had_are_shown_as_before(shop: World, fate: str):
    with shop.database.write() as session:
        put_type(session, "trip", "Trip", {}, shop.now)
    thread = put(shop)
    put(shop, fields={"due": "2026-12-01"})

    lives = Lives(types=shop.types, posting=shop.posting)
    with shop.database.write() as session:
        if fate == "renamed":
            lives.rename(session, thread, record_type="trip", key="1", actor=None, now=shop.now)
        else:
            trip, _ = shop.records.put(session, RecordChange("trip", "1", {}), shop.now)
            lives.merge(session, thread, trip, actor=None, now=shop.now)
        views = message_views(session, conversation.page(session, threads.by_key(session, "trip", "1").id))

    assert [[line.field for line in view.tracking] for view in views if view.tracking] == [["due"]]


def test_t186_an_internal_field_is_shown_to_staff_and_stands_nowhere_an_outsider_reads(shop: World):
    thread = put(shop, fields={"stage": "new", "margin": 10})
    for who in (ALICE, CAROL):
        with shop.database.read() as session:
            partner = partners.by_address(session, who)
        shop.follow(thread, partner, "state_changed")

    put(shop, fields={"stage": "won", "margin": 33})
    put(shop, fields={"margin": 44})

    with shop.database.read() as session:
        rows = [row for row in conversation.page(session, thread.id) if row.kind == "log" and row.tracking]
        inside = message_views(session, rows)
        outside = message_views(session, rows, outsider=True)
        words = (
            session.exec_driver_sql("SELECT search_text FROM message WHERE kind = 'log' ORDER BY id")
            .scalars()
            .all()
        )
    assert [[line.field for line in view.tracking] for view in inside] == [["margin"], ["stage", "margin"]]
    assert [[line.field for line in view.tracking] for view in outside] == [[], ["stage"]]
    assert "33" not in outside[1].body_text + words[1]
    assert [row.internal for row in rows] == [True, False]  # only staff may see the first at all
    assert shop.notices(rows[0].id)[CAROL] == ("skipped", "for staff only")
    assert shop.notices(rows[1].id)[CAROL] == ("queued", "follower")


def test_words_can_go_with_a_change_and_stand_alone_without_one(shop: World):
    thread = put(shop, fields={"price": 1})

    put(shop, actor=ALICE, words="Agreed by phone <ok>", fields={"price": 2})
    put(shop, actor=BOB, words="Looked at it", fields={"price": 2})

    changed, remark = shop.messages(thread)
    assert (changed.author_email, changed.body_text, lines(changed)) == (
        ALICE,
        "Agreed by phone <ok>",
        [("Price", "1 EUR", "2 EUR")],
    )
    assert "&lt;ok&gt;" in changed.body_html
    assert (remark.author_email, remark.body_text, remark.tracking) == (BOB, "Looked at it", None)


def test_an_import_is_credited_to_the_system(shop: World):
    with shop.database.write() as session:
        items = [RecordChange("order", str(n), {"fields": {"price": n}}) for n in range(5)]
        put_batch(session, items, records=shop.records, known_types={"order"}, now=shop.now)
        again = [RecordChange("order", str(n), {"fields": {"price": n + 1}}) for n in range(5)]
        done = put_batch(session, again, records=shop.records, known_types={"order"}, now=shop.now)

    for thread, _ in done:
        [entry] = shop.messages(thread)
        assert (entry.author_id, entry.author_name) == (None, "Threadpost")


def test_an_archived_record_says_so_in_its_log(shop: World):
    thread = put(shop, "7", title="Old")

    put(shop, "7", ALICE, active=False)

    assert [line["label"] for line in shop.messages(thread)[0].tracking] == ["Active"]


# -- changes that send a mail ----------------------------------------------------------------------


def a_template(world: World, name: str = "congratulate", **texts: Any) -> None:
    texts = {
        "subject": "Order {{ record.key }}",
        "body_text": "You won at {{ record.shown.price }}!",
        **texts,
    }
    with world.database.write() as session:
        templates.put(session, name, texts, world.now)


def test_t183_a_change_mapped_to_a_template_makes_its_entry_and_a_mail(shop: World):
    a_template(shop, recipients=[CAROL, ALICE])
    thread = put(shop, fields={"stage": "new", "price": 5})

    put(shop, actor=ALICE, fields={"stage": "won"})

    entry, mail = shop.messages(thread)
    assert lines(entry) == [("Stage", "New", "Won")]
    assert (mail.kind, mail.subject, mail.body_text) == ("message", "Order 1", "You won at €5.00!")
    assert shop.notices(mail.id) == {CAROL: ("queued", "recipient"), ALICE: ("queued", "recipient")}


def test_t183_a_field_that_is_filled_at_creation_sends_it_too(shop: World):
    a_template(shop, recipients=[CAROL])

    thread = put(shop, "9", ALICE, fields={"stage": "won", "price": 5})

    with shop.database.read() as session:
        mail, created = conversation.page(session, thread.id)
    assert (created.body_text, mail.body_text) == ("Order created", "You won at €5.00!")


def test_the_answer_of_a_template_s_reader_lands_on_the_thread(shop: World):
    a_template(shop, recipients=["dora@customer.example"])
    thread = put(shop, fields={"stage": "won"})
    with shop.database.read() as session:
        dora = partners.by_address(session, "dora@customer.example")

    entry = shop.receive(a_mail("dora@customer.example", text="Thanks"), shop.reply_address(thread, dora))

    assert shop.entry(entry).state == "posted"


@pytest.mark.parametrize(("texts", "said"), [
    (None, "Not sent: there is no template 'congratulate'"),
    ({"recipients": ["{{ record.fields.customer }}"]}, "Not sent: "),
])  # fmt: skip
def test_a_template_that_cannot_be_filled_in_spoils_no_change(shop: World, texts, said: str):
    if texts is not None:
        a_template(shop, **texts)
    thread = put(shop, fields={"stage": "new", "customer": "nobody's address"})

    changed = put(shop, fields={"stage": "won"})

    assert changed.fields["stage"] == "won"
    assert shop.messages(thread)[-1].body_text.startswith(said)


def test_t184_a_record_opened_by_mail_shows_the_mail_first_and_then_the_template(shop: World):
    a_template(shop, body_text="We got your mail.", recipients=[])
    with shop.database.write() as session:
        type_store.put_alias(session, f"shop@{DOMAIN}", "order", {"stage": "won"}, {}, shop.now)

    proven = shop.receive(
        stamped(a_mail(CAROL, text="I want one"), "customer.example"), f"shop@{DOMAIN}", client=hop_client(),
        reverse_path=CAROL,
    )  # fmt: skip
    automatic = shop.receive(
        stamped(a_mail(CAROL, text="I am away", extra="Auto-Submitted: auto-replied\r\n"), "customer.example"),
        f"shop@{DOMAIN}", client=hop_client(),
    )  # fmt: skip

    [target] = shop.targets(proven)
    with shop.database.read() as session:
        newest, first = conversation.page(session, target.thread_id)
    assert (first.body_text, newest.body_text) == ("I want one", "We got your mail.")
    assert shop.notices(newest.id) == {CAROL: ("queued", "follower")}
    assert shop.entry(automatic).state == "held"  # and nobody answered it
