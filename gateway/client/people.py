"""Partners: staff and contacts, and what a colleague has not read yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from gateway.client.calls import Call, Cursor, Flag, Text, asked, changes, given, step
from gateway.client.shapes.common import Page
from gateway.client.shapes.people import Marked, Partner, Unread


def put_partner(
    email: str,
    *,
    new_email: str | UnsetType = UNSET,
    name: Text = UNSET,
    internal: Flag = UNSET,
    role: Text = UNSET,
    active: Flag = UNSET,
    addresses: Sequence[str] | UnsetType | None = UNSET,
    language: Text = UNSET,
    timezone: Text = UNSET,
    phone: Text = UNSET,
    signature: Text = UNSET,
    notify: Mapping[str, Any] | UnsetType | None = UNSET,
    actor: str | UnsetType = UNSET,
) -> Call[Partner]:
    """Create or change a partner. internal: staff. role: ``admin`` or ``member``. addresses: exactly
    these are his further ones. new_email: his main address from now on; the old one remains a further one.
    """
    body = changes(
        email=new_email, name=name, internal=internal, role=role, active=active, addresses=addresses, language=language,
        timezone=timezone, phone=phone, signature=signature, notify=notify, actor=actor,
    )  # fmt: skip
    return Call("PUT", f"/partners/{step(email)}", Partner, body)


def partner(email: str) -> Call[Partner]:
    """The partner of an address."""
    return Call("GET", f"/partners/{step(email)}", Partner)


def partners(
    *, query: str = "", before: Cursor = None, after: Cursor = None, around: Cursor = None, limit: int = 30
) -> Call[Page[Partner]]:
    """Partners by id. query: words of the name or of an address."""
    return Call(
        "GET",
        "/partners",
        Page[Partner],
        query=asked(q=query, before=before, after=after, around=around, limit=limit),
    )


def merge_partner(
    email: str, into: str, *, actor: str | None = None, idempotency_key: str = ""
) -> Call[Partner]:
    """Make a partner a part of another; answers the other, who has both's addresses then."""
    path, body = f"/partners/{step(email)}/merge", given(into=into, actor=actor)
    return Call("POST", path, Partner, body, key=idempotency_key)


def inbox(
    email: str,
    *,
    before: Cursor = None,
    after: Cursor = None,
    around: Cursor = None,
    limit: int = 30,
    actor: str = "",
) -> Call[Page[Unread]]:
    """What a partner has not read yet on the web, newest first. actor: himself or an admin."""
    wish = asked(partner=email, before=before, after=after, around=around, limit=limit, actor=actor)
    return Call("GET", "/inbox", Page[Unread], query=wish)


def mark_read(
    email: str, messages: Sequence[int] | None = None, *, actor: str | None = None, idempotency_key: str = ""
) -> Call[Marked]:
    """Mark what a partner was told read. messages: ids, None = everything. actor: himself or an admin."""
    body = given(partner=email, messages=messages, actor=actor)
    return Call("POST", "/inbox/read", Marked, body, key=idempotency_key)
