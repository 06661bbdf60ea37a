"""A client for host applications: one definition of each call, for code that waits and for code that does not.

    from gateway.client import Client, post_message, put_record

    with Client("https://threads.example.com", token) as api:
        ticket = api(put_record("ticket", "42", title="Pump leaks", assignee="ann@corp.example"))
        api(post_message("ticket", "42", author="ann@corp.example", body_text="We are on it."))

``AsyncClient`` is the same with ``await``. What it raises is ``ProblemError``, which names the wrong fields.
This package needs httpx and msgspec and nothing else of the gateway.
"""

from gateway.client.calls import (
    Call,
    delete_follower,
    delete_record,
    delete_webhook,
    follow,
    follow_many,
    followers,
    merge_partner,
    message,
    messages,
    post_message,
    put_partner,
    put_record,
    put_webhook,
    record,
    records,
    webhooks,
)
from gateway.client.http import AsyncClient, Client, ProblemError
from gateway.client.shapes import (
    Changed,
    Event,
    FieldError,
    File,
    Follower,
    Message,
    Notice,
    Page,
    Partner,
    Person,
    Record,
    RecordName,
    Webhook,
)
from gateway.client.webhook import BadSignature, read_event

__all__ = [
    "AsyncClient",
    "BadSignature",
    "Call",
    "Changed",
    "Client",
    "Event",
    "FieldError",
    "File",
    "Follower",
    "Message",
    "Notice",
    "Page",
    "Partner",
    "Person",
    "ProblemError",
    "Record",
    "RecordName",
    "Webhook",
    "delete_follower",
    "delete_record",
    "delete_webhook",
    "follow",
    "follow_many",
    "followers",
    "merge_partner",
    "message",
    "messages",
    "post_message",
    "put_partner",
    "put_record",
    "put_webhook",
    "read_event",
    "record",
    "records",
    "webhooks",
]
