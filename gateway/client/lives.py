"""The lives of records: renamed, merged, split, duplicated; and how long they had which value."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.client.calls import Call, asked, given, named, record_path, step
from gateway.client.shapes.common import Page
from gateway.client.shapes.records import Duration, Record


def rename_record(
    record_type: str, key: str, new_key: str, *, new_type: str | None = None, actor: str | None = None,
    idempotency_key: str = "",
) -> Call[Record]:  # fmt: skip
    """Give a record another key, or type; None = it stays. Messages, followers and reply addresses stay with it."""
    path, body = f"{record_path(record_type, key)}/rename", given(key=new_key, type=new_type, actor=actor)
    return Call("POST", path, Record, body, key=idempotency_key)


def merge_record(
    record_type: str, key: str, into: tuple[str, str], *, actor: str | None = None, idempotency_key: str = ""
) -> Call[Record]:
    """Move messages, followers, files and reply addresses into another record (type, key); answers that one."""
    path, body = f"{record_path(record_type, key)}/merge", given(into=named(into), actor=actor)
    return Call("POST", path, Record, body, key=idempotency_key)


def split_record(
    record_type: str, key: str, message_ids: Sequence[int], new_key: str, *, title: str | None = None,
    actor: str | None = None, idempotency_key: str = "",
) -> Call[Record]:  # fmt: skip
    """Open a record of the same type with some of the messages; answers it. title: None = that of the old record."""
    body = given(message_ids=list(message_ids), key=new_key, title=title, actor=actor)
    return Call("POST", f"{record_path(record_type, key)}/split", Record, body, key=idempotency_key)


def duplicate_record(
    record_type: str, key: str, new_key: str, *, title: str | None = None, actor: str | None = None,
    idempotency_key: str = "",
) -> Call[Record]:  # fmt: skip
    """Enter a record with the same fields, without messages; answers it. title: None = the same. Nobody follows it but
    the actor."""
    path, body = f"{record_path(record_type, key)}/duplicate", given(key=new_key, title=title, actor=actor)
    return Call("POST", path, Record, body, key=idempotency_key)


def durations(record_type: str, key: str, field: str, *, actor: str = "") -> Call[Page[Duration]]:
    """How long a record has had each value of a tracked field, in the order in which it took them."""
    path, wish = f"{record_path(record_type, key)}/durations", asked(field=field, actor=actor)
    return Call("GET", path, Page[Duration], query=wish)


def revoke_reply_address(record_type: str, key: str, email: str, *, actor: str = "") -> Call[None]:
    """Make the reply addresses of a partner unknown on a record; the next mail to him brings a new one."""
    path = f"{record_path(record_type, key)}/reply-addresses/{step(email)}"
    return Call("DELETE", path, None, query=asked(actor=actor))
