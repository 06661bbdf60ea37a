"""The links of messages that are to be looked at: entered with the message, in the same transaction.

What they lead to is found out later (outbound/previews); until then, and when nothing is found, nothing is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from gateway.chatter.draft import Draft
from gateway.mail.links import new_links
from gateway.rules.preview import Which, domain_of
from store.queries import partner as partners
from store.queries import preview as store
from store.session import Session


class LinkPreviewView(msgspec.Struct, frozen=True):
    """What a link of a message leads to. image_url: on another server, which sees who loads it; "" if there is none."""

    id: int
    url: str
    title: str
    description: str
    site_name: str
    image_url: str


def preview_view(row: Any) -> LinkPreviewView:
    """How a row of ``store.queries.preview`` is shown."""
    return LinkPreviewView(row.id, row.url, row.title, row.description, row.site_name, row.image_url)


class Previews:
    """Enters links. which: those that are looked at, None = link previews are switched off."""

    def __init__(self, which: Which | None = None) -> None:
        self._which = which

    @property
    def enabled(self) -> bool:
        """Link previews are made and shown."""
        return self._which is not None

    def posted(self, session: Session, draft: Draft, message_id: int, now: datetime) -> None:
        """A message was posted: one statement if it has links to look at, else none."""
        if self._which is None or draft.kind == "log" or draft.generated:
            return
        own_words = not draft.passed_on
        if self._which.are_asked_of(internal=draft.author.internal, own_words=own_words):
            _enter(session, message_id, list(enumerate(self._which.chosen(new_links(draft.body_html)))), now)

    def edited(self, session: Session, message: Any, html: str, now: datetime) -> None:
        """A message got another text: links that are gone lose their preview, new ones wait."""
        wanted = self._wanted(session, message, html)
        there = store.urls_of(session, message.id)
        store.remove(session, [preview_id for url, preview_id in there.items() if url not in wanted])
        store.place(session, {there[url]: place for place, url in enumerate(wanted) if url in there})
        new = [(place, url) for place, url in enumerate(wanted) if url not in there]
        _enter(session, message.id, new, now)

    def _wanted(self, session: Session, message: Any, html: str) -> list[str]:
        """The links of a message to be looked at, whoever edits it: it is still its author who says it."""
        links = self._which.chosen(new_links(html)) if self._which is not None else []
        if self._which is None or not links:
            return []
        author = partners.by_id(session, message.author_id) if message.author_id is not None else None
        is_internal = author is not None and author.internal
        return links if self._which.are_asked_of(internal=is_internal, own_words=True) else []


def _enter(session: Session, message_id: int, links: Sequence[tuple[int, str]], now: datetime) -> None:
    store.add(session, message_id, [(place, url, domain_of(url)) for place, url in links], now)
