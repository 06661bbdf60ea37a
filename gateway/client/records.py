"""Records and who follows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from gateway.client.calls import Call, Text, asked, changes, given, record_path
from gateway.client.shapes import Changed, Follower, Page, Record


def put_record(
    record_type: str,
    key: str,
    *,
    title: Text = UNSET,
    url: Text = UNSET,
    fields: Mapping[str, Any] | UnsetType | None = UNSET,
    assignee: Text = UNSET,
    parent: tuple[str, str] | UnsetType | None = UNSET,
    domain: Text = UNSET,
    active: bool | UnsetType = UNSET,
    members: Sequence[str] | UnsetType | None = UNSET,
    log: str | UnsetType = UNSET,
    silent: bool | UnsetType = UNSET,
    untracked: bool | UnsetType = UNSET,
    actor: str | UnsetType = UNSET,
) -> Call[Record]:
    """Create or change a record. assignee, members, actor: e-mails. parent: (type, key). active: false = archived.

    members: who of the staff may see it, None = all. log: words for the entry. silent: nobody is told. untracked: no
    entry tells of the change.
    """
    whole = {"type": parent[0], "key": parent[1]} if isinstance(parent, tuple) else parent
    body = changes(
        title=title, url=url, fields=fields, assignee=assignee, parent=whole, domain=domain, active=active,
        members=members, log=log, silent=silent, untracked=untracked, actor=actor,
    )  # fmt: skip
    return Call("PUT", record_path(record_type, key), Record, body)


def record(record_type: str, key: str, *, actor: str = "") -> Call[Record]:
    """One record. actor: as this person sees it."""
    return Call("GET", record_path(record_type, key), Record, query=asked(actor=actor))


def records(
    *,
    record_type: str = "",
    query: str = "",
    before: str | int | None = None,
    limit: int = 30,
    actor: str = "",
) -> Call[Page[Record]]:
    """Records, newest first."""
    wish = asked(type=record_type, q=query, before=before, limit=limit, actor=actor)
    return Call("GET", "/records", Page[Record], query=wish)


def delete_record(record_type: str, key: str, *, actor: str = "") -> Call[None]:
    """Delete a record with its conversation."""
    return Call("DELETE", record_path(record_type, key), None, query=asked(actor=actor))


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
) -> Call[Follower]:
    """Make somebody a follower. notify: invite him by mail; so does invitation_html alone."""
    body = given(
        email=email, name=name, subtypes=subtypes, notify=notify, invitation_html=invitation_html, actor=actor
    )
    return Call("POST", f"{record_path(record_type, key)}/followers", Follower, body)


def followers(record_type: str, key: str, *, limit: int = 200, actor: str = "") -> Call[Page[Follower]]:
    """Who follows a record."""
    wish = asked(limit=limit, actor=actor)
    return Call("GET", f"{record_path(record_type, key)}/followers", Page[Follower], query=wish)


def change_subscription(
    record_type: str, key: str, partner_id: int, subtypes: Sequence[str], *, actor: str | None = None
) -> Call[Follower]:
    """Give a follower these subtypes."""
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
) -> Call[Changed]:
    """Make partners followers of many records (type, key) at once, or end that. notify: invite who is new."""
    whole = [{"type": record_type, "key": key} for record_type, key in names]
    body = given(
        records=whole, partners=list(partners), follow=follow, subtypes=subtypes, notify=notify,
        invitation_html=invitation_html, actor=actor,
    )  # fmt: skip
    return Call("POST", "/followers/batch", Changed, body)
