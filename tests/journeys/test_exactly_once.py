"""One mail posts once, however it comes and whatever falls; different mails all post."""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import event

from gateway.inbound import desk
from store.session import Database
from tests.builders import DOMAIN, World, a_mail, hop_client, stamped


def test_one_mail_over_two_doors_eight_times_in_parallel_posts_once(database: Database, tmp_path: Path):
    worlds = [World(database, tmp_path / str(n)) for n in range(2)]
    carol = worlds[0].partner("carol@customer.example")
    thread = worlds[0].ticket(followers=[carol])
    raw, address = a_mail("carol@customer.example"), worlds[0].reply_address(thread, carol)
    entries: list[int] = []

    def deliver(n: int) -> None:
        entries.append(worlds[n % 2].receive(raw, address, door=("smtp", "lmtp")[n % 2]))

    senders = [threading.Thread(target=deliver, args=(n,)) for n in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    for world in worlds:
        while world.worker.run_once():
            pass
        world.close()

    assert len(worlds[0].messages(thread)) == 1
    states = sorted(worlds[0].entry(entry).state for entry in entries)
    assert states == ["absorbed"] * 7 + ["posted"]


def test_the_same_mail_in_another_encoding_is_a_duplicate(world: World):
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])
    plain = a_mail("carol@customer.example", text="café", message_id="<same@x.example>")
    encoded = plain.replace(
        b"charset=utf-8\r\n", b"charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    ).replace("café".encode(), b"caf=C3=A9")

    world.receive(plain, world.reply_address(thread, carol))
    second = world.receive(encoded, world.reply_address(thread))

    assert len(world.messages(thread)) == 1
    assert world.entry(second).reason.startswith("duplicate of")


def test_the_same_message_id_with_other_content_posts(world: World):
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])

    for text in ("first", "second"):
        world.receive(
            a_mail("carol@customer.example", text=text, message_id="<same@x.example>"),
            world.reply_address(thread, carol),
        )

    assert [message.body_text for message in world.messages(thread)] == ["first", "second"]


def test_mail_without_a_message_id_posts(world: World):
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])

    mail_id = world.receive(
        a_mail("carol@customer.example", message_id=None), world.reply_address(thread, carol)
    )

    assert world.entry(mail_id).state == "posted"


def test_our_own_mail_that_comes_back_is_absorbed(world: World):
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])
    world.receive(a_mail("carol@customer.example"), world.reply_address(thread, carol))
    [posted] = world.messages(thread)

    mail_id = world.receive(
        a_mail(f"Carol via us <notifications@{DOMAIN}>", text="loop", message_id=posted.message_id),
        f"support@{DOMAIN}",
    )

    assert (world.entry(mail_id).state, world.entry(mail_id).reason) == ("absorbed", "our own mail came back")


def test_new_words_under_a_message_id_of_ours_wait_for_a_person(world: World):
    """Some programs send an edited copy under the id that it had; nothing a person wrote is dropped unseen."""
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])
    address = world.reply_address(thread, carol)
    world.receive(a_mail("carol@customer.example"), address)
    [posted] = world.messages(thread)
    raw = stamped(
        a_mail("carol@customer.example", text="new", message_id=posted.message_id), "customer.example"
    )

    mail_id = world.receive(raw, address, client=hop_client())
    assert (world.entry(mail_id).state, world.entry(mail_id).reason) == (
        "held",
        "it has the Message-ID of a mail of ours, but another author",
    )
    with world.database.write() as session:
        desk.release(session, mail_id, world.now)
    while world.worker.run_once():
        pass

    assert [message.body_text for message in world.messages(thread)] == ["Hello there.", "new"]


def test_a_mail_that_makes_us_fail_is_retried_then_set_aside_with_its_traceback(world: World):
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])
    world.blobs._directory = world.reader._directory = Path(
        "/dev/null/nowhere"
    )  # the disk refuses every file
    attachment = (
        b"From: carol@customer.example\r\nMessage-ID: <a@x.example>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsee file\r\n"
        b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n%PDF-1.4\r\n--b--\r\n"
    )

    mail_id = world.receive(attachment, world.reply_address(thread, carol))
    for _ in range(4):
        world.now = world.now.replace(minute=world.now.minute + 2)
        while world.worker.run_once():
            pass

    assert world.entry(mail_id).state == "failed"
    [target] = world.targets(mail_id)
    assert "Traceback" in target.trace[0]["reason"]


def test_a_poisoned_mail_does_not_keep_its_batch_from_posting(world: World):
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[carol])
    odd = world.partner("odd@customer.example")
    broken = world.ticket("broken", followers=[carol, odd])
    addresses = [world.reply_address(thread, carol), world.reply_address(broken, carol)]
    from gateway.mail.envelope import Envelope  # the mails must wait together, so they are accepted by hand

    for n, address in enumerate([addresses[0], addresses[1], addresses[0]]):
        target = world.acceptor.resolve_now(address)
        world.acceptor.accept_now(
            "smtp", Envelope("c@x", (address,)), [target], a_mail("carol@customer.example", text=f"mail {n}")
        )
    with world.database.write() as session:  # a value that no code of ours writes
        session.exec_driver_sql(f"UPDATE partner SET notify = '5' WHERE id = {odd.id}")
    while world.worker.run_once():
        pass

    assert [message.body_text for message in world.messages(thread)] == ["mail 0", "mail 2"]


def test_a_reply_with_ten_followers_costs_at_most_fifteen_statements(world: World):
    followers = [world.partner(f"f{n}@customer.example") for n in range(10)]
    carol = world.partner("carol@customer.example")
    thread = world.ticket(followers=[*followers, carol])
    world.receive(
        a_mail("carol@customer.example", message_id="<first@x.example>"), world.reply_address(thread, carol)
    )
    seen: list[str] = []
    event.listen(world.database.engine, "before_cursor_execute", note := lambda *a: seen.append(a[2]))
    answer = a_mail("carol@customer.example", text="two", extra="In-Reply-To: <first@x.example>\r\n")

    world.receive(answer, world.reply_address(thread, carol))

    event.remove(world.database.engine, "before_cursor_execute", note)
    statements = [
        s for s in seen if not s.startswith(("BEGIN", "SELECT pg_notify")) and "INSERT INTO inbound" not in s
    ]
    empty_claims = 1  # receive() works the ledger until it is empty
    assert len(statements) - empty_claims <= 15, "\n".join(statements)
