"""A client for host applications: one definition of each call, for code that waits and for code that does not.

    from gateway.client import Client, post_message, put_record

    with Client("https://threads.example.com", token) as api:
        ticket = api(put_record("ticket", "42", title="Pump leaks", assignee="ann@corp.example"))
        api(post_message("ticket", "42", author="ann@corp.example", body_text="We are on it."))

``AsyncClient`` is the same with ``await``. What it raises is ``ProblemError``, which names the wrong fields.
This package needs httpx and msgspec and nothing else of the gateway.
"""

from gateway.client.calls import Call, Upload
from gateway.client.desk import discard, ledger, ledger_entry, ledger_mail, release, replay, take_mail
from gateway.client.events import BadSignature, read_event
from gateway.client.files import delete_file, download, files, upload
from gateway.client.followers import change_subscription, delete_follower, follow, follow_many, followers
from gateway.client.house import (
    aliases,
    delete_alias,
    delete_record_type,
    put_alias,
    put_record_type,
    record_type,
    record_types,
)
from gateway.client.http import AsyncClient, Client, ProblemError
from gateway.client.messages import (
    delete_message,
    edit_message,
    message,
    messages,
    post_message,
    search,
    versions,
)
from gateway.client.outbox import deliveries, delivery, drop_delivery, retry_delivery
from gateway.client.people import inbox, mark_read, merge_partner, partner, partners, put_partner
from gateway.client.records import delete_record, put_record, record, records
from gateway.client.scheduled import (
    change_scheduled,
    delete_scheduled,
    schedule_message,
    scheduled,
    send_scheduled,
)
from gateway.client.shapes.common import FieldError, Page, Person, RecordName
from gateway.client.shapes.files import File, Files
from gateway.client.shapes.house import Alias, Filled, RecordType, Template
from gateway.client.shapes.mail import Accepted, Delivery, Entry, Receipt, Step, Target
from gateway.client.shapes.messages import Found, Message, Notice, Scheduled, Version
from gateway.client.shapes.people import Marked, Partner, Unread
from gateway.client.shapes.records import Changed, Follower, Record
from gateway.client.shapes.webhooks import Event, Webhook
from gateway.client.templates import delete_template, fill_template, put_template, template, templates
from gateway.client.webhooks import delete_webhook, put_webhook, webhooks

__all__ = [
    "Accepted", "Alias", "AsyncClient", "BadSignature", "Call", "Changed", "Client", "Delivery", "Entry",
    "Event", "FieldError", "File", "Files", "Filled", "Follower", "Found", "Marked", "Message", "Notice",
    "Page", "Partner", "Person", "ProblemError", "Receipt", "Record", "RecordName", "RecordType",
    "Scheduled", "Step", "Target", "Template", "Unread", "Upload", "Version", "Webhook", "aliases",
    "change_scheduled", "change_subscription", "delete_alias", "delete_file", "delete_follower",
    "delete_message", "delete_record", "delete_record_type", "delete_scheduled", "delete_template",
    "delete_webhook", "deliveries", "delivery", "discard", "download", "drop_delivery", "edit_message",
    "files", "fill_template", "follow", "follow_many", "followers", "inbox", "ledger", "ledger_entry",
    "ledger_mail", "mark_read", "merge_partner", "message", "messages", "partner", "partners",
    "post_message", "put_alias", "put_partner", "put_record", "put_record_type", "put_template",
    "put_webhook", "read_event", "record", "record_type", "record_types", "records", "release", "replay",
    "retry_delivery", "schedule_message", "scheduled", "search", "send_scheduled", "take_mail", "template",
    "templates", "upload", "versions", "webhooks",
]  # fmt: skip
