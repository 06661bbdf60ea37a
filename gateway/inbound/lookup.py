"""Fetch from the store what the rules need to route a mail and to know its author."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.inbound.authenticate import Trust
from gateway.mail.address import normalise
from gateway.mail.message import ParsedMail
from gateway.rules.routing import ToThread
from gateway.rules.visibility import ALL, may_access
from store.models.views import ParticipantView, ThreadView
from store.queries import answered, inbound
from store.queries import message as messages
from store.queries import participant as authors
from store.session import Session

_REFERENCES = 32  # the newest ids of References that are looked at, as many as Odoo looks at


@dataclass(frozen=True, slots=True)
class Referenced:
    """What the Message-IDs of a mail lead to.

    is_ours: its own Message-ID is one that we minted, so it is our own mail come back.
    messages: (message id, thread id, internal) that In-Reply-To, then References (newest first) name.
    """

    is_ours: bool
    messages: tuple[tuple[int, int, bool], ...]

    def parent_in(self, thread_id: int) -> tuple[int, bool] | None:
        """The best answered message of a thread and whether it is internal, None if there is none."""
        return next(
            ((found, internal) for found, thread, internal in self.messages if thread == thread_id), None
        )

    def any_internal(self) -> bool:
        """A note is among what the mail refers to, on whatever thread."""
        return any(internal for _, _, internal in self.messages)

    def brings_inside(self, thread_id: int) -> bool:
        """A note of another record is among what the mail refers to, so the mail is for staff here too.

        Of the record itself the message that is answered decides: mail to a colleague names all its notes.
        """
        return any(internal for _, thread, internal in self.messages if thread != thread_id)

    def passes_on_note(self) -> bool:
        """The message that is answered or forwarded, the best of all that the mail refers to, is a note."""
        return bool(self.messages) and self.messages[0][2]

    def threads(self) -> list[int]:
        """The threads that are referred to, best first, each once."""
        return list(dict.fromkeys(thread for _, thread, _ in self.messages))


def referenced(session: Session, mail: ParsedMail) -> Referenced:
    """Look up the mail's own Message-ID, In-Reply-To and References."""
    wanted = list(dict.fromkeys((*mail.in_reply_to, *reversed(mail.references[-_REFERENCES:]))))
    ids = [*([mail.message_id] if mail.message_id else []), *wanted]
    rows = messages.referenced(session, ids)
    is_ours = any(row.header_id == mail.message_id and row.ours for row in rows)
    found = [(row.id, row.thread_id, row.internal) for row in rows if row.header_id in set(wanted)]
    return Referenced(is_ours, tuple(found))


def parent_of(session: Session, references: Referenced, route: ToThread) -> tuple[int, bool] | None:
    """The message that a mail on its way to a thread answers, and whether it is internal; None if there is none.

    A program that writes neither In-Reply-To nor References still uses the address that it was mailed from:
    then it is the last message, public or internal as the address is, that the address's partner was told
    of. The record's own address was mailed to nobody in particular: then the last message (Odoo T066). What
    names messages of other records alone was written to those, and answers nothing here.
    """
    found = references.parent_in(route.thread_id)
    if found is not None or route.by == "references" or references.messages:
        return found
    if route.partner_ids:
        told = answered.last_told(session, route.thread_id, route.partner_ids, internal=route.internal)
        return None if told is None else (told, route.internal)
    said = None if route.internal else answered.last_said(session, route.thread_id)
    return None if said is None else (said, False)


def author_address(mail: ParsedMail) -> str:
    """The normalised address of the one author, "" if there is none."""
    return normalise(mail.author.addr_spec) if mail.author else ""


def is_our_own(session: Session, address: str, trust: Trust) -> bool:
    """A normalised address that we write from ourselves, or that opens records: no person, whoever vouches.

    Our own mail that comes around under another id would else open a record, and its author follow it.
    """
    if address.rpartition("@")[2] not in trust.own_domains:
        return False
    return address in trust.own_addresses or address in inbound.aliases(session)


def participant(session: Session, thread_id: int, address: str) -> ParticipantView | None:
    """The author as the thread knows him; None when he is nobody's address."""
    return authors.author(session, thread_id, address)[0] if address else None


def has_access(thread: ThreadView | None, author: ParticipantView | None, access: str) -> bool:
    """The author is staff and may work on the record; a new record is open to all staff. access: of its type."""
    if author is None:
        return False
    return may_access(
        internal=author.internal, active=author.active, partner_id=author.partner_id,
        members=thread.members if thread else None, access=access if thread else ALL, follows=author.follower,
    )  # fmt: skip


def addressed(mail: ParsedMail, own_domains: frozenset[str]) -> dict[str, tuple[str, str]]:
    """Whom To and Cc name, apart from us: normalised address -> name, and ``to`` or ``cc``."""
    found: dict[str, tuple[str, str]] = {}
    for how, addresses in (("to", mail.to), ("cc", mail.cc)):
        for address in addresses:
            known_as = normalise(address.addr_spec)
            if known_as and known_as.rpartition("@")[2] not in own_domains:
                found.setdefault(known_as, (address.name, how))
    return found


def named_in_to(mail: ParsedMail) -> frozenset[str]:
    """The normalised addresses of the To field."""
    return frozenset(filter(None, (normalise(address.addr_spec) for address in mail.to)))


def takes_part(session: Session, thread_ids: Sequence[int], address: str) -> list[int]:
    """Those of the threads in which the address takes part (follows, was invited, or is staff)."""
    known = [(thread_id, participant(session, thread_id, address)) for thread_id in thread_ids[:3]]
    return [
        thread_id
        for thread_id, who in known
        if who is not None and (who.follower or who.invited or who.internal)
    ]
