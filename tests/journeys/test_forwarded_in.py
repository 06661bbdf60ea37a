"""A colleague forwards a customer's mail to an alias: the customer is the author, the colleague's words stay inside."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.rules.authorship import Policy
from store.queries import thread as threads
from store.session import Database
from tests.builders import DOMAIN, World, a_mail, hop_client, stamped

ALICE = "Alice <alice@corp.example>"
GMAIL = (
    "---------- Forwarded message ---------\r\nFrom: Carol Jones <carol@customer.example>\r\n"
    "Date: Mon, 23 Nov 2026 at 10:00\r\nSubject: Pump broken\r\nTo: Alice <alice@corp.example>\r\n\r\n\r\n"
    "My pump is broken.\r\n"
)
FORMS = {
    "English": ("Fwd: Pump broken", GMAIL),
    "German": ("WG: Pump broken", "Von: Carol Jones <carol@customer.example>\r\nGesendet: Montag, 23. November 2026 10:00\r\n"
               "An: Alice <alice@corp.example>\r\nBetreff: Pump broken\r\n\r\nMy pump is broken.\r\n"),
    "French": ("TR : Pump broken", "De : Carol Jones <carol@customer.example>\r\nEnvoyé : lundi 23 novembre 2026 10:00\r\n"
               "À : Alice <alice@corp.example>\r\nObjet : Pump broken\r\n\r\nMy pump is broken.\r\n"),
    "Polish": ("PD: Pump broken", "-------- Treść przekazanej wiadomości --------\r\nTemat: Pump broken\r\n"
               "Data: Mon, 23 Nov 2026 10:00:00 +0000\r\nOd: Carol Jones <carol@customer.example>\r\n"
               "Do: alice@corp.example\r\n\r\nMy pump is broken.\r\n"),
    "Japanese": ("転送: Pump broken", "差出人: Carol Jones <carol@customer.example>\r\n送信日時: 2026年11月23日 10:00\r\n"
                 "宛先: Alice <alice@corp.example>\r\n件名: Pump broken\r\n\r\nMy pump is broken.\r\n"),
}  # fmt: skip


def attached(author: str, subject: str, comment: str) -> bytes:
    """A mail with the customer's mail, which has a file of its own, attached."""
    return (
        f"From: {author}\r\nTo: support@{DOMAIN}\r\nSubject: {subject}\r\nMessage-ID: <fwd1@corp.example>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=out\r\n\r\n"
        f"--out\r\nContent-Type: text/plain\r\n\r\n{comment}\r\n"
        "--out\r\nContent-Type: message/rfc822\r\n\r\n"
        "From: Carol Jones <carol@customer.example>\r\nSubject: Pump broken\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n"
        "--in\r\nContent-Type: text/plain\r\n\r\nMy pump is broken.\r\n"
        "--in\r\nContent-Type: application/pdf; name=bill.pdf\r\n\r\n%PDF-1.4\r\n--in--\r\n--out--\r\n"
    ).encode()


def from_alice(text: str, subject: str = "Fwd: Pump broken") -> bytes:
    return stamped(a_mail(ALICE, subject=subject, text=text), "corp.example")


def entries(world: World):
    """The one record that was opened and its entries."""
    with world.database.read() as session:
        [thread] = threads.search(session, record_type="ticket", query="", before=None, limit=9).rows
    return thread, world.messages(thread)


def mails(world: World) -> list[str]:
    with world.database.read() as session:
        return list(session.exec_driver_sql("SELECT address FROM delivery").scalars())


@pytest.mark.parametrize(("subject", "block"), FORMS.values(), ids=FORMS)
def test_the_customer_is_the_author_and_the_comment_a_note(world: World, subject, block):
    alice = world.partner("alice@corp.example", internal=True)

    world.receive(
        from_alice(f"He called twice already.\r\n\r\n{block}", subject),
        f"support@{DOMAIN}",
        client=hop_client(),
    )

    thread, (first, note) = entries(world)
    assert (thread.title, thread.creator_id) == ("Pump broken", alice.id)
    assert (first.author_name, first.author_email, first.confidence) == (
        "Carol Jones",
        "carol@customer.example",
        "claimed",
    )
    assert (first.kind, first.internal, first.body_text, first.subject) == (
        "message",
        False,
        "My pump is broken.",
        "Pump broken",
    )
    assert (note.kind, note.internal, note.author_id, note.body_text) == (
        "note",
        True,
        alice.id,
        "He called twice already.",
    )
    assert note.parent_id == first.id


def test_nobody_is_mailed_and_only_the_colleague_follows(world: World):
    world.partner("alice@corp.example", internal=True)

    world.receive(from_alice(f"See.\r\n\r\n{GMAIL}"), f"support@{DOMAIN}", client=hop_client())

    thread, _ = entries(world)
    assert world.followers(thread) == {"alice@corp.example"}
    assert mails(world) == []


def test_where_everybody_follows_the_customer_does_too(database: Database, tmp_path: Path):
    world = World(database, tmp_path, policy=Policy(auto_follow="always"))
    world.partner("alice@corp.example", internal=True)

    world.receive(from_alice(GMAIL), f"support@{DOMAIN}", client=hop_client())

    thread, _ = entries(world)
    assert world.followers(thread) == {"alice@corp.example", "carol@customer.example"}
    assert mails(world) == []
    world.close()


def test_without_a_comment_the_log_says_who_forwarded(world: World):
    alice = world.partner("alice@corp.example", internal=True)

    world.receive(from_alice(GMAIL), f"support@{DOMAIN}", client=hop_client())

    thread, (first, log) = entries(world)
    assert first.author_email == "carol@customer.example"
    assert (log.kind, log.internal, log.author_id) == ("log", True, alice.id)
    assert world.followers(thread) == {"alice@corp.example"}


def test_an_attached_mail_brings_its_files(world: World):
    world.partner("alice@corp.example", internal=True)
    raw = stamped(attached(ALICE, "Fwd: Pump broken", "He called twice."), "corp.example")

    world.receive(raw, f"support@{DOMAIN}", client=hop_client())

    _, (first, note) = entries(world)
    assert (first.author_email, first.body_text, first.date.day) == (
        "carol@customer.example",
        "My pump is broken.",
        22,
    )
    assert note.body_text == "He called twice."
    with world.database.read() as session:
        names = set(
            session.exec_driver_sql(f"SELECT name FROM attachment WHERE message_id = {first.id}").scalars()
        )
    assert names == {"Pump broken.eml", "bill.pdf"}


def test_the_customers_own_answer_is_welcome_later(world: World):
    world.partner("alice@corp.example", internal=True)
    world.receive(from_alice(GMAIL), f"support@{DOMAIN}", client=hop_client())
    thread, _ = entries(world)

    answer = stamped(a_mail("carol@customer.example", text="It works again."), "customer.example")
    mail_id = world.receive(answer, world.reply_address(thread), client=hop_client())

    assert world.entry(mail_id).state == "posted"


def test_who_answers_the_forward_answers_the_customers_message(world: World):
    world.partner("alice@corp.example", internal=True)
    raw = stamped(attached(ALICE, "Fwd: Pump broken", "He called twice."), "corp.example")
    world.receive(raw, f"support@{DOMAIN}", client=hop_client())
    thread, (first, _) = entries(world)

    answer = a_mail(ALICE, text="I look into it.", extra="In-Reply-To: <fwd1@corp.example>\r\n")
    world.receive(stamped(answer, "corp.example"), world.reply_address(thread), client=hop_client())

    last = world.messages(thread)[-1]
    assert (last.parent_id, last.internal) == (first.id, False)


def test_a_verified_outsider_who_forwards_writes_his_own_mail(world: World):
    raw = stamped(
        a_mail("dan@other.example", subject="Fwd: Pump broken", text=f"See.\r\n\r\n{GMAIL}"), "other.example"
    )

    world.receive(raw, f"support@{DOMAIN}", client=hop_client())

    thread, (only,) = entries(world)
    assert (only.author_email, only.confidence, only.body_text) == ("dan@other.example", "verified", "See.")
    assert thread.title == "Fwd: Pump broken"


def test_who_only_claims_to_be_a_colleague_is_held(world: World):
    world.partner("alice@corp.example", internal=True)

    mail_id = world.receive(a_mail(ALICE, subject="Fwd: Pump broken", text=GMAIL), f"support@{DOMAIN}")

    assert world.entry(mail_id).state == "held"


def test_a_forwarded_mail_of_a_colleague_stays_the_forwarders(world: World):
    alice = world.partner("alice@corp.example", internal=True)
    world.partner("bob@corp.example", internal=True)
    block = GMAIL.replace("Carol Jones <carol@customer.example>", "Bob <bob@corp.example>")

    world.receive(from_alice(f"See.\r\n\r\n{block}"), f"support@{DOMAIN}", client=hop_client())

    _, (only,) = entries(world)
    assert (only.author_id, only.confidence) == (alice.id, "verified")


def test_a_colleague_who_answers_a_customer_with_the_alias_in_copy_writes_his_own_mail(world: World):
    alice = world.partner("alice@corp.example", internal=True)
    block = FORMS["German"][1]

    world.receive(
        from_alice(f"We come on Monday.\r\n\r\n{block}", "AW: Pump broken"),
        f"support@{DOMAIN}",
        client=hop_client(),
    )

    _, (only,) = entries(world)
    assert (only.author_id, only.body_text) == (alice.id, "We come on Monday.")


def test_a_forward_to_a_record_is_a_message_of_the_colleague(world: World):
    alice = world.partner("alice@corp.example", internal=True)
    thread = world.ticket("7")

    world.receive(from_alice(f"See.\r\n\r\n{GMAIL}"), world.reply_address(thread, alice), client=hop_client())

    [only] = world.messages(thread)
    assert (only.author_id, only.body_text) == (alice.id, "See.")


def test_the_same_forward_twice_opens_one_record(world: World):
    world.partner("alice@corp.example", internal=True)
    raw = from_alice(GMAIL)
    world.receive(raw, f"support@{DOMAIN}", client=hop_client())

    again = world.receive(raw, f"support@{DOMAIN}", client=hop_client())

    assert world.entry(again).state == "absorbed"
    assert len(entries(world)[1]) == 2
