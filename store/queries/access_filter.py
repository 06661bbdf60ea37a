"""What the asker may not read is left out by the query itself: list, search and get ask the same conditions.

The rule is ``rules.visibility``; here it stands in SQL. A test compares the two for random worlds.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    and_,
    column,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    table,
)

from store.models import Attachment, Follower, Message, Notice, Partner, Thread
from store.models.thread import UNNAMED
from store.session import Session

_attachment = Attachment.table()
_message = Message.table()
_thread = Thread.table()
_notice = Notice.table()
_follower = Follower.table()
_partner = Partner.table()
member = table("thread_member", column("partner_id", BigInteger()), column("thread_id", BigInteger()))
"""Who is named as a member of a record; triggers keep it (migration 0008)."""

_QUALIFIED = {name: words.replace("members", "thread.members") for name, words in UNNAMED.items()}


class Reader(NamedTuple):
    """Who reads. types: the record types that he may ever see, None = all.

    partner_id: the person, None = an application for itself, which reads everything of its types.
    internal: False = an outsider. active: False = deactivated, who reads nothing.
    members_only, followers_only: the record types whose records are closed in this way.
    """

    types: frozenset[str] | None = None
    partner_id: int | None = None
    internal: bool = True
    active: bool = True
    members_only: frozenset[str] = frozenset()
    followers_only: frozenset[str] = frozenset()


EVERYTHING = Reader()

THREAD_OF = _thread.c.id == _message.c.thread_id + 0
"""Joins the thread to messages that are known. The sum keeps a database from taking all messages of some threads instead."""


def readable_threads(session: Session, reader: Reader) -> list[ColumnElement[bool]]:
    """The conditions on ``thread`` under which the reader may work on a record."""
    conditions = _of_types(reader)
    if reader.partner_id is None:
        return conditions
    if not (reader.internal and reader.active):
        return [*conditions, false()]
    return [*conditions, _open_to(session, reader)]


def readable_messages(session: Session, reader: Reader) -> list[ColumnElement[bool]]:
    """The conditions on ``message`` and ``thread`` under which the reader may read a message."""
    conditions = _of_types(reader)
    if reader.partner_id is None:
        return conditions
    if not reader.active:
        return [*conditions, false()]
    own = or_(
        _message.c.author_id == reader.partner_id, _was_told(reader.partner_id, in_person=reader.internal)
    )
    if not reader.internal:
        return [*conditions, _message.c.internal.is_(False), own]
    return [*conditions, or_(_open_to(session, reader), own)]


def readable_files(session: Session, reader: Reader) -> list[ColumnElement[bool]]:
    """The conditions on ``attachment``, its ``thread`` and (outer joined) ``message`` to have a file.

    Who may read the message may have its files; a file of the record is for who may work on that, and for
    who brought it. What was uploaded for a message that is still being written is its uploader's alone; what a
    scheduled message will carry is shown like that.
    """
    conditions = _of_types(reader)
    if reader.partner_id is None:
        return conditions
    if not reader.active:
        return [*conditions, false()]
    mine = _attachment.c.uploader_id == reader.partner_id
    shared = or_(_attachment.c.pending.is_(False), _attachment.c.scheduled_id.is_not(None))
    of_record = or_(mine, and_(shared, _open_to(session, reader))) if reader.internal else mine
    of_message = and_(_message.c.id.is_not(None), *readable_messages(session, reader))
    if not reader.internal:
        of_message = and_(of_message, not_(_is_only_quoted(session)))
    return [*conditions, or_(and_(_attachment.c.message_id.is_(None), of_record), of_message)]


def _is_only_quoted(session: Session) -> ColumnElement[bool]:
    """A colleague's mail shows the file in what it quotes alone (``rules.visibility.is_only_quoted``): it may be a note's."""
    place = func.strpos if session.dialect.name == "postgresql" else func.instr
    source = literal("cid:") + func.coalesce(_attachment.c.content_id, "")
    return and_(
        func.coalesce(_attachment.c.content_id, "") != "",
        place(func.coalesce(_message.c.quoted_html, ""), source) > 0,
        place(_message.c.body_html, source) == 0,
        _there(_partner.c.id == _message.c.author_id, _partner.c.internal.is_(True)),
    )


def _of_types(reader: Reader) -> list[ColumnElement[bool]]:
    return [] if reader.types is None else [_thread.c.record_type.in_(sorted(reader.types))]


def _open_to(session: Session, reader: Reader) -> ColumnElement[bool]:
    """A colleague may work on the record: by the rule of its type, and as a member where it names members."""
    partner_id = reader.partner_id
    assert partner_id is not None
    unnamed = has_no_members(session)
    closed = reader.members_only | reader.followers_only
    if closed:
        unnamed = and_(_thread.c.record_type.not_in(sorted(closed)), unnamed)
    ways = [unnamed, _there(member.c.thread_id == _thread.c.id, member.c.partner_id == partner_id)]
    if reader.followers_only:
        follows = _there(_follower.c.thread_id == _thread.c.id, _follower.c.partner_id == partner_id)
        ways.append(and_(_thread.c.record_type.in_(sorted(reader.followers_only)), follows))
    return or_(*ways)


def has_no_members(session: Session) -> ColumnElement[bool]:
    """The record names no members: SQL null, or the null of JSON."""
    return literal_column(f"({_QUALIFIED[session.dialect.name]})", Boolean())


def _was_told(partner_id: int, *, in_person: bool) -> ColumnElement[bool]:
    """A notice brought him the message, or the mail went to him directly. in_person: not because he follows."""
    told = or_(_notice.c.state != "skipped", _notice.c.reason == "addressed directly")
    mine = [_notice.c.message_id == _message.c.id, _notice.c.partner_id == partner_id, told]
    return _there(*mine, _notice.c.reason != "follower") if in_person else _there(*mine)


def _there(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """There is such a row of a table that has one at most for each row asked about.

    As a value and not as EXISTS, which PostgreSQL may answer by reading everything that the partner has; and not
    compared with 1, which it takes for seldom true and then joins a thousand messages to each thread there is.
    """
    found = select(literal_column("1", Integer())).where(*conditions)
    return found.correlate(_message, _thread).scalar_subquery().is_not(None)
