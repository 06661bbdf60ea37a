"""Post one message: message, files, follow, expand, queue, in the transaction that is given.

The thread's own order stands in ``Posting.post``; everything that decides is a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.chatter.draft import SYSTEM as SYSTEM
from gateway.chatter.draft import Addressee as Addressee
from gateway.chatter.draft import Author as Author
from gateway.chatter.draft import Draft as Draft
from gateway.chatter.draft import File as File
from gateway.chatter.draft import row_of
from gateway.chatter.draft import search_words as search_words
from gateway.chatter.events import Events
from gateway.chatter.previews import Previews
from gateway.chatter.queueing import ASSIGNED as ASSIGNED
from gateway.chatter.queueing import INVITED as INVITED
from gateway.chatter.queueing import Queue
from gateway.chatter.queueing import delivery_row as delivery_row
from gateway.chatter.types import TypeRules, Types
from gateway.rules.policy import FOLLOW_NAMED
from gateway.rules.recipients import Notice, Said, notices
from gateway.rules.subscription import defaults
from gateway.rules.visibility import ALL
from store.models.views import AudienceView, ThreadView
from store.queries import audience as considered
from store.queries import follower as followers
from store.queries import message as messages
from store.session import Session


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a post did. files: the message has some."""

    message_id: int
    header_id: str
    told: int
    skipped: int
    followed: int
    files: bool


class Posting:
    """Posts messages. domain: ours, where a thread has none of its own; new_header_id: mints a Message-ID.

    events: tells host applications, None = nobody listens. previews: enters links, None = no previews are made.
    fanout: mails of a record within an hour, from which on those to followers wait. language: of the house, for
    who names none.
    """

    def __init__(
        self, *, types: Types, domain: str, new_header_id: Callable[[str], str], events: Events | None = None,
        previews: Previews | None = None, fanout: int = 600, language: str = "",
    ) -> None:  # fmt: skip
        self.language = language
        self.events = events or Events()
        self.previews = previews or Previews()
        self._types = types
        self._domain = domain
        self._new_header_id = new_header_id
        self._queue = Queue(types, fanout)

    def access(self, session: Session, thread: ThreadView | None) -> str:
        """The access policy of the record's type; of no record, that of all."""
        return ALL if thread is None else self._types.get(thread.record_type, session).access

    def new_header_id(self, thread: ThreadView | None = None) -> str:
        """A new Message-ID in the domain of the thread."""
        return self._new_header_id((thread.domain if thread else "") or self._domain)

    def rules(self, session: Session, thread: ThreadView) -> TypeRules:
        """What holds for the type of a thread."""
        return self._types.get(thread.record_type, session)

    def type_rules(self, session: Session, record_type: str) -> TypeRules:
        """What holds for a type. Raises NotFound."""
        return self._types.get(record_type, session)

    def post(self, session: Session, draft: Draft, now: datetime) -> Receipt:
        """Post the draft: message, files, follow, expand, queue."""
        header_id = self.new_header_id(draft.thread)
        message_id = messages.add(session, row_of(draft, header_id, now))
        references = [(header_id, True)] + ([(draft.header_id, False)] if draft.header_id else [])
        messages.add_refs(session, message_id, references)
        self._attach(session, message_id, draft, now)
        audience = self._audience(session, draft, now)
        followed = self._follow(session, draft, audience, now)
        if followed:
            audience = self._audience(session, draft, now)
        decisions = self._decide(session, draft, audience)
        self.queue(session, draft, message_id, header_id, decisions, now)
        self.previews.posted(session, draft, message_id, now)
        if draft.kind != "log":
            self.events.posted(session, [(draft.thread, message_id)], now)
        told = sum(notice.state in ("queued", "inbox") for notice in decisions)
        files = bool(draft.files or draft.attachment_ids)
        return Receipt(message_id, header_id, told, len(decisions) - told, followed, files)

    def post_all(self, session: Session, drafts: Sequence[Draft], now: datetime) -> list[int]:
        """Post drafts that bring no files and no followers, in few statements; answers the message ids in order."""
        headers = [self.new_header_id(draft.thread) for draft in drafts]
        rows = [row_of(draft, header_id, now) for draft, header_id in zip(drafts, headers, strict=True)]
        ids = messages.add_all(session, rows)
        messages.add_own_refs(session, list(zip(headers, ids, strict=True)))
        audiences = self._audiences(session, drafts, now)
        posted = [
            (draft, message_id, header_id, self._decide(session, draft, audience))
            for draft, message_id, header_id, audience in zip(drafts, ids, headers, audiences, strict=True)
            if audience
        ]
        self._queue.enter(session, [one for one in posted if one[3]], now)
        said = [(draft.thread, id_) for draft, id_ in zip(drafts, ids, strict=True) if draft.kind != "log"]
        self.events.posted(session, said, now)
        return ids

    def audience(
        self, session: Session, draft: Draft, now: datetime, strangers: Sequence[AudienceView] = ()
    ) -> list[Notice]:
        """Who would be told about the draft, without posting it. strangers: whom it names and the store does not know."""
        return self._decide(session, draft, [*self._audience(session, draft, now), *strangers])

    def _attach(self, session: Session, message_id: int, draft: Draft, now: datetime) -> None:
        rows = [
            {
                "thread_id": draft.thread.id, "message_id": message_id, "name": file.name,
                "content_type": file.content_type, "size": file.size, "blob": file.blob,
                "content_id": file.content_id, "inline": file.inline, "created_at": now,
                "preview": file.preview or None,
            }
            for file in draft.files
        ]  # fmt: skip
        messages.add_attachments(session, rows)
        if draft.attachment_ids:
            messages.bind_attachments(session, message_id, draft.attachment_ids)
            messages.show_inside(session, draft.shown_inside)

    def _follow(self, session: Session, draft: Draft, audience: Sequence[AudienceView], now: datetime) -> int:
        """Who writes begins to follow, and whom he names where the type wants that (Odoo's mail_post_autofollow).

        audience: those of it who follow already cost no statement. Answers how many are new.
        """
        rules = self._types.get(draft.thread.record_type, session)
        named: frozenset[int] = frozenset()
        if rules.policy.get(FOLLOW_NAMED) and not draft.internal:
            named = draft.recipients | draft.mentioned
        there, new = {one.partner_id for one in audience if one.subtypes is not None}, 0
        named -= there
        for reason, people in (("author", draft.followers), ("recipient", self._active(session, named, now))):
            wishes = [
                (one, defaults(rules.subtypes, internal=internal))
                for one, internal in people
                if one not in there
            ]
            new += followers.follow(session, draft.thread.id, wishes, reason=reason, now=now) if wishes else 0
        return new

    def _active(
        self, session: Session, partner_ids: frozenset[int], now: datetime
    ) -> Sequence[tuple[int, bool]]:
        """Those who may follow: (partner id, internal)."""
        people = considered.people(session, partner_ids, now) if partner_ids else {}
        return [(view.partner_id, view.internal) for view in people.values() if view.active]

    def follow_claimed(self, session: Session, draft: Draft, now: datetime) -> int:
        """Who opened the record by an unproven mail and is addressed by a colleague follows from now on (DESIGN 5)."""
        named = draft.mentioned | draft.recipients
        claimed = messages.claimed_authors(session, draft.thread.id, named) if not draft.internal else []
        if not claimed:
            return 0
        subtypes = self._types.get(draft.thread.record_type, session).subtypes
        wishes = [(partner_id, defaults(subtypes, internal=False)) for partner_id in claimed]
        return followers.follow(session, draft.thread.id, wishes, reason="answered", now=now)

    def _audience(self, session: Session, draft: Draft, now: datetime) -> list[AudienceView]:
        """Who is to be considered: followers and addressees where the draft tells, and whom it concerns."""
        if not draft.tell:
            return list(considered.people(session, draft.concerned, now).values()) if draft.concerned else []
        others = draft.mentioned | draft.recipients | draft.concerned
        return considered.audience(session, draft.thread.id, others, now)

    def _decide(self, session: Session, draft: Draft, audience: Sequence[AudienceView]) -> list[Notice]:
        """What the rule says; whom a draft concerns is told as an addressee is, for a reason of its own."""
        writer = draft.actor_id if draft.actor_id is not None else draft.author.partner_id
        said = Said(
            draft.subtype, internal=draft.internal, author_id=writer, mentioned=draft.mentioned,
            recipients=draft.recipients | draft.concerned, confirmed=draft.confirmed, spared=draft.spared, addressed=draft.addressed,
            addressed_count_for=draft.addressed_count_for, members=draft.thread.members,
            access=self.access(session, draft.thread), named_only=draft.named_only,
        )  # fmt: skip
        return [
            one._replace(reason=draft.concern)
            if one.partner_id in draft.concerned and one.reason == "recipient"
            else one
            for one in notices(audience, said)
        ]

    def _audiences(
        self, session: Session, drafts: Sequence[Draft], now: datetime
    ) -> list[list[AudienceView]]:
        """Who is to be considered for each draft: the followers where it tells, and whom it concerns."""
        of_thread = considered.audiences(session, [draft.thread.id for draft in drafts if draft.tell], now)
        concerned = {partner_id for draft in drafts for partner_id in draft.concerned}
        people = considered.people(session, concerned, now)
        found = []
        for draft in drafts:
            audience = of_thread[draft.thread.id] if draft.tell else []
            if draft.concerned:
                absent = draft.concerned - {view.partner_id for view in audience}
                audience = [*audience, *(people[one] for one in sorted(absent) if one in people)]
            found.append(audience)
        return found

    def queue(
        self,
        session: Session,
        draft: Draft,
        message_id: int,
        header_id: str,
        decisions: Sequence[Notice],
        now: datetime,
    ) -> None:
        """Enter what was decided about a message that stands, and the mails that carry it."""
        if decisions:
            self._queue.enter(session, [(draft, message_id, header_id, decisions)], now)
