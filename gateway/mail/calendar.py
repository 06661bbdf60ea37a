"""Sum up an invitation (iCalendar RFC 5545, in mail RFC 6047) so that a person sees when and where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

MOST_OCTETS = 256 * 1024
_MOST_ATTENDEES = 500


@dataclass(frozen=True, slots=True)
class Attendee:
    """One who is invited. address: without "mailto:", lower case; answer: such as ACCEPTED, "" if none."""

    address: str
    name: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Invitation:
    """The first event of a calendar object; every text may be "".

    method: REQUEST, REPLY, CANCEL, ... in upper case. start, end: aware or floating times, or days for
    whole-day events. sequence: the revision, counted from 0.
    """

    method: str
    uid: str
    title: str = ""
    start: datetime | date | None = None
    end: datetime | date | None = None
    place: str = ""
    organizer: str = ""
    attendees: tuple[Attendee, ...] = ()
    sequence: int = 0
    recurs: bool = False


def read(content: bytes) -> Invitation | None:
    """Read the content of a text/calendar part, None if it holds no event that can be read."""
    if len(content) > MOST_OCTETS or b"BEGIN:VCALENDAR" not in content[:4096].upper():
        return None
    from icalendar import Calendar  # slow to load, and few mails carry invitations

    try:
        calendar = Calendar.from_ical(content)
        for event in calendar.walk("VEVENT"):
            return _invitation(calendar, event)
    except Exception:  # noqa: BLE001 - icalendar raises many kinds on hostile text; the file stays a file
        return None
    return None


def _invitation(calendar: Any, event: Any) -> Invitation:
    attendees = event.get("attendee", [])
    attendees = attendees if isinstance(attendees, list) else [attendees]
    return Invitation(
        method=_line(calendar.get("method")).upper(),
        uid=_line(event.get("uid")),
        title=_line(event.get("summary")),
        start=_moment(event.get("dtstart")),
        end=_moment(event.get("dtend")),
        place=_line(event.get("location")),
        organizer=_address(event.get("organizer")),
        attendees=tuple(_attendee(one) for one in attendees[:_MOST_ATTENDEES]),
        sequence=int(event.get("sequence", 0) or 0),
        recurs=event.get("rrule") is not None,
    )


def _attendee(value: Any) -> Attendee:
    parameters = getattr(value, "params", {})
    return Attendee(_address(value), _line(parameters.get("CN")), _line(parameters.get("PARTSTAT")).upper())


def _address(value: Any) -> str:
    text = _line(value)
    return (text[7:] if text.lower().startswith("mailto:") else text).lower()


def _moment(value: Any) -> datetime | date | None:
    moment = getattr(value, "dt", None)
    return moment if isinstance(moment, date) else None


def _line(value: Any) -> str:
    """Give a value as one line of at most 500 characters."""
    return " ".join(str(value).split())[:500] if value is not None else ""
