"""A reader sees what an invitation or an attached mail is about without opening it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mail.message import Attachment
from gateway.mail.preview import LONGEST, preview


def calendar(method: str, *lines: str) -> Attachment:
    body = "\r\n".join(
        (
            "BEGIN:VCALENDAR",
            f"METHOD:{method}",
            "BEGIN:VEVENT",
            "UID:1@x.example",
            *lines,
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        )
    )
    return Attachment("invite.ics", "text/calendar", body.encode())


def test_an_invitation_says_what_when_where_and_with_whom():
    file = calendar(
        "REQUEST", "SUMMARY:Pump inspection", "DTSTART:20261124T090000Z", "DTEND:20261124T100000Z", "LOCATION:Hall 2",
        "ORGANIZER:mailto:alice@corp.example", "ATTENDEE;CN=Carol:mailto:carol@customer.example",
    )  # fmt: skip

    assert preview(file).split("\n") == [
        "Invitation: Pump inspection",
        "When: 2026-11-24 09:00 to 2026-11-24 10:00 UTC",
        "Where: Hall 2",
        "Organizer: alice@corp.example",
        "With: Carol",
    ]


def test_an_answer_says_what_was_answered():
    file = calendar(
        "REPLY", "SUMMARY:Pump inspection", "ATTENDEE;PARTSTAT=DECLINED:mailto:carol@customer.example"
    )

    assert preview(file).split("\n") == [
        "Answer: Pump inspection",
        "With: carol@customer.example",
        "Answered: Declined",
    ]


def test_a_whole_day_has_no_hours():
    assert "When: 2026-12-24" in preview(calendar("PUBLISH", "SUMMARY:Closed", "DTSTART;VALUE=DATE:20261224"))


def test_an_attached_mail_shows_its_head_and_its_beginning():
    raw = b"From: Carol <carol@customer.example>\r\nSubject: Pump\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\nIt is broken.\r\n\r\nC.\r\n"

    assert preview(Attachment("m.eml", "message/rfc822", raw)).split("\n") == [
        "From: Carol <carol@customer.example>", "Date: 2026-11-23 10:00 UTC", "Subject: Pump", "It is broken.", "C.",
    ]  # fmt: skip


def test_a_long_mail_is_cut():
    assert (
        len(preview(Attachment("m.eml", "message/rfc822", b"Subject: x\r\n\r\n" + b"word " * 9000)))
        <= LONGEST
    )


@pytest.mark.parametrize("kind", ["application/pdf", "text/html", "image/png", "text/calendar"])
def test_nothing_else_is_opened(kind):
    assert preview(Attachment("a", kind, b"<html>hello</html>")) == ""


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["text/calendar", "message/rfc822"]))
def test_no_octets_make_it_stumble(content, kind):
    preview(Attachment("a", kind, b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + content))
