"""Who follows a record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.client.calls import Call, Cursor, asked, given, named, record_path
from gateway.client.shapes.common import Page
from gateway.client.shapes.records import Changed, Follower


def follow(
    record_type: str,
    key: str,
    email: str,
    *,
    name: str | None = None,
    subtypes: Sequence[str] | None = None,
    notify: bool | None = None,
    invitation_html: str | None = None,
    actor: str | None = None,
    idempotency_key: str = "",
) -> Call[Follower]:
    """Make somebody a follower. notify: invite him by mail; so does invitation_html alone."""
    body = given(
        email=email, name=name, subtypes=subtypes, notify=notify, invitation_html=invitation_html, actor=actor
    )
    return Call("POST", f"{record_path(record_type, key)}/followers", Follower, body, key=idempotency_key)


def followers(
    record_type: str,
    key: str,
    *,
    before: Cursor = None,
    after: Cursor = None,
    around: Cursor = None,
    limit: int = 200,
    actor: str = "",
) -> Call[Page[Follower]]:
    """Who follows a record, by partner id. actor: not at all for an outsider."""
    wish = asked(before=before, after=after, around=around, limit=limit, actor=actor)
    return Call("GET", f"{record_path(record_type, key)}/followers", Page[Follower], query=wish)


def change_subscription(
    record_type: str, key: str, partner_id: int, subtypes: Sequence[str], *, actor: str | None = None
) -> Call[Follower]:
    """Give a follower exactly these subtypes."""
    path = f"{record_path(record_type, key)}/followers/{partner_id}"
    return Call("PATCH", path, Follower, given(subtypes=list(subtypes), actor=actor))


def delete_follower(record_type: str, key: str, partner_id: int, *, actor: str = "") -> Call[None]:
    """End a subscription."""
    path = f"{record_path(record_type, key)}/followers/{partner_id}"
    return Call("DELETE", path, None, query=asked(actor=actor))


def follow_many(
    names: Iterable[tuple[str, str]],
    partners: Sequence[str],
    *,
    subtypes: Sequence[str] | None = None,
    follow: bool = True,
    notify: bool | None = None,
    invitation_html: str | None = None,
    actor: str | None = None,
    idempotency_key: str = "",
) -> Call[Changed]:
    """Make partners followers of many records (type, key) at once, or end that. notify: invite who is new."""
    whole = [named(name) for name in names]
    body = given(
        records=whole, partners=list(partners), follow=follow, subtypes=subtypes, notify=notify,
        invitation_html=invitation_html, actor=actor,
    )  # fmt: skip
    return Call("POST", "/followers/batch", Changed, body, key=idempotency_key)
