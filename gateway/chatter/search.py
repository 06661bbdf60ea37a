"""Search messages, in one thread or over all records, and read the pages around a hit.

All hits are asked for, up to a limit, which gives the total; the page is cut out of that. Whole words come
first: where they are in very many messages, longer words that begin so are not looked for, because the
index would have to gather them all; nor for a frequent word among several. Where nothing in a thread begins so,
parts of words count as well, among its newest thousand messages. Where most hits are closed to the asker, a page may be
short though older hits follow: the window says from where to go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from gateway.rules.subscription import GENERIC
from store.queries import message as messages
from store.queries import own, types
from store.queries import search as index
from store.queries.access_filter import EVERYTHING, Reader
from store.queries.narrow import Found, Window
from store.search import Phrase, Scope, for_like, indexed, is_short, phrases
from store.session import Session

ENOUGH = 1_000
"""How far hits are counted, beyond it the total is not told; and how many messages with the whole words are enough."""


class Hit(NamedTuple):
    """The place of a hit in the order of the list."""

    id: int


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody looks for. text: as typed. thread_id: None = over all records. kinds: () = all.
    record_type: None = any."""

    text: str
    reader: Reader
    thread_id: int | None = None
    kinds: tuple[str, ...] = ()
    record_type: str | None = None

    @property
    def scope(self) -> Scope:
        """Among which messages is looked, whoever asks."""
        types, named = self.reader.types, self.record_type
        if named:
            types = frozenset({named}) if types is None or named in types else frozenset()
        staff = self.reader.partner_id is None or self.reader.internal
        return Scope(self.thread_id, self.kinds, types, staff)


class Search:
    """One search: how many hits there are, and any page of them.

    labels: what subtypes that hold all the words are called, by record type and name; their entries are hits too.
    """

    def __init__(self, session: Session, question: Question) -> None:
        self._session = session
        self._question = question
        self._reader = question.reader
        self._wanted = phrases(question.text)
        self.labels = _labels(session, self._wanted)
        self._scope = question.scope._replace(named=tuple(sorted(self.labels)))
        self._whole: frozenset[Phrase] = frozenset()
        self._found = self._all() if self._wanted else Found([])

    @property
    def total(self) -> int | None:
        """How many hits there are, None when there are too many to count."""
        return len(self._found.ids) if self._is_whole else None

    @property
    def words(self) -> list[Phrase]:
        """What is to be marked in the hits."""
        return self._wanted

    @property
    def _is_whole(self) -> bool:
        return len(self._found.ids) <= ENOUGH and self._found.reached is None

    def fetch(self, *, before: int | None, after: int | None, limit: int) -> Window:
        """Hits newest first; after: the oldest that are newer than this id."""
        if after is not None:
            if self._is_whole:
                newer = [found for found in self._found.ids if found > after]
                return _hits(Found(newer[max(0, len(newer) - limit) :]))
            return _hits(self._ask(before=None, after=after, limit=limit))
        page = Found([one for one in self._found.ids if before is None or one < before][:limit])
        if self._is_whole or len(page.ids) == limit:
            return _hits(page)
        known_to = self._found.reached
        if known_to is not None and (before is None or before > known_to):
            return _hits(Found(page.ids, known_to))
        return _hits(self._ask(before=before, limit=limit))

    def rows(self, hits: Sequence[Hit]) -> list[Any]:
        """The messages of some hits, in their order."""
        return messages.by_ids(self._session, [hit.id for hit in hits], self._question.reader)

    def _all(self) -> Found:
        """All hits, one more than are counted at most."""
        reader, thread_id = self._reader, self._scope.thread_id
        if not reader.active:
            return Found([])
        if thread_id is not None:
            if index.is_small(self._session, thread_id):
                return Found(self._scan() or self._scan(inside=True))
            if reader != EVERYTHING and own.reads_all(self._session, reader, thread_id):
                self._reader = EVERYTHING
        few = self._few()
        if few is not None:
            return Found(index.own_hits(self._session, self._wanted, reader, self._scope, few))
        return self._by_index()

    def _few(self) -> list[int] | None:
        """The messages of one who reads nothing but his own here, if they are few."""
        if self._reader.partner_id is None or (self._reader.internal and self._scope.thread_id is None):
            return None
        return own.few(self._session, self._reader.partner_id)

    def _by_index(self) -> Found:
        short = frozenset(phrase for phrase in self._wanted if is_short(phrase))
        longer = [phrase for phrase in self._wanted if phrase not in short]
        self._whole = short | index.frequent(self._session, longer)
        found = self._ask(limit=ENOUGH + 1)
        if not found.ids and self._scope.thread_id is not None:
            return Found(self._scan(inside=True))
        return found

    def _scan(self, *, inside: bool = False) -> list[int]:
        return index.scan(self._session, self._wanted, self._reader, self._scope, inside=inside)

    def _ask(self, *, limit: int, before: int | None = None, after: int | None = None) -> Found:
        return index.hits(
            self._session, self._wanted, self._reader, self._scope, before=before, after=after, limit=limit,
            whole=self._whole,
        )  # fmt: skip


def _hits(found: Found) -> Window:
    return Window([Hit(one) for one in found.ids], found.reached)


def _labels(session: Session, wanted: Sequence[Phrase]) -> dict[tuple[str, str], str]:
    """The subtypes whose label holds all the words; the generic ones would make hits of nearly everything."""
    if not wanted:
        return {}
    generic = {subtype.name for subtype in GENERIC}
    return {
        (one.name, subtype["name"]): subtype["label"]
        for one in types.record_types(session)
        for subtype in one.config.get("subtypes") or ()
        if subtype.get("label") and subtype["name"] not in generic and _holds(subtype["label"], wanted)
    }


def _holds(label: str, wanted: Sequence[Phrase]) -> bool:
    words = f" {indexed(label)}"
    return all(for_like(phrase) in words for phrase in wanted)
