"""Webhooks, and what they are sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from gateway.client.shapes.common import RecordName
from gateway.client.shapes.messages import Message


class Webhook(Struct, frozen=True):
    """An address that is told of events. record_types: empty = all. secret: "" unless it was just made."""

    id: str
    url: str
    events: list[str]
    record_types: list[str]
    active: bool
    secret: str = ""
    created_at: datetime | None = None


class Told(Struct, frozen=True):
    """An event as a webhook was told of it. status: of its last answer over HTTP, "" = none; detail: its words."""

    id: int
    type: str
    state: str
    status: str
    detail: str
    attempts: int
    created_at: datetime
    due_at: datetime


class Event(Struct, frozen=True):
    """What a webhook was sent. record: what it is about. message: of message.posted, else None."""

    id: str
    type: str
    timestamp: datetime
    record: RecordName
    data: dict[str, Any]
    message: Message | None = None
