"""Search messages, in one thread or over all records, and read the pages around a hit.

All hits are asked for, up to a limit, which gives the total; the page is cut out of that. Whole words come
first: where they are in very many messages, longer words that begin so are not looked for, because the
index would have to gather them all; nor for a frequent word among several. Where nothing in a thread begins so, parts of words count as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from store.queries import message as messages
from store.queries import search as index
from store.queries.access_filter import Reader
from store.search import Phrase, is_short, marked, phrases
from store.session import Session

ENOUGH = 1_000
"""How far hits are counted, beyond it the total is not told; and how many messages with the whole words are enough."""


class Hit(NamedTuple):
    """The place of a hit in the order of the list."""

    id: int


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody looks for. text: as typed. thread_id: None = over all records. kind: one, or several with
    commas between them. kind, record_type: None = any."""

    text: str
    reader: Reader
    thread_id: int | None = None
    kind: str | None = None
    record_type: str | None = None


class Search:
    """One search: how many hits there are, and any page of them."""

    def __init__(self, session: Session, question: Question) -> None:
        self._session = session
        self._question = question
        self._wanted = phrases(question.text)
        self._whole: frozenset[Phrase] = frozenset()
        self._ids = self._all() if self._wanted else []

    @property
    def total(self) -> int | None:
        """How many hits there are, None when there are too many to count."""
        return len(self._ids) if len(self._ids) <= ENOUGH else None

    @property
    def words(self) -> list[str]:
        """The folded texts to be marked in the hits."""
        return marked(self._question.text)

    def fetch(self, *, before: int | None, after: int | None, limit: int) -> list[Hit]:
        """Hits newest first; after: the oldest that are newer than this id."""
        if after is not None:
            if self.total is None:
                return [Hit(found) for found in self._ask(before=None, after=after, limit=limit)]
            newer = [found for found in self._ids if found > after]
            return [Hit(found) for found in newer[max(0, len(newer) - limit) :]]
        older = [found for found in self._ids if before is None or found < before][:limit]
        if self.total is None and len(older) < limit:
            older = self._ask(before=before, limit=limit)
        return [Hit(found) for found in older]

    def rows(self, hits: Sequence[Hit]) -> list[Any]:
        """The messages of some hits, in their order."""
        return messages.by_ids(self._session, [hit.id for hit in hits], self._question.reader)

    def _all(self) -> list[int]:
        """All hits, one more than are counted at most."""
        thread_id = self._question.thread_id
        if thread_id is not None and index.is_small(self._session, thread_id):
            return self._scan(thread_id) or self._scan(thread_id, inside=True)
        self._whole = frozenset(self._wanted)
        found = self._ask(limit=ENOUGH + 1)
        if len(found) <= ENOUGH and not all(map(is_short, self._wanted)):
            self._whole = frozenset(phrase for phrase in self._wanted if self._stays_whole(phrase))
            found = self._ask(limit=ENOUGH + 1) if len(self._whole) < len(set(self._wanted)) else found
        if not found and thread_id is not None:
            return self._scan(thread_id, inside=True)
        return found

    def _stays_whole(self, phrase: Phrase) -> bool:
        return is_short(phrase) or (len(self._wanted) > 1 and index.is_frequent(self._session, phrase))

    def _scan(self, thread_id: int, *, inside: bool = False) -> list[int]:
        asked = self._question
        return index.scan(
            self._session, self._wanted, asked.reader, thread_id=thread_id, kind=asked.kind, inside=inside
        )

    def _ask(self, *, limit: int, before: int | None = None, after: int | None = None) -> list[int]:
        asked = self._question
        return index.hits(
            self._session, self._wanted, asked.reader, thread_id=asked.thread_id, kind=asked.kind,
            record_type=asked.record_type, before=before, after=after, limit=limit, whole=self._whole,
        )  # fmt: skip
