"""/search: messages of all records that hold some words; and the page of hits that a thread shows."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import get

from gateway.chatter.actor import reader_of
from gateway.chatter.page import MessageView, message_views
from gateway.chatter.search import Question, Search
from gateway.chatter.write import KINDS
from gateway.errors import BadValue
from gateway.web.auth import Asking, needs
from gateway.web.paging import Page, Wish, Wished, both_ways
from gateway.web.services import Given
from store.queries import thread as threads
from store.session import Session

ALL_KINDS = (*KINDS, "log")


class FoundView(MessageView, frozen=True, kw_only=True):
    """A message that was found. title: of its record."""

    title: str


@get("/search", guards=[needs("read")], sync_to_thread=True, tags=["messages"])
def search(
    services: Given, caller: Asking, wish: Wished, q: str = "", type: str | None = None, kind: list[str] | None = None,
    actor: str | None = None,
) -> Page[FoundView]:  # fmt: skip
    """Messages of all records, newest first. q: words that must all occur, in any order; a word of four letters
    or more may be the beginning of a longer one; words in quotation marks stand together; accents and case do
    not matter. kind: of these kinds. actor: only what this person may read. total is left out when there are over
    1,000 hits. Where most hits are closed to the asker, a page may be short; ``next`` says where to go on."""
    kinds = kinds_of(kind)
    if not q.strip():
        raise BadValue.of("q", "say what to look for")

    def work(session: Session) -> Page[FoundView]:
        reader = reader_of(session, services.types, caller=caller, actor=actor)
        question = Question(q, reader, kinds=kinds, record_type=type)
        found = hits(session, question, wish, previews=services.shows_previews)
        titles = threads.titles(session, {(item.record.type, item.record.key) for item in found.items})
        items = [
            FoundView(**_fields(item), title=titles.get((item.record.type, item.record.key), ""))
            for item in found.items
        ]
        return Page(items, found.next, found.total)

    return services.read(work)


def hits(session: Session, question: Question, wish: Wish, *, previews: bool = False) -> Page[MessageView]:
    """A page of what a search finds, each hit with its highlights.

    An entry that holds the words only in lines of a field which is gone is no hit; then nothing is told of a total.
    """
    search = Search(session, question)
    page, following = both_ways(search.fetch, wish)
    reader = question.reader
    views = message_views(
        session, search.rows(page), search.words, outsider=not reader.internal, labels=search.labels,
        previews=previews,
    )  # fmt: skip
    total = search.total if len(views) == len(page) else None
    return Page(views, following, msgspec.UNSET if total is None else total)


def kinds_of(given: list[str] | None) -> tuple[str, ...]:
    """The kinds that are asked for, () = all: ``kind=message&kind=note``, or with commas. Raises BadValue."""
    kinds = [kind.strip() for text in given or [] for kind in text.split(",")]
    for kind in kinds:
        check_kind(kind)
    return () if set(kinds) == set(ALL_KINDS) else tuple(sorted(set(kinds)))


def check_kind(kind: str | None) -> None:
    """Raise BadValue for a kind that messages do not have."""
    if kind is not None and kind not in ALL_KINDS:
        raise BadValue.of("kind", f"{kind!r} is none of {', '.join(ALL_KINDS)}")


def _fields(view: MessageView) -> dict[str, Any]:
    return {name: getattr(view, name) for name in view.__struct_fields__}


handlers: list[Any] = [search]
