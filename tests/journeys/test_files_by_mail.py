"""Files that come by mail, as a reader of the thread sees them."""

from __future__ import annotations

from gateway.chatter.page import message_views
from store.queries import conversation
from tests.builders import World, hop_client, stamped

LOGO = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def with_logo(text: str, number: int) -> bytes:
    """A mail whose signature shows a logo, and that brings one more file."""
    return stamped(
        (
            f"From: carol@customer.example\r\nSubject: Pump\r\nMessage-ID: <logo{number}@customer.example>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/related; boundary=r\r\n\r\n"
            f'--r\r\nContent-Type: text/html\r\n\r\n<p>{text}</p><img src="cid:logo@x">\r\n'
            "--r\r\nContent-Type: image/png; name=logo.png\r\nContent-ID: <logo@x>\r\nContent-Disposition: inline\r\n"
            f"Content-Transfer-Encoding: base64\r\n\r\n{LOGO}\r\n"
            f"--r\r\nContent-Type: text/plain; name=n{number}.txt\r\nContent-Disposition: attachment\r\n\r\nsame\r\n--r--\r\n"
        ).encode(),
        "customer.example",
    )


def views(world: World, thread):
    with world.database.read() as session:
        rows = conversation.page(session, thread.id, limit=50)
        return [
            view
            for view in reversed(message_views(session, rows))
            if view.author.email == "carol@customer.example"
        ]


def test_a_logo_is_a_file_once_and_is_shown_each_time(world: World):
    carol = world.partner("carol@customer.example")
    thread = world.ticket("1", followers=[carol])

    for number in (1, 2):
        world.receive(
            with_logo(f"Mail {number}", number), world.reply_address(thread, carol), client=hop_client()
        )

    first, second = views(world, thread)
    assert [file.name for file in first.attachments] == ["logo.png", "n1.txt"]
    assert [file.name for file in second.attachments] == ["n2.txt"]
    assert "/api/v1/attachments/" in second.body_html


def test_the_same_logo_in_another_thread_is_a_file_of_its_own(world: World):
    carol = world.partner("carol@customer.example")
    one, two = world.ticket("1", followers=[carol]), world.ticket("2", followers=[carol])

    world.receive(with_logo("Here", 1), world.reply_address(one, carol), client=hop_client())
    world.receive(with_logo("There", 2), world.reply_address(two, carol), client=hop_client())

    [view] = views(world, two)
    assert [file.name for file in view.attachments] == ["logo.png", "n2.txt"]


def test_an_invitation_says_when_and_where(world: World):
    carol = world.partner("carol@customer.example")
    thread = world.ticket("1", followers=[carol])
    raw = (
        b"From: carol@customer.example\r\nSubject: Visit\r\nMessage-ID: <v1@customer.example>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain\r\n\r\nShall we meet?\r\n"
        b"--a\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
        b"UID:1@x\r\nSUMMARY:Visit\r\nDTSTART:20261124T090000Z\r\nLOCATION:Hall 2\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n--a--\r\n"
    )

    world.receive(stamped(raw, "customer.example"), world.reply_address(thread, carol), client=hop_client())

    [view] = views(world, thread)
    [file] = view.attachments
    assert (file.name, file.content_type) == ("invite.ics", "text/calendar")
    assert file.preview == "Invitation: Visit\nWhen: 2026-11-24 09:00 UTC\nWhere: Hall 2"
