"""What goes out."""

from __future__ import annotations

from gateway.client.calls import Call, asked, given
from gateway.client.shapes.common import Page
from gateway.client.shapes.mail import Delivery


def deliveries(
    *,
    state: str = "",
    record: tuple[str, str] | None = None,
    before: str | int | None = None,
    limit: int = 30,
    actor: str = "",
) -> Call[Page[Delivery]]:
    """Mail that goes out, newest first. record: (type, key), about this record only. actor: of a record, for whom."""
    about = "/".join(record) if record else ""
    wish = asked(state=state, record=about, before=before, limit=limit, actor=actor)
    return Call("GET", "/deliveries", Page[Delivery], query=wish)


def delivery(delivery_id: int) -> Call[Delivery]:
    """One mail that goes out."""
    return Call("GET", f"/deliveries/{delivery_id}", Delivery)


def retry_delivery(delivery_id: int) -> Call[Delivery]:
    """Try a mail again now."""
    return Call("POST", f"/deliveries/{delivery_id}/retry", Delivery, {})


def drop_delivery(delivery_id: int, *, actor: str | None = None) -> Call[Delivery]:
    """Give up a mail that still waits."""
    return Call("POST", f"/deliveries/{delivery_id}/drop", Delivery, given(actor=actor))
