"""The header of one mail: what all readers of an audience share, and what is the recipient's own.

Pure. Every value goes through ``mail.compose.field``, so nothing can leave its field. Sources: DESIGN
section 4, RFC 5322, RFC 2919 (List-Id), RFC 2369 and RFC 8058 (List-Unsubscribe), RFC 3834.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from gateway.mail.address import format_address
from gateway.mail.compose import field, unstructured
from gateway.outbound.addressees import copies
from gateway.outbound.house import House, SendingDomain
from gateway.outbound.render import Body, author_of, is_unverified, template_of
from gateway.rules.token import Kind, Token, mint, week_of
from store.queries.delivery_page import HISTORY

_ID = re.compile(r"<[!-;=?-~]{1,400}>")
_LABEL = re.compile(r"[^a-z0-9]+")


def shared(
    row: Any, message: Any | None, thread: Any | None, history: Sequence[Any], body: Body, *,
    house: House, domain: SendingDomain, now: datetime,
) -> list[bytes]:  # fmt: skip
    """The fields that are equal for every reader of this body. Seconds are all that Date tells."""
    template = template_of(row.kind, message.kind if message else "", row.reason)
    generated = is_generated(row, message)
    fields = [
        field("From", _from(row, message, house, domain)),
        field("Subject", unstructured(body.subject)),
        field("Date", format_datetime(now.replace(microsecond=0))),
        field("Message-ID", message_id(row, domain)),
        *_threading(row, message, history),
        field("MIME-Version", "1.0"),
        *body.fields,
    ]
    if thread is not None:
        fields.append(field("List-Id", f"<{list_id(thread, domain)}>"))
    if generated:
        fields.append(field("Auto-Submitted", "auto-generated"))
    fields.append(
        field("X-Auto-Response-Suppress", "OOF, AutoReply, DR, RN, NRN" if generated else "DR, RN, NRN")
    )
    record_type = _label(thread.record_type) if thread else "system"
    fields.append(field("Feedback-ID", f"{template}:{record_type}:threadpost:{domain.name}"))
    return fields


def own(
    row: Any, message: Any | None, thread: Any | None, *, house: House, domain: SendingDomain, now: datetime
) -> list[bytes]:
    """The fields of this recipient alone: To, Cc, Reply-To, a follower's ways to leave, why he is told."""
    fields = [
        field("To", format_address("", row.address), encoding="utf-8")
    ]  # ASCII but for SMTPUTF8 recipients
    if message is not None and message.addressees:
        others = copies(message, partner_id=row.partner_id, address=row.address, is_ours=house.is_ours)
        if others:
            fields.append(field("Cc", ", ".join(format_address(*one) for one in others)))
    week = week_of(now)
    if thread is not None and row.partner_id is not None:
        internal = message is not None and message.internal
        token = mint(Token(Kind.REPLY, thread.id, row.partner_id, internal, row.generation, week), house.keys)
        fields.append(field("Reply-To", f"{domain.reply}+{token}@{domain.name}"))
        if row.follower_id is not None:  # who does not follow has nothing to leave
            leave = mint(Token(Kind.LEAVE, thread.id, row.partner_id, week=week), house.keys)
            fields += _ways_to_leave(leave, house, domain)
    fields.append(field("NotificationReason", _label(row.reason)))
    return fields


def reverse_path(row: Any, *, house: House, domain: SendingDomain, now: datetime) -> str:
    """The address to which a bounce of this delivery comes back (VERP)."""
    return f"{domain.bounce}+{mint(Token(Kind.BOUNCE, row.id, week=week_of(now)), house.keys)}@{domain.name}"


def message_id(row: Any, domain: SendingDomain) -> str:
    """The Message-ID as it was stored with the delivery; what has none gets one that never changes."""
    return row.header_id if _ID.fullmatch(row.header_id) else f"<delivery-{row.id}@{domain.name}>"


def is_generated(row: Any, message: Any | None) -> bool:
    """Whether no person wrote this mail (RFC 3834 section 5)."""
    return (
        message is None
        or message.generated
        or message.kind == "log"
        or not (message.author_id or message.author_email)
    )


def references(row: Any, message: Any, history: Sequence[Any]) -> tuple[list[str], str]:
    """References and In-Reply-To as this reader's audience may see them.

    The root first, then the last ten ids, the id under which a message came in just before ours. A
    correction answers the message that it corrects.
    """
    seen: dict[str, None] = {}
    parent = latest = ""
    for said in history:
        if said.internal and not row.internal:
            continue
        if said.foreign_id and _ID.fullmatch(said.foreign_id):
            seen[said.foreign_id] = None
        if said.header_id == row.header_id or not _ID.fullmatch(said.header_id):
            continue
        seen[said.header_id] = None
        latest = said.header_id
        if said.id in (message.parent_id, message.id):
            parent = said.header_id
    ids = list(seen)
    if len(ids) > HISTORY + 1:
        ids = [ids[0], *ids[-HISTORY:]]
    return ids, parent or latest or (ids[-1] if ids else "")


def list_id(thread: Any, domain: SendingDomain) -> str:
    """The name of a thread as a list (RFC 2919); it holds nothing but letters, digits, hyphens, points."""
    key = _label(thread.key)
    own = key if key == thread.key and len(key) <= 60 else f"{key[:40].strip('-')}-t{thread.id}".lstrip("-")
    return f"{own}.{_label(thread.record_type)}.{domain.name}"


def _from(row: Any, message: Any | None, house: House, domain: SendingDomain) -> str:
    """Never a domain that is not ours; the author's name says who wrote, and whether that is proven."""
    address = f"{domain.notifications}@{domain.name}"
    author = author_of(row, message)[:200]
    if not author:
        return format_address(house.brand, address)
    doubt = " (not verified)" if message is not None and is_unverified(message.confidence) else ""
    return format_address(f"{author}{doubt} via {house.brand}", address)


def _threading(row: Any, message: Any | None, history: Sequence[Any]) -> list[bytes]:
    if message is None:
        return []
    ids, parent = references(row, message, history)
    if not ids:
        return []
    return [field("In-Reply-To", parent), field("References", " ".join(ids))]


def _ways_to_leave(token: str, house: House, domain: SendingDomain) -> list[bytes]:
    mailto = f"<mailto:{domain.leave}+{token}@{domain.name}?subject=leave>"
    url = house.leave_url(token)
    if not url:
        return [field("List-Unsubscribe", mailto)]
    return [
        field("List-Unsubscribe", f"<{url}>, {mailto}"),
        field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]


def _label(text: str) -> str:
    return _LABEL.sub("-", text.lower()).strip("-") or "x"
