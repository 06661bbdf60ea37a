"""The record that a mail to an alias opens: what it has from its alias, and who follows it from the start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.chatter import alias_defaults, family
from gateway.chatter.alias_defaults import Defaults
from gateway.chatter.post import Author, Posting
from gateway.chatter.types import TypeRules
from gateway.inbound.case import Case
from gateway.mail.subject import reply_subject
from gateway.rules.authorship import Confidence
from gateway.rules.routing import ToAlias
from store.models.views import ThreadView
from store.queries import follower as followers
from store.queries import thread as threads
from store.session import Session


class Opening:
    """Opens records. new_key: mints the key of one."""

    def __init__(self, posting: Posting, new_key: Callable[[], str]) -> None:
        self._posting = posting
        self._new_key = new_key

    def open(
        self, session: Session, case: Case, writer: Author, sure: Confidence, subject: str
    ) -> ThreadView:
        """Enter the record; its title is the subject unless the alias names one, and the opener's thread goes on."""
        route = case.route
        assert isinstance(route, ToAlias)
        rules = self._posting.type_rules(session, route.record_type)
        given = self._defaults(session, case, rules)
        is_creator = writer.internal and sure is Confidence.VERIFIED
        thread = threads.add(
            session, record_type=route.record_type, key=f"tp-{self._new_key()}",
            title=given.title or subject or "(no subject)", subject=reply_subject(subject) if subject else None,
            url=None, fields=given.fields, assignee_id=given.assignee.id if given.assignee else None,
            creator_id=writer.partner_id if is_creator else None, domain=route.address.rpartition("@")[2],
            parent_id=given.parent.id if given.parent else None, now=case.now,
        )  # fmt: skip
        _follow(session, thread, given, rules, case.now)
        self._posting.events.opened(session, [thread], "mail", case.now)
        case.trace.add("open", f"{route.record_type} {thread.key}", "")
        return thread

    def _defaults(self, session: Session, case: Case, rules: TypeRules) -> Defaults:
        """What the alias gives; what it cannot give any more is said in the trace."""
        if not (case.alias and case.alias.defaults):
            return Defaults({})
        given, faults = alias_defaults.read(session, rules, case.alias.defaults)
        for place, words in faults.items():
            case.trace.add("open", f"defaults/{place}", words)
        return given


def _follow(session: Session, thread: ThreadView, given: Defaults, rules: TypeRules, now: datetime) -> None:
    """Who is assigned follows the new record, and followers of its parent inherit."""
    rows = []
    if given.assignee is not None:
        rows.append(family.follower(thread, given.assignee, rules.subtypes, followers.ASSIGNED, now))
    if given.parent is not None:
        rows += family.heirs(session, [family.Adopted(thread, rules.subtypes, given.parent.id)], now)
    if rows:
        followers.follow_all(session, family.united(rows))
