"""Aliases, record types and the house decide about classes of authors; who is refused is told at most once a day."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.chatter.types import put
from gateway.inbound import desk
from gateway.rules.authorship import Policy
from store.models import Delivery
from store.queries import thread as threads
from store.queries import types as type_store
from store.session import Database
from tests.builders import DOMAIN, TICKET, World, a_mail, hop_client, stamped

SUPPORT = f"support@{DOMAIN}"
CAROL, ALICE = "carol@customer.example", "alice@corp.example"


def alias(
    world: World, policy: dict[str, Any], *, defaults: dict[str, Any] | None = None, address: str = SUPPORT
) -> None:
    with world.database.write() as session:
        type_store.put_alias(session, address, "ticket", defaults or {}, policy, world.now)


def type_policy(world: World, policy: dict[str, Any]) -> None:
    with world.database.write() as session:
        put(session, "ticket", "Ticket", {**TICKET, "policy": policy}, world.now)


def send(
    world: World,
    author: str = CAROL,
    *to: str,
    proven: bool = True,
    reverse_path: str | None = None,
    **more: Any,
) -> Any:
    """The entry of a mail."""
    raw = a_mail(author, **more)
    if proven:
        raw = stamped(raw, author.rpartition("@")[2])
    path = author if reverse_path is None else reverse_path
    return world.entry(world.receive(raw, *(to or (SUPPORT,)), client=hop_client(), reverse_path=path))


def mailed(world: World, kind: str = "refusal") -> list[Any]:
    delivery = Delivery.table()
    with world.database.read() as session:
        return list(session.execute(delivery.select().where(delivery.c.kind == kind).order_by(delivery.c.id)))


def opened(world: World) -> list[Any]:
    with world.database.read() as session:
        return threads.search(session, record_type="ticket", query="", before=None, limit=99).rows


def test_t040_without_a_policy_everybody_opens_a_record(world: World):
    assert (send(world).state, len(opened(world))) == ("posted", 1)


def test_t041_an_alias_for_partners_refuses_a_stranger_and_tells_him_so(world: World):
    alias(world, {"stranger": "reject"})

    entry = send(world, subject="A question")

    assert (entry.state, opened(world)) == ("refused", [])
    assert entry.reason == "refused by policy (the alias: stranger reject)"
    [refusal] = mailed(world)
    assert refusal.address == CAROL
    assert refusal.payload == {"subject": "A question", "alias": SUPPORT, "html": "", "text": ""}


def test_t042_who_is_known_opens_where_a_stranger_may_not(world: World):
    alias(world, {"stranger": "reject"})
    world.partner(CAROL)

    assert send(world).state == "posted"


def test_a_refusal_is_told_once_a_day_and_per_address(world: World):
    alias(world, {"stranger": "reject"})

    for _ in range(3):
        send(world)
    send(world, "dora@customer.example")
    first = [one.address for one in mailed(world)]
    world.now += timedelta(hours=25)
    send(world)

    assert first == [CAROL, "dora@customer.example"]
    assert [one.address for one in mailed(world)] == [*first, CAROL]


@pytest.mark.parametrize("extra", ["In-Reply-To: {}\r\n", "References: <a@x.example> {}\r\n"])
@pytest.mark.parametrize("to", [f"notifications@{DOMAIN}", SUPPORT])
def test_t101_an_answer_to_a_refusal_is_not_refused_by_mail_again(world: World, extra: str, to: str):
    alias(world, {"stranger": "reject"})
    send(world)
    [refusal] = mailed(world)

    entry = send(world, CAROL, to, extra=extra.format(refusal.header_id))

    assert entry.state in ("held", "refused")
    assert len(mailed(world)) == 1


@pytest.mark.parametrize("how", [
    {"proven": False}, {"reverse_path": ""}, {"extra": "Auto-Submitted: auto-generated\r\n"}, {"extra": "Precedence: bulk\r\n"},
], ids=["claimed", "null path", "automatic", "bulk"])  # fmt: skip
def test_nothing_is_mailed_to_who_proves_nothing_or_is_a_program(world: World, how: dict[str, Any]):
    alias(world, {"stranger": "reject", "automatic": "reject"})

    assert send(world, **how).state == "refused"
    assert mailed(world) == []


def test_a_blocked_author_is_refused_in_silence(world: World):
    alias(world, {"stranger": "reject"})
    with world.database.write() as session:
        session.exec_driver_sql(
            f"INSERT INTO block (pattern, reason, created_at) VALUES ('{CAROL}', '', '2026-11-23 12:00:00')"
        )

    send(world, reverse_path="bounce@mailer.example")

    assert mailed(world) == []


@pytest.mark.parametrize(("html", "kept"), [
    ("<p>Call <b>us</b> instead.</p>", "<p>Call <b>us</b> instead.</p>"), ("<p><br></p> <div> </div>", ""), ("", ""),
    ("<script>alert(1)</script>", ""),
])  # fmt: skip
def test_t044_an_alias_refuses_in_its_own_words_and_empty_tags_are_none(world: World, html: str, kept: str):
    alias(world, {"stranger": "reject", "refusal_html": html})

    send(world)

    [refusal] = mailed(world)
    assert refusal.payload["html"] == kept
    assert refusal.payload["text"] == ("Call us instead." if kept else "")


@pytest.mark.parametrize(("to", "cc"), [
    (f"closed@{DOMAIN}", ""), (f"{SUPPORT}, closed@{DOMAIN}", ""), ("bob@elsewhere.example", f"closed@{DOMAIN}"),
])  # fmt: skip
def test_t045_a_refusal_names_the_alias_that_refused(world: World, to: str, cc: str):
    alias(world, {"stranger": "reject"}, address=f"closed@{DOMAIN}")
    extra = f"Cc: {cc}\r\n" if cc else ""
    reached = [path for path in (SUPPORT, f"closed@{DOMAIN}") if path in to + cc]

    send(world, CAROL, *reached, to=to, extra=extra)

    [refusal] = mailed(world)
    assert refusal.payload["alias"] == f"closed@{DOMAIN}"
    assert len(opened(world)) == len(reached) - 1


def test_t047_a_changed_alias_takes_the_next_good_mail(world: World):
    alias(world, {"stranger": "hold"})
    held = send(world)
    alias(world, {})

    assert (held.state, held.reason) == ("held", "held by policy (the alias: stranger hold)")
    assert send(world).state == "posted"


def test_what_is_discarded_is_absorbed_with_its_reason(world: World):
    alias(world, {"stranger": "discard"})

    entry = send(world)

    assert (entry.state, entry.reason) == ("absorbed", "discarded by policy (the alias: stranger discard)")
    assert (mailed(world), opened(world)) == ([], [])


def test_the_alias_is_asked_before_the_type_and_the_type_before_the_house(database: Database, tmp_path: Path):
    world = World(database, tmp_path, classes={"stranger": "discard"})
    by_house = send(world).state
    type_policy(world, {"stranger": "hold"})
    by_type = send(world).state
    alias(world, {"stranger": "accept"})
    by_alias = send(world).state

    assert (by_house, by_type, by_alias) == ("absorbed", "held", "posted")
    world.close()


def test_a_type_may_refuse_followers_on_its_threads(world: World):
    carol = world.partner(CAROL)
    thread = world.ticket(followers=[carol])
    type_policy(world, {"follower": "hold"})

    assert send(world, CAROL, world.reply_address(thread, carol)).state == "held"
    assert world.messages(thread) == []


def test_no_policy_lets_in_what_the_trust_table_holds(world: World):
    world.partner(ALICE, internal=True)
    alias(world, {"internal": "accept"})

    entry = send(world, ALICE, proven=False)

    assert (entry.state, entry.reason) == ("held", "claims to be a colleague, without proof")


def test_a_person_may_let_in_what_a_policy_held(world: World):
    alias(world, {"stranger": "hold"})
    held = send(world)
    with world.database.write() as session:
        desk.release(session, held.id, world.now)
    while world.worker.run_once():
        pass

    assert (world.entry(held.id).state, len(opened(world))) == ("posted", 1)


# -- automatic mail --------------------------------------------------------------------------------


ROBOT = {"extra": "Auto-Submitted: auto-generated\r\n"}


def test_where_the_house_is_open_automatic_mail_opens_a_record_and_nobody_follows_or_is_answered(
    database: Database, tmp_path: Path
):
    world = World(database, tmp_path, automatic="open")

    entry = send(world, "watch@shop.example", **ROBOT)

    assert entry.state == "posted"
    [thread] = opened(world)
    assert world.followers(thread) == set()
    with world.database.read() as session:
        assert session.exec_driver_sql("SELECT count(*) FROM delivery").scalar() == 0
    world.close()


@pytest.mark.parametrize("word", ["open", "accept"])
def test_an_alias_may_be_open_to_automatic_mail_where_the_house_is_not(world: World, word: str):
    alias(world, {"automatic": word}, address=f"alarms@{DOMAIN}")

    assert send(world, "watch@shop.example", f"alarms@{DOMAIN}", **ROBOT).state == "posted"
    assert send(world, "watch@shop.example", **ROBOT).state == "held"


def test_the_house_s_word_about_automatic_mail_to_aliases_leaves_threads_alone(
    database: Database, tmp_path: Path
):
    world = World(database, tmp_path, automatic="discard")
    carol = world.partner(CAROL)
    thread = world.ticket(followers=[carol])

    entry = send(world, CAROL, world.reply_address(thread, carol), extra="Auto-Submitted: auto-replied\r\n")

    assert entry.state == "posted"
    assert world.messages(thread)[-1].folded
    world.close()


# -- outsiders of the same organisation --------------------------------------------------------------


@pytest.mark.parametrize(("invited", "author", "proven", "state"), [
    ("carol@customer.example", "carl@customer.example", True, "posted"),
    ("carol@mail.customer.example", "carl@sales.customer.example", True, "posted"),
    ("carol@customer.example", "carl@customer.example", False, "held"),
    ("carol@customer.example", "carl@other.example", True, "held"),
    ("carol@yahoo.co.uk", "carl@yahoo.co.uk", True, "held"),
    ("carol@t-online.de", "carl@t-online.de", True, "held"),
    ("carol@students.example", "carl@students.example", True, "held"),
])  # fmt: skip
def test_a_colleague_of_the_customer_writes_where_the_policy_says_same_domain(
    database: Database, tmp_path: Path, invited: str, author: str, proven: bool, state: str
):
    world = World(
        database, tmp_path, policy=Policy(outsiders="same_domain"), freemail=frozenset({"students.example"})
    )
    carol = world.partner(invited)
    thread = world.ticket(followers=[carol])

    assert send(world, author, world.reply_address(thread, carol), proven=proven).state == state
    assert (author in world.followers(thread)) is (state == "posted")
    world.close()


def test_a_record_type_may_let_outsiders_of_the_same_domain_in(world: World):
    carol = world.partner(CAROL)
    thread = world.ticket(followers=[carol])
    type_policy(world, {"outsiders": "same_domain"})

    assert send(world, "carl@customer.example", world.reply_address(thread, carol)).state == "posted"
