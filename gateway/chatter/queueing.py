"""What was decided about messages, entered: notices, and the mails that carry them with subject and due time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from gateway.chatter.draft import Draft
from gateway.chatter.types import Types
from gateway.mail.subject import reply_subject
from gateway.rules.limits import waits_until
from gateway.rules.recipients import EMAIL, FOLLOWER, Notice
from store.models.views import ThreadView
from store.queries import limits as counts
from store.queries import message as messages
from store.queries import thread as threads
from store.session import Session

ASSIGNED, INVITED = "assigned", "invited"
_MAIL_OF = {ASSIGNED: "assigned", INVITED: "invite"}
_POSTS_AN_HOUR = 20  # what a lively record may have
_ONE_DAY = timedelta(days=1)


class Queue:
    """Enters decisions. fanout: mails of a record within an hour, from which on those to followers wait."""

    def __init__(self, types: Types, fanout: int) -> None:
        self._types = types
        self._fanout = fanout

    def enter(
        self, session: Session, posted: Sequence[tuple[Draft, int, str, Sequence[Notice]]], now: datetime
    ) -> None:
        """Enter the decisions about messages, and the mails that carry them."""
        mailed = [
            (draft, message_id, header_id, notice)
            for draft, message_id, header_id, decisions in posted
            for notice in decisions
            if notice.state == "suppressed" or (notice.channel == EMAIL and notice.state == "queued")
        ]
        named_now = [draft for draft, _, _, notice in mailed if notice.state == "queued"]
        unnamed = {draft.thread.id: draft for draft in named_now if draft.thread.subject is None}
        messages.add_notices(
            session,
            [
                {"message_id": message_id, "partner_id": notice.partner_id, "channel": notice.channel,
                 "state": notice.state, "reason": notice.reason, "read_at": None}
                for _, message_id, _, decisions in posted
                for notice in decisions
            ],
        )  # fmt: skip
        subjects = {thread_id: self._subject_of(session, draft) for thread_id, draft in unnamed.items()}
        threads.freeze_subjects(session, subjects)
        _notify(session, [draft.thread for draft, *_ in mailed], now)
        waiting = self._waiting(session, Counter(draft.thread.id for draft, *_ in mailed), now)
        messages.add_deliveries(
            session,
            [
                delivery_row(
                    _MAIL_OF.get(notice.reason, "message"), address=notice.email, reason=notice.reason,
                    header_id=header_id, now=now, message_id=message_id, thread_id=draft.thread.id,
                    partner_id=notice.partner_id, payload=draft.payload if notice.reason == draft.concern else None,
                    confirmed=notice.partner_id in draft.confirmed,
                    due_at=_due(draft, waiting.get(draft.thread.id) if notice.reason == FOLLOWER else None),
                )
                | _standing(draft, notice)
                for draft, message_id, header_id, notice in mailed
            ],
        )  # fmt: skip

    def _waiting(self, session: Session, mails: Mapping[int, int], now: datetime) -> dict[int, datetime]:
        """Until when the followers of a thread wait, where it sent its share of the hour already.

        mails: how many are queued now, by thread. A post is never torn apart, and only a large one is worth the
        question: what goes to a few people at a time does not reach the limit before other brakes (rules/limits).
        """
        found = {}
        for thread_id, count in mails.items():
            if count * _POSTS_AN_HOUR >= self._fanout:
                until = waits_until(counts.queued_before(session, thread_id, self._fanout - 1), now)
                if until is not None:
                    found[thread_id] = until
        return found

    def _subject_of(self, session: Session, draft: Draft) -> str:
        """The subject that all mail of a thread will carry: the title, that of its first mail, or type and key.

        A record that a mail opened has that mail's from the start (inbound/placing). What stands over a note is
        said to staff, and over a mail to a record that has a title perhaps another's: neither is for all its readers.
        """
        if draft.thread.title:
            return draft.thread.title
        if draft.header_id and draft.subject and not draft.internal:
            return reply_subject(draft.subject)
        label = self._types.get(draft.thread.record_type, session).label
        return f"{label} {draft.thread.key}"


def _notify(session: Session, notified: Sequence[ThreadView], now: datetime) -> None:
    """Note that mail of these threads is queued, by which old reply addresses are judged (rules/expiry).

    To the day is exact enough, and spares most posts the statement.
    """
    stale = {
        thread.id
        for thread in notified
        if thread.last_notified_at is None or now - thread.last_notified_at > _ONE_DAY
    }
    threads.notified(session, sorted(stale), now)


def delivery_row(
    kind: str, *, address: str, reason: str, header_id: str, now: datetime, message_id: int | None = None,
    thread_id: int | None = None, partner_id: int | None = None, payload: dict[str, Any] | None = None,
    due_at: datetime | None = None, confirmed: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """One row of the outbox, due now unless said otherwise. confirmed: an outsider may get this note.

    Every column is given: looking up defaults row by row costs a fifth of entering it.
    """
    return {
        "kind": kind, "channel": EMAIL, "message_id": message_id, "thread_id": thread_id, "partner_id": partner_id,
        "address": address, "reason": reason, "confirmed": confirmed, "payload": payload, "header_id": header_id,
        "state": "queued", "status": "", "detail": "", "attempts": 0, "created_at": now, "due_at": due_at or now,
        "sent_at": None, "owner": "", "lease": 0, "author_id": None,
    }  # fmt: skip


def _due(draft: Draft, share: datetime | None) -> datetime | None:
    """When a mail may leave, None = now. share: when the record may send to its followers again, None = now."""
    return max((moment for moment in (draft.mail_at, share) if moment is not None), default=None)


def _standing(draft: Draft, notice: Notice) -> dict[str, Any]:
    """Whose failure it is when it does not arrive; to an address that gets no mail it is one from the start."""
    if notice.state != "suppressed":
        return {"author_id": draft.author.partner_id, "detail": ""}
    reason = "recipient" if notice.partner_id in draft.recipients else "follower"
    if notice.partner_id in draft.concerned:
        reason = draft.concern
    return {
        "author_id": draft.author.partner_id, "detail": notice.reason, "state": "suppressed",
        "reason": "mention" if notice.partner_id in draft.mentioned else reason,
    }  # fmt: skip
