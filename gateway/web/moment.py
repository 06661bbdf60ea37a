"""Times in requests: RFC 3339, as a host application writes them."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.errors import BadValue


def moment_of(text: str, pointer: str) -> datetime:
    """A time in UTC; one without an offset is meant so. Raises BadValue."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as trouble:
        raise BadValue.of(pointer, f"{text!r} is not a time (RFC 3339)") from trouble
