"""An invitation says what, when, where and who, whoever wrote it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.calendar import Attendee, read

REQUEST = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//x//y//EN\r
METHOD:REQUEST\r
BEGIN:VEVENT\r
UID:12@example.com\r
SEQUENCE:2\r
SUMMARY:Pump inspection\r
LOCATION:Hall 3\r
DTSTART:20261124T090000Z\r
DTEND:20261124T100000Z\r
ORGANIZER;CN=Ann Lee:MAILTO:Ann@example.com\r
ATTENDEE;CN=Ben;PARTSTAT=ACCEPTED:mailto:ben@example.com\r
ATTENDEE:mailto:eve@example.com\r
END:VEVENT\r
END:VCALENDAR\r
"""


def test_a_request_is_summed_up() -> None:
    invitation = read(REQUEST)

    assert invitation is not None
    assert (invitation.method, invitation.uid, invitation.sequence) == ("REQUEST", "12@example.com", 2)
    assert (invitation.title, invitation.place) == ("Pump inspection", "Hall 3")
    assert invitation.start == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert invitation.organizer == "ann@example.com"
    assert invitation.attendees == (
        Attendee("ben@example.com", "Ben", "ACCEPTED"),
        Attendee("eve@example.com"),
    )


def test_a_whole_day_is_a_day() -> None:
    whole_day = REQUEST.replace(b"DTSTART:20261124T090000Z", b"DTSTART;VALUE=DATE:20261124")

    invitation = read(whole_day)

    assert invitation is not None and invitation.start == date(2026, 11, 24)


def test_what_is_no_calendar_is_none() -> None:
    assert read(b"") is None
    assert read(b"Good morning") is None
    assert read(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n") is None
    assert read(REQUEST + b" " * 300_000) is None


@given(st.binary(max_size=60), st.integers(0, len(REQUEST)))
def test_no_octets_make_it_fail(rubbish: bytes, at: int) -> None:
    read(REQUEST[:at] + rubbish + REQUEST[at:])
