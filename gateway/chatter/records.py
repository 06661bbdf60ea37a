"""Records: create and change them, with what that means for followers and for the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.chatter.follow import follow
from gateway.chatter.partners import known
from gateway.chatter.post import SYSTEM, Author, Draft, Posting, delivery_row
from gateway.chatter.types import Types
from gateway.errors import BadValue, NotFound
from gateway.rules.tracking import Change, changes, subtype_of
from store.models.views import PartnerView, ThreadView
from store.queries import message as messages
from store.queries import partner as partners
from store.queries import thread as threads
from store.session import Session

_KEY_OCTETS = 255


@dataclass(frozen=True, slots=True)
class RecordChange:
    """What a host application says about a record. A name that is not in ``values`` stays as it is.

    values: title, url, fields, assignee (e-mail or None), domain. actor: e-mail, None = the system.
    """

    record_type: str
    key: str
    values: Mapping[str, Any]
    actor: str | None = None


class Records:
    """Creates and changes records. domains: ours, by name."""

    def __init__(self, *, types: Types, posting: Posting, domains: tuple[str, ...]) -> None:
        self._types = types
        self._posting = posting
        self._domains = domains

    def put(self, session: Session, change: RecordChange, now: datetime) -> tuple[ThreadView, bool]:
        """Create or change a record; answers it, and True when it is new.

        Creator and assignee follow. Changed tracked fields become one log entry credited to the actor,
        or to the system. Raises NotFound for the type, BadValue naming the field.
        """
        self._types.get(change.record_type, session)
        self._check(change)
        actor = known(session, change.actor, "actor") if change.actor else None
        thread = threads.by_key(session, change.record_type, change.key)
        if thread is None:
            return self._create(session, change, actor, now), True
        return self._change(session, thread, change, actor, now), False

    def get(self, session: Session, record_type: str, key: str) -> ThreadView:
        """The thread of a record. Raises NotFound."""
        thread = threads.by_key(session, record_type, key)
        if thread is None:
            raise NotFound(f"there is no {record_type} {key}")
        return thread

    def _create(
        self, session: Session, change: RecordChange, actor: PartnerView | None, now: datetime
    ) -> ThreadView:
        values = change.values
        assignee = known(session, values["assignee"], "assignee") if values.get("assignee") else None
        thread = threads.add(
            session, record_type=change.record_type, key=change.key, title=values.get("title") or "",
            url=values.get("url"), fields=_without_null(values.get("fields") or {}),
            assignee_id=assignee.id if assignee else None, creator_id=actor.id if actor else None,
            domain=values.get("domain") or "", now=now,
        )  # fmt: skip
        label = self._types.get(change.record_type, session).label
        self._log(session, thread, actor, (), f"{label} created", now)
        if actor is not None and actor.active:
            follow(session, thread, actor, types=self._types, wanted=None, reason="creator", now=now)
        if assignee is not None:
            self._assign(session, thread, assignee, actor, now)
        return thread

    def _change(
        self, session: Session, thread: ThreadView, change: RecordChange, actor: PartnerView | None, now: datetime
    ) -> ThreadView:
        values = change.values
        columns = {name: values[name] or "" for name in ("title", "domain") if name in values}
        if "url" in values:
            columns["url"] = values["url"]
        fields = dict(thread.fields)
        if "fields" in values:
            fields = _without_null({**fields, **(values["fields"] or {})})
            columns["fields"] = fields
        lines = changes(self._types.get(thread.record_type, session).fields, thread.fields, fields)
        assignee = self._new_assignee(session, thread, values)
        if "assignee" in values and (assignee.id if assignee else None) != thread.assignee_id:
            columns["assignee_id"] = assignee.id if assignee else None
            lines = [*lines, self._assignee_line(session, thread, assignee)]
        if columns:
            threads.change(session, thread.id, columns, now)
        changed = threads.by_id(session, thread.id)
        assert changed is not None
        if lines:
            self._log(session, changed, actor, tuple(lines), "", now)
        if assignee is not None and "assignee_id" in columns:
            self._assign(session, changed, assignee, actor, now)
        return changed

    def _log(
        self, session: Session, thread: ThreadView, actor: PartnerView | None, lines: tuple[Change, ...], text: str,
        now: datetime,
    ) -> None:  # fmt: skip
        rules = self._types.get(thread.record_type, session)
        name = subtype_of(rules.fields, lines)
        subtype = rules.subtype(name) if name else None
        author = Author(actor.id, actor.name, actor.email, actor.internal) if actor else SYSTEM
        body = text or "\n".join(f"{line.label}: {line.old or '—'} → {line.new or '—'}" for line in lines)
        draft = Draft(
            thread, "log", subtype.name if subtype else "note", author, internal=subtype is None or subtype.internal,
            body_text=body, body_html="" if lines else f"<p>{_escaped(body)}</p>", tracking=lines,
            generated=True, tell=subtype is not None,
        )  # fmt: skip
        self._posting.post(session, draft, now)

    def _assign(
        self, session: Session, thread: ThreadView, assignee: PartnerView, actor: PartnerView | None, now: datetime
    ) -> None:
        """The assignee follows, and is told unless he did it himself."""
        if not assignee.active:
            raise BadValue.of("assignee", f"{assignee.email} is deactivated")
        follow(session, thread, assignee, types=self._types, wanted=None, reason="assigned", now=now)
        if actor is not None and actor.id == assignee.id:
            return
        row = delivery_row(
            "assigned", address=assignee.email, reason="assigned", header_id=self._posting.new_header_id(thread),
            now=now, thread_id=thread.id, partner_id=assignee.id,
            payload={"by": (actor.name or actor.email) if actor else ""},
        )  # fmt: skip
        messages.add_deliveries(session, [row])

    def _new_assignee(self, session: Session, thread: ThreadView, values: Mapping[str, Any]) -> PartnerView | None:
        if not values.get("assignee"):
            return None
        return known(session, values["assignee"], "assignee")

    def _assignee_line(self, session: Session, thread: ThreadView, new: PartnerView | None) -> Change:
        old = partners.by_id(session, thread.assignee_id) if thread.assignee_id else None
        name = ["" if partner is None else partner.name or partner.email for partner in (old, new)]
        return Change("assignee", "Assigned to", name[0], name[1])

    def _check(self, change: RecordChange) -> None:
        if not change.key or len(change.key.encode()) > _KEY_OCTETS or any(ord(c) < 32 for c in change.key):
            raise BadValue.of("key", f"a key has 1 to {_KEY_OCTETS} octets and no control characters")
        domain = change.values.get("domain")
        if domain and domain not in self._domains:
            raise BadValue.of("domain", f"{domain!r} is not one of our domains")


def _without_null(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
