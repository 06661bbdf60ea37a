"""Records deleted, renamed, merged, split, copied and archived: where their mail goes afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gateway.chatter.durations import durations
from gateway.chatter.lives import Lives
from gateway.chatter.records import RecordChange
from gateway.chatter.types import put as put_type
from gateway.chatter.write import Writing, write
from gateway.errors import BadValue, Conflict, UnknownRecipient
from gateway.mail.envelope import Client, Envelope
from gateway.rules.token import Kind, Token, mint
from store.models.views import ThreadView
from store.queries import conversation, files
from store.queries import lives as store
from store.queries import message as messages
from store.queries import partner as partners
from store.queries import reply_address as reply_addresses
from store.queries import thread as threads
from store.queries.access_filter import EVERYTHING
from tests.builders import DOMAIN, KEYS, TICKET, World, a_mail, hop_client, stamped

ALICE, BOB, CAROL, DORA = (
    "alice@corp.example",
    "bob@corp.example",
    "carol@customer.example",
    "dora@customer.example",
)
ORDER = {"fields": [{"name": "state"}], "subtypes": [{"name": "state_changed", "label": "State changed"}]}


@pytest.fixture
def cast(world: World) -> World:
    """Two colleagues, two customers, and a second type of record."""
    with world.database.write() as session:
        put_type(session, "order", "Order", ORDER, world.now)
    for email in (ALICE, BOB):
        world.partner(email, internal=True)
    for email in (CAROL, DORA):
        world.partner(email)
    return world


def partner(world: World, email: str) -> Any:
    with world.database.read() as session:
        return partners.by_address(session, email)


def live(world: World, work: Callable[..., Any], *values: Any, **named: Any) -> Any:
    """Call one of Lives in a transaction of its own."""
    with world.database.write() as session:
        return work(Lives(types=world.types, posting=world.posting), session, *values, **named)


def merge(world: World, one: ThreadView, into: ThreadView, actor: str | None = ALICE) -> ThreadView:
    return live(world, Lives.merge, one, into, actor=actor, now=world.now)


def rename(world: World, thread: ThreadView, key: str, record_type: str = "ticket") -> ThreadView:
    return live(world, Lives.rename, thread, record_type=record_type, key=key, actor=ALICE, now=world.now)


def say(world: World, thread: ThreadView, text: str, author: str = ALICE, **how: Any) -> Any:
    with world.database.write() as session:
        writing = Writing(kind="message", author=author, body_text=text, **how)
        return write(session, thread, writing, posting=world.posting, now=world.now)


def words(world: World, thread: ThreadView) -> list[str]:
    return [row.body_text for row in world.messages(thread) if row.kind != "log"]


def counted(world: World, table: str) -> int:
    with world.database.read() as session:
        return session.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()


# -- merged ----------------------------------------------------------------------------------------


def test_an_answer_to_a_mail_of_the_merged_record_lands_on_the_survivor(cast: World):
    carol = partner(cast, CAROL)
    gone, kept = cast.ticket("1", followers=[carol]), cast.ticket("2")
    asked = say(cast, gone, "Which model?")
    old_address = cast.reply_address(gone, carol)

    merge(cast, gone, kept)
    entry = cast.receive(a_mail(CAROL, text="P-7", extra=f"In-Reply-To: {asked.header_id}\r\n"), old_address)

    assert cast.entry(entry).state == "posted"
    assert words(cast, kept) == ["Which model?", "P-7"]
    assert cast.messages(kept)[-1].parent_id == asked.message_id


def test_old_message_ids_alone_lead_to_the_survivor(cast: World):
    carol = partner(cast, CAROL)
    gone, kept = cast.ticket("1", followers=[carol]), cast.ticket("2")
    asked = say(cast, gone, "Which model?")
    merge(cast, gone, kept)

    raw = stamped(a_mail(CAROL, text="P-7", extra=f"References: {asked.header_id}\r\n"), "customer.example")
    cast.receive(raw, f"notifications@{DOMAIN}", client=hop_client())

    assert words(cast, kept) == ["Which model?", "P-7"]


def test_a_mail_that_waits_while_its_record_is_merged_lands_on_the_survivor(cast: World):
    carol = partner(cast, CAROL)
    gone, kept = cast.ticket("1", followers=[carol]), cast.ticket("2")
    address = cast.reply_address(gone, carol)
    target = cast.acceptor.resolve_now(address)
    cast.acceptor.accept_now(
        "smtp", Envelope(CAROL, (address,), Client("192.0.2.7")), [target], a_mail(CAROL, text="late")
    )
    merge(cast, gone, kept)

    while cast.worker.run_once():
        pass

    assert words(cast, kept) == ["late"]


def test_one_mail_to_both_records_is_one_message_of_the_survivor(cast: World):
    carol = partner(cast, CAROL)
    gone, kept = cast.ticket("1", followers=[carol]), cast.ticket("2", followers=[carol])
    addresses = [cast.reply_address(thread, carol) for thread in (gone, kept)]
    merge(cast, gone, kept)

    cast.receive(a_mail(CAROL, text="both"), *addresses)

    assert words(cast, kept) == ["both"]


def test_a_mail_that_was_posted_before_the_merger_is_a_duplicate_after_it(cast: World):
    carol = partner(cast, CAROL)
    gone, kept = cast.ticket("1", followers=[carol]), cast.ticket("2")
    address = cast.reply_address(gone, carol)
    raw = a_mail(CAROL, text="once")
    first = cast.receive(raw, address)
    merge(cast, gone, kept)

    again = cast.receive(raw, address)

    assert cast.entry(again).reason == f"duplicate of {first}"
    assert cast.targets(first)[0].thread_id == kept.id
    assert words(cast, kept) == ["once"]


def test_mergers_in_a_row_lead_to_the_last_and_a_deletion_ends_them_all(cast: World):
    carol = partner(cast, CAROL)
    a, b, c = (cast.ticket(key, followers=[carol]) for key in "abc")
    old = [cast.reply_address(thread, carol) for thread in (a, b, c)]
    merge(cast, a, b)
    merge(cast, b, c)
    for number, address in enumerate(old):
        cast.receive(a_mail(CAROL, text=f"to {number}"), address)
    assert words(cast, c) == ["to 0", "to 1", "to 2"]

    live(cast, Lives.delete, c)

    for address in old:
        with pytest.raises(UnknownRecipient):
            cast.acceptor.resolve_now(address)


def test_an_address_that_was_revoked_stays_so_and_revoking_reaches_those_of_merged_records(cast: World):
    carol, dora = partner(cast, CAROL), partner(cast, DORA)
    gone, kept = cast.ticket("1", followers=[carol, dora]), cast.ticket("2")
    hers, other = cast.reply_address(gone, carol), cast.reply_address(gone, dora)
    with cast.database.write() as session:
        reply_addresses.revoke(session, gone.id, carol.id)
    merge(cast, gone, kept)

    with pytest.raises(UnknownRecipient):
        cast.acceptor.resolve_now(hers)
    assert cast.acceptor.resolve_now(other).thread_id == kept.id
    cast.acceptor.forget()
    with cast.database.write() as session:
        reply_addresses.revoke(session, kept.id, dora.id)
    with pytest.raises(UnknownRecipient):
        cast.acceptor.resolve_now(other)


def test_followers_of_both_get_what_they_wanted_of_either(cast: World):
    alice, bob, carol = (partner(cast, email) for email in (ALICE, BOB, CAROL))
    gone, kept = cast.ticket("1"), cast.ticket("2")
    cast.follow(gone, alice, "note", "stage_changed")
    cast.follow(gone, carol, "discussions")
    cast.follow(kept, alice, "discussions")
    cast.follow(kept, bob, "note")

    merge(cast, gone, kept)

    with cast.database.read() as session:
        sets = {who: subtypes for who, (subtypes, _) in store.follower_sets(session, kept.id).items()}
    assert sets == {
        alice.id: {"discussions", "note", "stage_changed"}, bob.id: {"note"}, carol.id: {"discussions"},
    }  # fmt: skip


def test_files_waiting_mails_and_welcome_answers_move_too(cast: World):
    dora = partner(cast, DORA)
    gone, kept = cast.ticket("1"), cast.ticket("2")
    row = {"thread_id": gone.id, "message_id": None, "name": "a.txt", "content_type": "text/plain", "size": 1, "blob": "0" * 64,
           "content_id": None, "inline": False, "created_at": cast.now}  # fmt: skip
    with cast.database.write() as session:
        messages.add_attachments(session, [row])
    say(cast, gone, "See file", recipients=[DORA])
    address = cast.reply_address(gone, dora)

    merge(cast, gone, kept)

    with cast.database.read() as session:
        assert [file.name for file in files.of_record(session, EVERYTHING, kept.id)] == ["a.txt"]
        waiting = session.exec_driver_sql(
            "SELECT DISTINCT thread_id FROM delivery WHERE message_id IS NOT NULL"
        )
        assert waiting.scalars().all() == [kept.id]
    assert cast.entry(cast.receive(a_mail(DORA, text="Seen"), address)).state == "posted"
    assert DORA in cast.followers(kept)


def test_the_unsubscribe_address_of_a_merged_record_leaves_the_survivor(cast: World):
    carol = partner(cast, CAROL)
    gone, kept = cast.ticket("1", followers=[carol]), cast.ticket("2")
    leave = f"leave+{mint(Token(Kind.LEAVE, gone.id, carol.id, False, 0, 46), KEYS)}@{DOMAIN}"
    merge(cast, gone, kept)

    cast.receive(a_mail(CAROL), leave)

    assert CAROL not in cast.followers(kept)


def test_a17_a_record_of_another_type_keeps_its_words_and_loses_what_the_new_type_does_not_know(cast: World):
    alice = partner(cast, ALICE)
    gone = cast.ticket("1", fields={"stage": "new"}, followers=[alice])
    cast.follow(gone, partner(cast, BOB), "stage_changed")
    say(cast, gone, "Hello")
    with cast.database.write() as session:
        cast.records.put(session, RecordChange("ticket", "1", {"fields": {"stage": "won"}}), cast.now)
        kept, _ = cast.records.put(session, RecordChange("order", "9", {"title": "Order"}), cast.now)

    merge(cast, gone, kept)

    assert [(row.kind, row.subtype) for row in cast.messages(kept)] == [
        ("message", "discussions"), ("log", "note"), ("log", "note"),
    ]  # fmt: skip
    with cast.database.read() as session:
        assert {who: set(names) for who, (names, _) in store.follower_sets(session, kept.id).items()} == {
            alice.id: {"discussions"}, partner(cast, BOB).id: set(),
        }  # fmt: skip


def test_a_record_cannot_be_merged_into_itself(cast: World):
    thread = cast.ticket("1")

    with pytest.raises(BadValue) as refused:
        merge(cast, thread, thread)

    assert refused.value.errors[0].pointer == "#/into"


# -- deleted, renamed ------------------------------------------------------------------------------


def test_a16_a_deleted_record_leaves_nothing_but_the_ledger_and_its_addresses_are_unknown(cast: World):
    carol = partner(cast, CAROL)
    thread = cast.ticket("1", followers=[carol])
    address = cast.reply_address(thread, carol)
    entry = cast.receive(a_mail(CAROL, text="one"), address)
    answer = cast.messages(thread)[-1]
    cast.receive(stamped(a_mail(ALICE, text="two", extra=f"In-Reply-To: {answer.message_id}\r\n"), "corp.example"),
                 cast.reply_address(thread, partner(cast, ALICE)), client=hop_client())  # fmt: skip

    live(cast, Lives.delete, thread)
    new = cast.ticket("1")

    assert {table: counted(cast, table) for table in ("message_ref", "delivery", "follower", "invitation", "notice")} == {
        "message_ref": 1, "delivery": 0, "follower": 0, "invitation": 0, "notice": 0,
    }  # fmt: skip
    with pytest.raises(UnknownRecipient):
        cast.acceptor.resolve_now(address)
    assert new.id != thread.id
    assert (cast.entry(entry).state, cast.targets(entry)[0].record_type) == ("posted", None)


def test_a_renamed_record_keeps_its_words_and_its_addresses(cast: World):
    carol = partner(cast, CAROL)
    thread = cast.ticket("1", followers=[carol])
    address = cast.reply_address(thread, carol)
    say(cast, thread, "Hello")

    renamed = rename(cast, thread, "A-1/2")
    cast.receive(a_mail(CAROL, text="Hi"), address)

    assert (renamed.key, words(cast, renamed)) == ("A-1/2", ["Hello", "Hi"])
    assert cast.messages(renamed)[1].body_text == "Ticket 1 (Ticket 1) is now Ticket A-1/2 (Ticket 1)"
    with cast.database.read() as session:
        assert threads.by_key(session, "ticket", "1") is None


def test_a_record_that_becomes_another_type_drops_the_subscriptions_that_type_does_not_know(cast: World):
    thread = cast.ticket("1")
    cast.follow(thread, partner(cast, BOB), "discussions", "stage_changed")

    rename(cast, thread, "1", "order")

    with cast.database.read() as session:
        [(names, _)] = store.follower_sets(session, thread.id).values()
    assert names == {"discussions"}


@pytest.mark.parametrize(("key", "record_type", "trouble", "pointer"), [
    ("2", "ticket", Conflict, "#/key"), ("", "ticket", BadValue, "#/key"), ("x", "spaceship", BadValue, "#/type"),
])  # fmt: skip
def test_a_name_that_cannot_be_taken_changes_nothing(cast: World, key, record_type, trouble, pointer):
    thread, _ = cast.ticket("1"), cast.ticket("2")

    with pytest.raises(trouble) as refused:
        rename(cast, thread, key, record_type)

    assert refused.value.errors[0].pointer == pointer
    assert cast.messages(thread) == []


# -- split, copied, archived -----------------------------------------------------------------------


def split(world: World, thread: ThreadView, *ids: int, key: str = "9") -> ThreadView:
    return live(world, Lives.split, thread, ids, key=key, title="The other thing", actor=ALICE, now=world.now)


def test_split_messages_move_with_their_files_mails_and_authors(cast: World):
    carol, dora = partner(cast, CAROL), partner(cast, DORA)
    thread = cast.ticket("1", followers=[carol, dora])
    cast.receive(a_mail(CAROL, text="First thing"), cast.reply_address(thread, carol))
    entry = cast.receive(
        a_mail(CAROL, text="Another thing", message_id="<other@customer.example>"),
        cast.reply_address(thread, carol),
    )
    first, other = cast.messages(thread)
    answer = say(cast, thread, "To both")

    new = split(cast, thread, other.id)

    assert words(cast, thread) == ["First thing", "To both"]
    assert words(cast, new) == ["Another thing"]
    assert cast.followers(new) == {CAROL, DORA, ALICE}, "Dora is an outsider who was told"
    assert cast.targets(entry)[0].thread_id == new.id
    with cast.database.read() as session:
        rows = session.exec_driver_sql("SELECT message_id, thread_id FROM delivery").all()
    assert {tuple(row) for row in rows} == {
        (first.id, thread.id),
        (other.id, new.id),
        (answer.message_id, thread.id),
    }
    logs = [row.body_text for one in (thread, new) for row in cast.messages(one) if row.kind == "log"]
    assert logs == [
        "1 message moved to Ticket 9 (The other thing)",
        "Split from Ticket 1 (Ticket 1): 1 message",
    ]


def test_an_answer_across_the_cut_stands_alone_and_both_records_can_be_deleted(cast: World):
    carol = partner(cast, CAROL)
    thread = cast.ticket("1", followers=[carol])
    asked = say(cast, thread, "Question")
    cast.receive(
        a_mail(CAROL, text="Answer", extra=f"In-Reply-To: {asked.header_id}\r\n"),
        cast.reply_address(thread, carol),
    )
    answer = cast.messages(thread)[-1]
    assert answer.parent_id == asked.message_id

    new = split(cast, thread, answer.id)

    assert [row.parent_id for row in cast.messages(new)] == [None, None]
    live(cast, Lives.delete, thread)
    assert words(cast, new) == ["Answer"]


@pytest.mark.parametrize(("which", "pointer"), [([], "#/message_ids"), ([99_999], "#/message_ids/0")])
def test_only_messages_of_the_record_can_be_split_off(cast: World, which, pointer):
    thread = cast.ticket("1")

    with pytest.raises(BadValue) as refused:
        split(cast, thread, *which)

    assert refused.value.errors[0].pointer == pointer


def test_a16_a_copy_has_the_fields_and_neither_messages_nor_followers(cast: World):
    thread = cast.ticket(
        "1", followers=[partner(cast, CAROL)], fields={"stage": "new", "amount": 5}, assignee=BOB
    )
    say(cast, thread, "Hello")

    copy = live(cast, Lives.duplicate, thread, key="2", title=None, actor=None, now=cast.now)

    assert (copy.title, copy.fields, copy.assignee_id) == ("Ticket 1", {"stage": "new", "amount": 5}, None)
    assert cast.followers(copy) == set()
    with cast.database.read() as session:
        assert [row.body_text for row in conversation.page(session, copy.id)] == [
            "Ticket created\nCopied from Ticket 1 (Ticket 1)"
        ]


def test_mail_to_an_archived_record_is_held_until_it_is_active_again(cast: World):
    carol = partner(cast, CAROL)
    thread = cast.ticket("1", followers=[carol])
    for active, state in ((False, "held"), (True, "posted")):
        with cast.database.write() as session:
            cast.records.put(session, RecordChange("ticket", "1", {"active": active}), cast.now)

        entry = cast.receive(a_mail(CAROL, text=f"when {active}"), cast.reply_address(thread, carol))

        assert cast.entry(entry).state == state


# -- a21: how long a field had each value ----------------------------------------------------------


def times(world: World, thread: ThreadView, name: str = "stage") -> dict[str, tuple[int, int, bool]]:
    with world.database.read() as session:
        rules = world.types.get("ticket", session)
        now = threads.by_id(session, thread.id)
        assert now is not None
        found = durations(session, now, name, rules=rules, now=world.now)
    return {one.value: (one.seconds, one.times, one.current) for one in found}


def test_a21_the_time_of_each_value_is_read_from_the_log(cast: World):
    thread = cast.ticket("1", fields={"stage": "new"})
    for stage, hours in (("won", 2), ("new", 3), ("won", 1)):
        cast.now += timedelta(hours=hours)
        with cast.database.write() as session:
            cast.records.put(session, RecordChange("ticket", "1", {"fields": {"stage": stage}}), cast.now)
    cast.now += timedelta(minutes=1)

    assert times(cast, thread) == {"new": (3 * 3600, 2, False), "won": (3 * 3600 + 60, 2, True)}


def a_stage(world: World, stage: str, minutes: int = 1, **how: Any) -> None:
    world.now += timedelta(minutes=minutes)
    with world.database.write() as session:
        world.records.put(
            session, RecordChange("ticket", "1", {"fields": {"stage": stage}}, **how), world.now
        )


@pytest.mark.parametrize("how", [{"silent": True}, {"untracked": True}])
def test_a21_a_change_that_the_log_does_not_tell_counts_from_its_time(cast: World, how: dict[str, bool]):
    thread = cast.ticket("1", fields={"stage": "new"})

    a_stage(cast, "won", **how)
    cast.now += timedelta(minutes=1)

    assert times(cast, thread) == {"new": (60, 1, False), "won": (60, 1, True)}
    a_stage(cast, "new", minutes=0)
    a_stage(cast, "won", **how)
    assert times(cast, thread) == {"new": (120, 2, False), "won": (60, 2, True)}


def test_a21_a_value_whose_label_changed_is_still_one_value(cast: World):
    thread = cast.ticket("1", fields={"stage": "new"})
    a_stage(cast, "won")
    with cast.database.write() as session:
        fields = [{**field, "choices": {"new": "Fresh", "won": "Sold"}} if field["name"] == "stage" else field
                  for field in TICKET["fields"]]  # fmt: skip
        put_type(session, "ticket", None, {"fields": fields}, cast.now)
    a_stage(cast, "new")
    a_stage(cast, "won")

    assert times(cast, thread) == {"new": (120, 2, False), "won": (60, 2, True)}
    with cast.database.read() as session:
        rules = cast.types.get("ticket", session)
        now = threads.by_id(session, thread.id)
        found = durations(session, now, "stage", rules=rules, now=cast.now)
    assert [one.label for one in found] == ["Fresh", "Sold"]


def test_a21_a_change_of_which_nothing_is_known_counts_for_the_value_before(cast: World):
    """As one from the time before silent changes were noted, or while the field was not tracked."""
    thread = cast.ticket("1", fields={"stage": "new"})
    a_stage(cast, "won")
    cast.now += timedelta(minutes=1)
    with cast.database.write() as session:
        threads.change(session, thread, {"fields": {"stage": "new"}}, cast.now)

    assert times(cast, thread) == {"new": (60, 2, True), "won": (60, 1, False)}


def test_a21_silent_changes_of_a_merged_record_go_with_it(cast: World):
    gone, kept = cast.ticket("1", fields={"stage": "new"}), cast.ticket("2", fields={"stage": "new"})
    a_stage(cast, "won", silent=True)
    merge(cast, gone, kept)

    assert times(cast, kept) == {"new": (60, 1, True)}
    assert counted(cast, "silent_change") == 0


def test_a21_a_merged_record_s_stages_do_not_count_for_the_survivor(cast: World):
    gone, kept = cast.ticket("1", fields={"stage": "new"}), cast.ticket("2", fields={"stage": "new"})
    cast.now += timedelta(hours=1)
    with cast.database.write() as session:
        cast.records.put(session, RecordChange("ticket", "1", {"fields": {"stage": "won"}}), cast.now)
    merge(cast, gone, kept)
    cast.now += timedelta(hours=1)

    assert times(cast, kept) == {"new": (7200, 1, True)}


@pytest.mark.parametrize("name", ["amount", "secret", "colour"])
def test_a21_only_tracked_fields_with_single_values_have_durations(cast: World, name: str):
    with pytest.raises(BadValue) as refused:
        times(cast, cast.ticket("1"), name)

    assert refused.value.errors[0].pointer == "#/field"
