"""The conversation of one record as somebody reads it, page by page."""

from __future__ import annotations

from typing import Any

from store.queries import conversation
from store.queries.access_filter import Reader
from store.session import Session


class Conversation:
    """The messages of a thread that the reader may read. kinds: of these alone, () = all.

    reached: after ``fetch``, where the reading ended before the page was full and before the end; else None. So it
    may end where thousands of messages in a row are closed to the reader.
    """

    def __init__(self, session: Session, thread_id: int, reader: Reader, kinds: tuple[str, ...] = ()) -> None:
        self._session = session
        self._thread_id = thread_id
        self._reader = reader
        self._kinds = kinds
        self.reached: int | None = None

    def fetch(self, *, before: int | None, after: int | None, limit: int) -> list[Any]:
        """Rows newest first; after: the oldest that are newer than this id."""
        found = conversation.window(
            self._session, self._thread_id, before=before, after=after, limit=limit, kinds=self._kinds,
            reader=self._reader,
        )  # fmt: skip
        self.reached = found.reached if after is None else None
        return found.rows

    @property
    def total(self) -> int | None:
        """How many messages there are for the reader, None when too many would have to be counted."""
        return conversation.count(self._session, self._thread_id, kinds=self._kinds, reader=self._reader)
