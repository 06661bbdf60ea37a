"""A client for host applications: one definition of each call, for code that waits and for code that does not.

    from gateway.client import Client, post_message, put_record

    with Client("https://threads.example.com", token) as api:
        ticket = api(put_record("ticket", "42", title="Pump leaks", assignee="ann@corp.example"))
        api(post_message("ticket", "42", author="ann@corp.example", body_text="We are on it."))

``AsyncClient`` is the same with ``await``. What it raises is ``ProblemError``, which names the wrong fields.
This package needs httpx and msgspec and nothing else of the gateway.
"""

from gateway.client.addresses import (
    blocks,
    delete_block,
    delete_suppression,
    put_block,
    put_suppression,
    suppression,
    suppressions,
)
from gateway.client.calls import Call, Upload
from gateway.client.desk import discard, ledger, ledger_entry, ledger_mail, release, replay, take_mail
from gateway.client.events import BadSignature, read_event
from gateway.client.files import delete_file, download, download_all, files, upload, upload_files
from gateway.client.followers import change_subscription, delete_follower, follow, follow_many, followers
from gateway.client.house import (
    alias,
    aliases,
    delete_alias,
    delete_record_type,
    put_alias,
    put_record_type,
    record_type,
    record_types,
)
from gateway.client.http import AsyncClient, Client, ProblemError
from gateway.client.lives import (
    duplicate_record,
    durations,
    merge_record,
    rename_record,
    revoke_reply_address,
    split_record,
)
from gateway.client.messages import (
    audience,
    delete_message,
    edit_message,
    hide_link_preview,
    message,
    messages,
    post_message,
    search,
    suggested_recipients,
    versions,
)
from gateway.client.outbox import (
    cancel_failures,
    deliveries,
    delivery,
    drop_delivery,
    failures,
    retry_delivery,
    retry_failures,
)
from gateway.client.people import inbox, mark_read, merge_partner, partner, partners, put_partner
from gateway.client.records import delete_record, put_record, put_records, record, records
from gateway.client.scheduled import (
    change_scheduled,
    delete_scheduled,
    schedule_message,
    scheduled,
    scheduled_message,
    send_scheduled,
)
from gateway.client.shapes.addresses import Block, Suppression
from gateway.client.shapes.common import FieldError, Page, Person, RecordName
from gateway.client.shapes.files import File, Files
from gateway.client.shapes.house import Alias, Filled, RecordType, Template, TemplateFile
from gateway.client.shapes.mail import (
    Accepted,
    ChangedDeliveries,
    Delivery,
    Entry,
    Failures,
    Receipt,
    Step,
    Target,
)
from gateway.client.shapes.messages import (
    Change,
    Considered,
    Found,
    LinkPreview,
    Message,
    Notice,
    Scheduled,
    Suggested,
    Version,
    VersionFile,
)
from gateway.client.shapes.people import Marked, Partner, Unread
from gateway.client.shapes.records import Batch, Changed, Duration, Follower, Record
from gateway.client.shapes.webhooks import Event, Told, Webhook
from gateway.client.templates import (
    add_template_files,
    delete_template,
    delete_template_file,
    fill_template,
    put_template,
    template,
    templates,
)
from gateway.client.webhooks import (
    delete_webhook,
    put_webhook,
    retry_event,
    webhook,
    webhook_events,
    webhooks,
)

__all__ = [
    "Accepted", "Alias", "AsyncClient", "BadSignature", "Batch", "Block", "Call", "Change", "Changed",
    "ChangedDeliveries", "Client", "Considered", "Delivery", "Duration", "Entry", "Event", "Failures",
    "FieldError", "File", "Files", "Filled", "Follower", "Found", "LinkPreview", "Marked", "Message", "Notice", "Page",
    "Partner", "Person", "ProblemError", "Receipt", "Record", "RecordName", "RecordType", "Scheduled",
    "Step", "Suggested", "Suppression", "Target", "Template", "TemplateFile", "Told", "Unread", "Upload",
    "Version", "VersionFile", "Webhook", "add_template_files", "alias", "aliases", "audience", "blocks",
    "cancel_failures", "change_scheduled", "change_subscription", "delete_alias", "delete_block",
    "delete_file", "delete_follower", "delete_message", "delete_record", "delete_record_type",
    "delete_scheduled", "delete_suppression", "delete_template", "delete_template_file", "delete_webhook",
    "deliveries", "delivery", "discard", "download", "download_all", "drop_delivery", "duplicate_record",
    "durations", "edit_message", "failures", "files", "fill_template", "follow", "follow_many", "followers",
    "hide_link_preview", "inbox", "ledger", "ledger_entry", "ledger_mail", "mark_read", "merge_partner", "merge_record",
    "message", "messages", "partner", "partners", "post_message", "put_alias", "put_block", "put_partner",
    "put_record", "put_record_type", "put_records", "put_suppression", "put_template", "put_webhook",
    "read_event", "record", "record_type", "record_types", "records", "release", "rename_record", "replay",
    "retry_delivery", "retry_event", "retry_failures", "revoke_reply_address", "schedule_message",
    "scheduled", "scheduled_message", "search", "send_scheduled", "split_record", "suggested_recipients",
    "suppression", "suppressions", "take_mail", "template", "templates", "upload", "upload_files",
    "versions", "webhook", "webhook_events", "webhooks",
]  # fmt: skip
