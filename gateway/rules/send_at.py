"""Read when a template wants what is made from it to be sent.

A time, a date or nothing, and a step away from it: ``2026-12-24T08:00:00+01:00``, ``2026-12-24``,
``2026-12-24 - 2d``, ``+3h``. Source: "scheduled date" of the e-mail templates of Odoo.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_STEP = re.compile(r"(?P<from>.*?)\s*(?:(?P<sign>[+-])\s*(?P<count>[0-9]{1,5})\s*(?P<unit>[mhdw]))?", re.S)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def send_at(text: str, now: datetime) -> datetime:
    """The moment that a text names, in UTC; one that has passed is answered as it is.

    A date is its midnight, and what says no offset is meant in UTC. Where no time is named it is now, and a
    step (m, h, d, w: minutes to weeks) counts from there. Raises ValueError.

    >>> send_at("2026-12-24 - 2d", datetime(2026, 11, 23, tzinfo=UTC)).isoformat()
    '2026-12-22T00:00:00+00:00'
    """
    found = _STEP.fullmatch(text.strip())
    assert found is not None  # its first group takes everything
    moment = datetime.fromisoformat(found["from"]) if found["from"] else now
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        if found["sign"]:
            step = timedelta(**{_UNITS[found["unit"]]: int(found["count"])})
            moment = moment + step if found["sign"] == "+" else moment - step
        return moment.astimezone(UTC)
    except OverflowError as trouble:
        raise ValueError(f"{text!r} is beyond the calendar") from trouble
