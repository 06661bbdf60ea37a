"""The journey out, told with a real next hop and a real database."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, insert, select, update

from gateway.mail.dkim import Signer, dns_record, keygen, verify
from gateway.outbound.channels import Deferred, Failed, Sent
from gateway.outbound.channels.email import Email, Relay
from gateway.outbound.channels.maildir import Maildir, outbox
from gateway.outbound.house import MARKER, SendingDomain
from gateway.rules.token import Kind, read_local_part
from store.blobs import BlobStore
from store.models import Attachment, Delivery, Follower, MessageRef, Notice, Partner, Suppression
from store.queries import delivery as deliveries
from store.session import Database
from tests.outbound.a_house import (
    KEYS,
    NOW,
    Basket,
    Clock,
    a_delivery,
    a_dispatcher,
    a_follower,
    a_house,
    a_message,
    a_partner,
    a_thread,
    states,
)
from tests.outbound.conftest import NextHop

ACTIVE = re.compile(r"<(script|meta|link|base|form|iframe|object|embed)\b|\son[a-z]+\s*=|javascript:", re.I)


def a_post(database: Database, *names: str, **message: object) -> list[int]:
    """One message by Alice to these followers; answers the deliveries' ids."""
    with database.write() as session:
        thread_id = a_thread(session)
        author_id = a_partner(session, "Alice Adams", internal=True)
        message_id = a_message(session, thread_id, author_id, **message)
        return [
            a_delivery(session, message_id, thread_id, a_follower(session, thread_id, name)) for name in names
        ]


async def sent(database: Database, **more: object) -> Basket:
    """Send everything due into a basket."""
    basket = Basket()
    dispatcher = a_dispatcher(database, basket, **more)
    await dispatcher.drain()
    await dispatcher.stop()
    return basket


async def test_a_message_reaches_its_followers_over_one_relay_with_their_own_reply_addresses(
    database, next_hop: NextHop
):
    a_post(database, "Bob Bell", "Carol Cole")
    dispatcher = a_dispatcher(database, Email(Relay.of(f"smtp://127.0.0.1:{next_hop.port}"), width=1))

    await dispatcher.drain()
    await dispatcher.stop()

    mails = {str(mail["To"]): mail for mail in next_hop.mails()}
    assert set(mails) == {"bob.bell@people.test", "carol.cole@people.test"}
    bob, carol = mails["bob.bell@people.test"], mails["carol.cole@people.test"]
    assert bob["From"].addresses[0].display_name == "Alice Adams via Acme"
    assert bob["From"].addresses[0].addr_spec == "notifications@threads.acme.test"
    assert bob["Subject"] == "Re: The pump leaks"
    assert bob["Message-ID"] == carol["Message-ID"] == "<m1@threads.acme.test>"
    assert bob["Reply-To"] != carol["Reply-To"]
    token, _ = read_local_part(bob["Reply-To"].addresses[0].username, {"reply": None}, KEYS)
    assert token.kind is Kind.REPLY and not token.internal
    assert len(next_hop.connections) == 1
    assert {state for state, _, _ in states(database).values()} == {"sent"}


async def test_bodies_are_equal_for_all_readers_of_an_audience(database):
    a_post(database, "Bob Bell", "Carol Cole", "Dan Dale")

    basket = await sent(database)

    assert len({mail.content for mail in basket.mails}) == 1
    assert len({mail.header for mail in basket.mails}) == 3
    assert len({mail.reverse_path for mail in basket.mails}) == 3


async def test_the_mail_reads_well(database, tmp_path: Path):
    a_post(
        database,
        "Bob Bell",
        confidence="claimed",
        tracking=[{"field": "stage", "label": "Stage", "old": "new", "new": "done"}],
    )
    dispatcher = a_dispatcher(database, Maildir(tmp_path / "outbox"))

    await dispatcher.drain()
    await dispatcher.stop()

    [written] = outbox(tmp_path / "outbox")
    assert written.author == '"Alice Adams (not verified) via Acme" <notifications@threads.acme.test>'
    assert written.text.startswith(MARKER)
    assert "Alice Adams wrote: [not verified]" in written.text
    assert "Stage: new -> done" in written.text
    assert "The new pump is here." in written.text
    assert "because you follow this conversation" in written.text
    assert "/leave" in written.text
    assert "<b>new</b>" in written.html
    assert "not verified" in written.html
    assert 'style="' in written.html and "prefers-color-scheme: dark" in written.html
    assert "{{" not in written.html and "{%" not in written.html and not ACTIVE.search(written.html)
    headers = dict(written.headers)
    assert headers["List-Id"] == "<42.ticket.threads.acme.test>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-Unsubscribe"].startswith("<https://desk.acme.test/leave/")
    assert headers["NotificationReason"] == "follower"
    assert headers["X-Auto-Response-Suppress"] == "DR, RN, NRN"
    assert "Auto-Submitted" not in headers


async def test_a_reader_is_addressed_in_his_language(database):
    with database.write() as session:
        thread_id = a_thread(session)
        message_id = a_message(session, thread_id, a_partner(session, "Alice Adams", internal=True))
        a_delivery(session, message_id, thread_id, a_follower(session, thread_id, "Bruno", language="it-IT"))
        a_delivery(session, message_id, thread_id, a_follower(session, thread_id, "Claire", language="fr"))

    basket = await sent(database)

    bruno, claire = (mail.octets().decode() for mail in basket.mails)
    assert "Alice Adams ha scritto:" in bruno
    assert "Alice Adams wrote:" in claire


async def test_an_answer_of_4xx_is_tried_again_and_then_sent(database, next_hop: NextHop):
    [delivery_id] = a_post(database, "Bob Bell")
    next_hop.rcpt["bob.bell@people.test"] = ["451 4.2.1 greylisted"]
    clock = Clock()
    dispatcher = a_dispatcher(database, Email(Relay.of(f"smtp://127.0.0.1:{next_hop.port}")), clock=clock)

    await dispatcher.drain()
    assert states(database)[delivery_id] == ("deferred", "4.2.1", "451 4.2.1 greylisted")
    assert await dispatcher.drain() == 0

    clock.move(minutes=2)
    await dispatcher.drain()
    await dispatcher.stop()
    assert states(database)[delivery_id][0] == "sent"
    assert len(next_hop.mails()) == 1


async def test_t156_an_answer_of_5xx_is_shown_and_a_dead_address_gets_no_more_mail(
    database, next_hop: NextHop
):
    bob, carol = a_post(database, "Bob Bell", "Carol Cole")
    next_hop.rcpt["bob.bell@people.test"] = ["550 5.1.1 no such user"]
    next_hop.rcpt["carol.cole@people.test"] = ["554 5.7.1 policy"]
    dispatcher = a_dispatcher(database, Email(Relay.of(f"smtp://127.0.0.1:{next_hop.port}")))

    await dispatcher.drain()
    await dispatcher.stop()

    assert states(database)[bob] == ("failed", "5.1.1", "550 5.1.1 no such user")
    assert states(database)[carol] == ("failed", "5.7.1", "554 5.7.1 policy")
    with database.read() as session:
        assert session.execute(select(Suppression.table().c.address)).scalars().all() == [
            "bob.bell@people.test"
        ]


async def test_t155_an_unreachable_relay_is_left_alone_and_everything_goes_when_it_is_back(
    database, next_hop: NextHop
):
    a_post(database, "Bob Bell", "Carol Cole", "Dan Dale")
    clock = Clock()
    relay = Email(Relay.of("smtp://127.0.0.1:1"), width=1)
    dispatcher = a_dispatcher(database, relay, clock=clock)

    await dispatcher.drain()
    assert {(state, status) for state, status, _ in states(database).values()} == {("deferred", "4.4.1")}

    relay._relay = Relay.of(f"smtp://127.0.0.1:{next_hop.port}")
    clock.move(minutes=2)
    await dispatcher.drain()
    await dispatcher.stop()
    assert len(next_hop.mails()) == 3
    assert {state for state, _, _ in states(database).values()} == {"sent"}


async def test_what_changed_since_the_post_is_respected(database):
    with database.write() as session:
        thread_id = a_thread(session)
        author_id = a_partner(session, "Alice Adams", internal=True)
        message_id = a_message(session, thread_id, author_id)
        gone = a_message(session, thread_id, author_id, message_id="<m2@threads.acme.test>", deleted_at=NOW)
        people = {
            name: a_follower(session, thread_id, name) for name in ("left", "dead", "read", "away", "still")
        }
        ids = {name: a_delivery(session, message_id, thread_id, person) for name, person in people.items()}
        ids["withdrawn"] = a_delivery(session, gone, thread_id, people["still"])
        session.execute(delete(Follower.table()).where(Follower.table().c.partner_id == people["left"]))
        session.execute(
            insert(Suppression.table()).values(address="dead@people.test", reason="bounced", since=NOW)
        )
        session.execute(
            update(Notice.table()).where(Notice.table().c.partner_id == people["read"]).values(read_at=NOW)
        )
        session.execute(
            update(Partner.table()).where(Partner.table().c.id == people["away"]).values(active=False)
        )

    basket = await sent(database)

    found = states(database)
    assert {name: (found[number][0], found[number][2]) for name, number in ids.items()} == {
        "left": ("skipped", "no follower any more"),
        "dead": ("suppressed", "bounced"),
        "read": ("skipped", "read on the web"),
        "away": ("skipped", "the partner is inactive"),
        "withdrawn": ("skipped", "the message was withdrawn"),
        "still": ("sent", ""),
    }
    assert [mail.recipient for mail in basket.mails] == ["still@people.test"]


async def test_an_invitation_to_who_was_removed_and_an_assignment_that_was_changed_are_not_sent(database):
    with database.write() as session:
        bob, ann, dan = (a_partner(session, name, internal=True) for name in ("Bob", "Ann", "Dan"))
        thread_id = a_thread(session, assignee_id=dan)
        ids = [
            a_delivery(session, None, thread_id, reader, kind=kind, reason=reason, payload={})
            for reader, kind, reason in (
                (bob, "invite", "invited"), (bob, "invite", "invited"), (ann, "assigned", "assigned"),
                (dan, "assigned", "assigned"),
            )
        ]  # fmt: skip

    basket = await sent(database)

    assert [mail.recipient for mail in basket.mails] == ["dan@people.test"]
    found = states(database)
    assert [(found[one][0], found[one][2]) for one in ids[:3]] == [
        ("skipped", "not following any more"),
        ("skipped", "not following any more"),
        ("skipped", "no longer assigned"),
    ]


async def test_a_note_goes_to_colleagues_and_to_the_outsider_mentioned_on_purpose_only(database):
    with database.write() as session:
        thread_id = a_thread(session)
        author_id = a_partner(session, "Alice Adams", internal=True)
        a_message(session, thread_id, author_id, message_id="<said@threads.acme.test>")
        a_message(
            session, thread_id, author_id, message_id="<secret@threads.acme.test>", kind="note", internal=True
        )
        note = a_message(
            session, thread_id, author_id, message_id="<note@threads.acme.test>", kind="note", internal=True
        )
        a_delivery(session, note, thread_id, a_follower(session, thread_id, "Ina", internal=True))
        a_delivery(session, note, thread_id, a_follower(session, thread_id, "Otto"))
        olga, was_staff = a_follower(session, thread_id, "Olga"), a_follower(session, thread_id, "Dave")
        a_delivery(session, note, thread_id, olga, reason="mention", confirmed=True)
        a_delivery(session, note, thread_id, was_staff, reason="mention")

    basket = await sent(database)

    mails = {mail.recipient: mail.header.decode() for mail in basket.mails}
    assert set(mails) == {"ina@people.test", "olga@people.test"}
    assert "<secret@threads.acme.test>" in mails["ina@people.test"]
    assert "<secret@threads.acme.test>" not in mails["olga@people.test"]
    assert "<said@threads.acme.test>" in mails["olga@people.test"]
    local_part = re.search(r"^Reply-To: (.*)@", mails["olga@people.test"], re.MULTILINE)
    token, _ = read_local_part(local_part[1], {"reply": None}, KEYS)
    assert token.internal, "an answer to a note is a note"


async def test_references_hold_the_root_and_the_last_ten_and_the_senders_own_id_before_ours(database):
    with database.write() as session:
        thread_id = a_thread(session)
        author_id = a_partner(session, "Alice Adams")
        for number in range(20):
            a_message(session, thread_id, author_id, message_id=f"<n{number}@threads.acme.test>")
        last = a_message(session, thread_id, author_id, message_id="<last@threads.acme.test>", inbound_id=7)
        session.execute(
            insert(MessageRef.table()).values(header_id="<own@mail.test>", message_id=last, ours=False)
        )
        a_delivery(session, last, thread_id, a_follower(session, thread_id, "Bob Bell"))

    basket = await sent(database)

    header = basket.mails[0].header.decode().replace("\r\n ", " ")
    references = re.search("^References: (.*)\r$", header, re.MULTILINE)[1].split()
    assert references == [
        "<n0@threads.acme.test>",
        *[f"<n{n}@threads.acme.test>" for n in range(11, 20)],
        "<own@mail.test>",
    ]
    assert "In-Reply-To: <n19@threads.acme.test>\r\n" in header


async def test_a_signed_mail_verifies_at_the_reader(database):
    key = keygen()
    house = a_house(domains=(SendingDomain("threads.acme.test", (Signer("threads.acme.test", "s1", key),)),))
    a_post(database, "Bob Bell", body_text="Grüße  \n\n\n.\nFrom here\n\n", body_html="<p>Grüße</p>")

    basket = await sent(database, house=house)

    [signature] = verify(basket.mails[0].octets(), lambda name: dns_record(key).encode())
    assert (signature.result, signature.domain) == ("pass", "threads.acme.test")


async def test_files_travel_up_to_a_limit_and_are_listed_beyond_it(database, tmp_path: Path):
    blobs = BlobStore(tmp_path / "blobs")
    with database.write() as session:
        thread_id = a_thread(session)
        message_id = a_message(session, thread_id, a_partner(session, "Alice Adams", internal=True))
        for name, content in (("plan.txt", b"small"), ("film.mp4", b"x" * 50_000)):
            values = {
                "name": name,
                "content_type": "text/plain",
                "size": len(content),
                "blob": blobs.put(content),
            }
            session.execute(
                insert(Attachment.table()).values(
                    thread_id=thread_id, message_id=message_id, created_at=NOW, **values
                )
            )
        a_delivery(session, message_id, thread_id, a_follower(session, thread_id, "Bob Bell"))
    outbox_ = Maildir(tmp_path / "outbox", largest=50_000)
    dispatcher = a_dispatcher(database, outbox_, blobs=blobs, house=a_house(base_url=""))

    await dispatcher.drain()
    await dispatcher.stop()

    [written] = outbox(tmp_path / "outbox")
    assert written.files == ("plan.txt",)
    assert "film.mp4 (48 KiB, too large to attach)" in written.text


async def test_an_invitation_without_a_message_says_who_invites(database):
    with database.write() as session:
        thread_id = a_thread(session, subject=None)
        reader = a_follower(session, thread_id, "Bob Bell")
        payload = {"html": "<p>Come in</p>", "text": "Come in", "by": "Alice Adams"}
        a_delivery(
            session,
            None,
            thread_id,
            reader,
            kind="invite",
            reason="invited",
            payload=payload,
            header_id="<i@threads.acme.test>",
        )

    basket = await sent(database)

    text = basket.mails[0].octets().decode()
    assert "Subject: The pump leaks\r\n" in text
    assert "Alice Adams invited you to follow this conversation:" in text
    assert "Auto-Submitted: auto-generated\r\n" in text


@pytest.mark.parametrize("kind", ["confirm", "refusal", "login", "assigned"])
async def test_every_template_renders_with_what_it_may_lack(database, kind: str):
    with database.write() as session:
        reader = a_partner(session, "Bob Bell")
        thread_id = a_thread(session, assignee_id=reader)
        a_delivery(session, None, thread_id, reader, kind=kind, payload={}, reason=kind)

    basket = await sent(database)

    assert len(basket.mails) == 1
    mail = email.message_from_bytes(basket.mails[0].octets(), policy=email.policy.default)
    html = mail.get_body(("html",)).get_content()
    assert "<html" in html and not ACTIVE.search(html), (
        "a filter of the reader's may refuse what asks for more"
    )


async def test_a_lease_that_ran_out_is_taken_by_another_and_the_old_owners_result_is_refused(database):
    [delivery_id] = a_post(database, "Bob Bell")
    with database.write() as session:
        [old] = deliveries.claim(session, owner="old", now=NOW, until=NOW, at_most=10)

    clock = Clock()
    clock.move(seconds=1)
    basket = await sent(database, clock=clock, owner="new")

    assert len(basket.mails) == 1
    with pytest.raises(deliveries.LeaseLost), database.write() as session:
        deliveries.record(session, [deliveries.Result(old.id, "old", old.lease, "failed", NOW)])
    assert states(database)[delivery_id][0] == "sent"


async def test_a_held_lease_is_left_alone_until_it_runs_out_or_the_dead_are_freed(database):
    a_post(database, "Bob Bell")
    clock = Clock()
    with database.write() as session:
        deliveries.claim(session, owner="dead", now=NOW, until=clock.now.replace(minute=31), at_most=10)

    assert (await sent(database, clock=clock)).mails == []

    basket = Basket()
    dispatcher = a_dispatcher(database, basket, clock=clock)
    await dispatcher.start(free_leases=True)
    await eventually(lambda: len(basket.mails) == 1)
    await dispatcher.stop()


async def test_a_running_dispatcher_wakes_when_a_post_commits_and_gives_back_what_it_holds_at_its_end(
    database,
):
    class Slow(Basket):
        async def deliver(self, mail):
            self.mails.append(mail)
            await asyncio.sleep(0.3)
            return Sent()

    slow = Slow(width=1)
    dispatcher = a_dispatcher(database, slow)
    await dispatcher.start()
    await asyncio.sleep(0.05)
    a_post(database, "Bob Bell", "Carol Cole", "Dan Dale")
    await eventually(lambda: slow.mails)
    await dispatcher.stop()

    assert len(slow.mails) == 1
    assert sorted(state for state, _, _ in states(database).values()) == ["queued", "queued", "sent"]
    table = Delivery.table()
    with database.read() as session:
        assert set(session.execute(select(table.c.owner)).scalars()) == {""}
    assert len((await sent(database)).mails) == 2


async def test_a_rewriting_relay_teaches_us_the_id_it_gave(database):
    a_post(database, "Bob Bell")
    dispatcher = a_dispatcher(database, Basket(Sent(header_id="<0102@relay.test>")))

    await dispatcher.drain()
    await dispatcher.stop()

    with database.read() as session:
        refs = session.execute(select(MessageRef.table().c.header_id, MessageRef.table().c.ours)).all()
    assert refs == [("<0102@relay.test>", True)]


async def test_mail_is_given_up_after_five_days(database):
    [delivery_id] = a_post(database, "Bob Bell")
    clock = Clock()
    dispatcher = a_dispatcher(database, Basket(*[Deferred("4.2.0", "later")] * 100), clock=clock)

    for _ in range(60):
        await dispatcher.drain()
        clock.move(hours=3)
    await dispatcher.stop()

    state, status, detail = states(database)[delivery_id]
    assert (state, status) == ("failed", "4.2.0")
    assert detail.startswith("given up after five days")


async def test_a_person_tries_again_or_drops(database):
    bob, carol = a_post(database, "Bob Bell", "Carol Cole")
    dispatcher = a_dispatcher(database, Basket(Failed("5.7.1", "no"), Deferred("4.2.0", "later"), width=1))
    await dispatcher.drain()

    with database.write() as session:
        assert deliveries.retry(session, bob, NOW)
        assert deliveries.drop(session, carol, "dropped by Alice", NOW)
        assert not deliveries.drop(session, carol, "dropped by Alice", NOW)
    await dispatcher.drain()
    await dispatcher.stop()

    assert states(database)[bob][0] == "sent"
    assert states(database)[carol] == ("skipped", "4.2.0", "dropped by Alice")


async def eventually(condition, seconds: float = 3.0) -> None:
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


async def test_a_picture_that_the_page_shows_travels_inside_the_mail_and_foreign_ones_do_not(
    database, tmp_path: Path
):
    blobs = BlobStore(tmp_path / "blobs")
    with database.write() as session:
        thread_id = a_thread(session)
        html = '<p>See <img src="/attachments/5" alt="logo"> and <img src="https://spy.test/x.gif" alt="spy"></p>'
        message_id = a_message(
            session, thread_id, a_partner(session, "Alice Adams", internal=True), body_html=html
        )
        values = {"name": "logo.png", "content_type": "image/png", "size": 4, "blob": blobs.put(b"\x89PNG")}
        session.execute(
            insert(Attachment.table()).values(
                id=5,
                thread_id=thread_id,
                message_id=message_id,
                created_at=NOW,
                content_id="logo@alice",
                inline=True,
                **values,
            )
        )
        a_delivery(session, message_id, thread_id, a_follower(session, thread_id, "Bob Bell"))

    basket = await sent(database, blobs=blobs)

    mail = email.message_from_bytes(basket.mails[0].octets(), policy=email.policy.default)
    html = mail.get_body(("html",)).get_content()
    assert '<img src="cid:logo@alice" alt="logo">' in html
    assert "spy.test" not in html
    assert "Content-ID: <logo@alice>" in basket.mails[0].octets().decode()


async def test_a_page_costs_the_same_statements_whatever_its_size(database):
    def statements_for(names: list[str]) -> int:
        seen: list[str] = []

        def note(*args: Any) -> None:
            seen.append(args[2])

        event.listen(Engine, "before_cursor_execute", note)
        pipeline = a_dispatcher(database, Basket())._pipeline
        page = pipeline.load(500)
        event.remove(Engine, "before_cursor_execute", note)
        assert len(pipeline.prepare(page, page.deliveries).ready) == len(names)
        return len([one for one in seen if one.startswith(("SELECT", "UPDATE", "WITH"))])

    a_post(database, "Bob Bell")
    few = statements_for(["Bob Bell"])
    with database.write() as session:
        thread_id = a_thread(session, key="43")
        message_id = a_message(session, thread_id, None, message_id="<m2@threads.acme.test>")
        for number in range(40):
            a_delivery(session, message_id, thread_id, a_follower(session, thread_id, f"reader{number}"))

    assert statements_for([""] * 40) == few <= 8
