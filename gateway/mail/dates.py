"""Read the Date field, as written by the standard (RFC 5322 section 3.3) and by everybody else."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

_USUAL = re.compile(
    r"\s*(?:[A-Za-z]{3},\s{0,9})?(\d{1,2})\s([A-Z][a-z]{2})\s(\d{4})\s(\d\d):(\d\d)(?::(\d\d))?\s([+-])(\d\d)(\d\d)\b"
)
_MONTH_NAMES = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
_MONTHS = {name: index + 1 for index, name in enumerate(_MONTH_NAMES.split())}


def read(value: str) -> datetime | None:
    """Give the moment in UTC, None if the value names none; an unknown zone is UTC."""
    try:
        match = _USUAL.match(value)
        if match is not None and match[2] in _MONTHS:
            offset = timedelta(hours=int(match[8]), minutes=int(match[9])) * (-1 if match[7] == "-" else 1)
            moment = datetime(
                int(match[3]),
                _MONTHS[match[2]],
                int(match[1]),
                int(match[4]),
                int(match[5]),
                min(int(match[6] or 0), 59),
                tzinfo=UTC,
            )
            return moment - offset
        return _unusual(value[:200])
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _unusual(value: str) -> datetime | None:
    parts = parsedate_tz(value)
    if parts is None:
        return _iso(value)
    year, month, day, hour, minute, second = parts[:6]
    zone = timezone(timedelta(seconds=parts[9] or 0))
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone).astimezone(UTC)


def _iso(value: str) -> datetime | None:
    moment = datetime.fromisoformat(value.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
