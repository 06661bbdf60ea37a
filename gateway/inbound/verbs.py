"""Answers that ask for something, whatever they say beside it: leave, mute, done.

Asked by the address (``reply+TOKEN+mute@``) or by a line that is nothing but ``/leave``. A proven author is obeyed,
also where he may no longer write: one may always leave (Odoo row B02). What he says beside it is posted, without the
line. Nobody else's command is posted: the readers would get mail that says "/leave".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from gateway.inbound.case import Case
from gateway.inbound.outcome import Outcome, Trace
from gateway.inbound.reading import Reading
from gateway.inbound.settling import Settling
from gateway.mail.command_line import without
from gateway.rules.authorship import Confidence, Hold
from gateway.rules.disposition import Automatic
from gateway.rules.limits import counted_as
from gateway.rules.routing import ToThread
from store.models.views import ParticipantView, ThreadView
from store.queries import follower as followers
from store.queries import message as messages
from store.session import Session

_WHAT = {"leave": "leave", "mute": "hear of mentions only", "done": "mark an activity as done"}


class Asked(NamedTuple):
    """What a mail asks for. rest: the reading without the command, None if it says nothing else."""

    verb: str
    rest: Reading | None


def asked(case: Case) -> Asked | None:
    """What the mail of a case asks for, None if it only says something.

    What a person released is posted, though it came to the address of a verb; a line in it is still obeyed.
    """
    reading = case.mail.reading
    if isinstance(case.route, ToThread) and case.route.verb and case.mail.decision is None:
        words = _without(case.route.verb, reading) or reading
        words = _without(f"/{case.route.verb}", words) or words
        return Asked(case.route.verb, words if words.reply_text.strip() else None)
    words_left = _without("/leave", reading)
    if words_left is None:
        return None
    return Asked("leave", words_left if words_left.reply_text.strip() else None)


class Verbs:
    """Obeys the commands of mails, or says why they wait."""

    def __init__(self, settling: Settling) -> None:
        self._settling = settling

    def end_of(
        self,
        session: Session,
        case: Case,
        thread: ThreadView,
        author: ParticipantView | None,
        sure: Confidence,
    ) -> Outcome | Hold | None:
        """The end of a mail that is a command and no more, None for one that says something.

        What is said beside a command goes on, and the command is obeyed when it is posted, or though it is not.
        """
        what = asked(case)
        if what is None or case.mail.decision is not None or sure is Confidence.FAILED:
            return None
        verb = what.verb
        if isinstance(case.found, Automatic):
            return Hold(f"automatic mail ({case.found.reason}) that asks to {_WHAT[verb]}")
        if verb == "done":
            return Hold("asks to mark an activity as done, which cannot be done by mail yet")
        if author is None or not _is_proven(author, sure):
            is_staff = author is not None and author.internal and author.active
            return Hold(f"asks to {_WHAT[verb]}, and nothing proves the author", confirm=is_staff)
        return None if what.rest is not None else self._obeyed(session, case, thread, author, verb)

    def _obeyed(
        self, session: Session, case: Case, thread: ThreadView, author: ParticipantView, verb: str
    ) -> Outcome:
        mail = case.mail
        key = counted_as(case.address)
        other = messages.arrive(
            session, f"thread:{thread.id}", mail.reading.fingerprint, mail.id, case.now, author=key
        )
        if other is not None and other != mail.id:
            return Outcome("absorbed", f"duplicate of {other}", thread_id=thread.id)
        return self.obey(session, thread.id, author.partner_id, verb, now=case.now, trace=case.trace)

    def obey(
        self, session: Session, thread_id: int, partner_id: int, verb: str, *, now: datetime, trace: Trace
    ) -> Outcome:
        """Do what an author asks for; answers how a mail ends that says nothing else."""
        if verb == "leave":
            return self._settling.leave(session, thread_id, partner_id, now, trace)
        did = followers.set_subtypes(session, thread_id, partner_id, frozenset())
        trace.add("mute", "mentions only" if did else "did not follow")
        return Outcome("absorbed", "muted the thread" if did else "did not follow", thread_id=thread_id)

    def obey_unposted(
        self,
        session: Session,
        case: Case,
        thread: ThreadView,
        author: ParticipantView | None,
        sure: Confidence,
    ) -> None:
        """Do what a proven author asks for although the rest of his mail is not posted: one may always leave."""
        what = asked(case)
        if (
            what is not None
            and case.mail.decision is None
            and author is not None
            and _is_proven(author, sure)
        ):
            self.obey(session, thread.id, author.partner_id, what.verb, now=case.now, trace=case.trace)


def _is_proven(author: ParticipantView, sure: Confidence) -> bool:
    return sure is Confidence.VERIFIED or (sure is Confidence.TOKEN and not author.internal)


def _without(command: str, reading: Reading) -> Reading | None:
    """The reading without the lines that are nothing but the command, None where no line is."""
    author = reading.mail.author
    left = without(command, reading.reply_text, reading.reply_html, name=author.name if author else "")
    return None if left is None else replace(reading, reply_text=left[0], reply_html=left[1])
