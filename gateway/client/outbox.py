"""What goes out, and what of it did not arrive."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.client.calls import Call, Cursor, asked, given
from gateway.client.shapes.common import Page
from gateway.client.shapes.mail import ChangedDeliveries, Delivery, Failures


def deliveries(
    *,
    state: str = "",
    record: tuple[str, str] | None = None,
    before: Cursor = None,
    after: Cursor = None,
    around: Cursor = None,
    limit: int = 30,
    actor: str = "",
) -> Call[Page[Delivery]]:
    """Mail that goes out, newest first. record: (type, key), about this record only; None needs a token for all.

    actor: of a record, for whom.
    """
    about = "/".join(record) if record else ""
    wish = asked(
        state=state, record=about, before=before, after=after, around=around, limit=limit, actor=actor
    )
    return Call("GET", "/deliveries", Page[Delivery], query=wish)


def delivery(delivery_id: int) -> Call[Delivery]:
    """One mail that goes out."""
    return Call("GET", f"/deliveries/{delivery_id}", Delivery)


def retry_delivery(
    delivery_id: int, *, actor: str | None = None, idempotency_key: str = ""
) -> Call[Delivery]:
    """Try a mail again now that waits or was given up. actor: who wrote its message, or an admin; a token without
    the scope admin must name one."""
    path, body = f"/deliveries/{delivery_id}/retry", given(actor=actor)
    return Call("POST", path, Delivery, body, key=idempotency_key)


def drop_delivery(delivery_id: int, *, actor: str | None = None, idempotency_key: str = "") -> Call[Delivery]:
    """Give up a mail that still waits."""
    path, body = f"/deliveries/{delivery_id}/drop", given(actor=actor)
    return Call("POST", path, Delivery, body, key=idempotency_key)


def failures(
    author: str,
    *,
    record_type: str = "",
    before: Cursor = None,
    after: Cursor = None,
    around: Cursor = None,
    limit: int = 30,
    actor: str = "",
) -> Call[Failures]:
    """What did not arrive of an author's messages, newest first, on records that he may open. actor: who asks, he or
    an admin."""
    wish = asked(
        author=author,
        record_type=record_type,
        before=before,
        after=after,
        around=around,
        limit=limit,
        actor=actor,
    )
    return Call("GET", "/failures", Failures, query=wish)


def retry_failures(
    author: str,
    *,
    record_type: str | None = None,
    deliveries: Sequence[int] | None = None,
    actor: str | None = None,
    idempotency_key: str = "",
) -> Call[ChangedDeliveries]:
    """Try an author's failed mail again. record_type, deliveries: only these; without both, all of it."""
    body = given(author=author, record_type=record_type, deliveries=deliveries, actor=actor)
    return Call("POST", "/failures/retry", ChangedDeliveries, body, key=idempotency_key)


def cancel_failures(
    author: str,
    *,
    record_type: str | None = None,
    deliveries: Sequence[int] | None = None,
    actor: str | None = None,
    idempotency_key: str = "",
) -> Call[ChangedDeliveries]:
    """Let an author's failed mail be; it is listed no more. record_type, deliveries: as of ``retry_failures``."""
    body = given(author=author, record_type=record_type, deliveries=deliveries, actor=actor)
    return Call("POST", "/failures/cancel", ChangedDeliveries, body, key=idempotency_key)
