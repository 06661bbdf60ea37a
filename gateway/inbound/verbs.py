"""Answers that ask for something instead of saying something: leave, mute, done.

Asked by the address (``reply+TOKEN+mute@``) or by ``/leave`` in the first line. A proven author is obeyed, also
where he may no longer write: one may always leave (Odoo row B02). Nobody else's command is posted: the readers
would get mail that says "/leave".
"""

from __future__ import annotations

from gateway.inbound.case import Case
from gateway.inbound.outcome import Outcome
from gateway.inbound.reading import Reading
from gateway.inbound.settling import Settling
from gateway.rules.authorship import Confidence, Hold
from gateway.rules.disposition import Automatic
from gateway.rules.limits import counted_as
from gateway.rules.routing import ToThread
from store.models.views import ParticipantView, ThreadView
from store.queries import follower as followers
from store.queries import message as messages
from store.session import Session

_WHAT = {"leave": "leave", "mute": "hear of mentions only", "done": "mark an activity as done"}


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
        """The end of a mail that is a command, None for one that says something."""
        verb = _verb(case)
        if not verb or case.mail.decision is not None or sure is Confidence.FAILED:
            return None
        if isinstance(case.found, Automatic):
            return Hold(f"automatic mail ({case.found.reason}) that asks to {_WHAT[verb]}")
        if verb == "done":
            return Hold("asks to mark an activity as done, which cannot be done by mail yet")
        proven = (
            (Confidence.VERIFIED,) if author and author.internal else (Confidence.VERIFIED, Confidence.TOKEN)
        )
        if author is None or sure not in proven:
            is_staff = author is not None and author.internal and author.active
            return Hold(f"asks to {_WHAT[verb]}, and nothing proves the author", confirm=is_staff)
        return self._obeyed(session, case, thread, author, verb)

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
        if verb == "leave":
            return self._settling.leave(session, thread.id, author.partner_id, case.now, case.trace)
        did = followers.set_subtypes(session, thread.id, author.partner_id, frozenset())
        case.trace.add("mute", "mentions only" if did else "did not follow")
        return Outcome("absorbed", "muted the thread" if did else "did not follow", thread_id=thread.id)


def says_leave(reading: Reading) -> bool:
    """The first line of what is new is ``/leave``."""
    return reading.reply_text.strip().partition("\n")[0].strip().lower() == "/leave"


def _verb(case: Case) -> str:
    if isinstance(case.route, ToThread) and case.route.verb:
        return case.route.verb
    return "leave" if says_leave(case.mail.reading) else ""
