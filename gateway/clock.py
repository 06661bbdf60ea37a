"""What time it is: aware, in UTC; whoever asks for a ``Clock`` can be given another, as ``tick --now`` does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Answers the present time, aware UTC."""


def now() -> datetime:
    """The present time, aware UTC."""
    return datetime.now(UTC)
