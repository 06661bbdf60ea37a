"""Look at the links that wait: claim -> within the share of their domain? -> look -> record.

A domain over its share is asked later, and what was claimed is given back until then. A page of links is looked at at
the same time, so a slow site delays others, and the end of the process, by what one link may take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from gateway.mail.webpage import Shown
from gateway.outbound.channels import Deferred, Failed
from gateway.outbound.rounds import Rounds
from gateway.outbound.visitor import Visitor
from gateway.rules import preview as rule
from store.bell import Bell
from store.queries import preview as store
from store.queries.preview import Link, Result
from store.session import Database

log = structlog.get_logger()

LEASE = timedelta(seconds=60)  # longer than a link may take
_PAGE = 16


class PreviewDispatcher(Rounds):
    """Looks at what is due. per_domain: most links of one domain within ``rule.WINDOW``."""

    bell_name = "previews"

    def __init__(
        self, *, database: Database, visitor: Visitor, owner: str, clock: Callable[[], datetime],
        bell: Bell | None = None, per_domain: int = 99,
    ) -> None:  # fmt: skip
        super().__init__(store, database=database, owner=owner, clock=clock, bell=bell)
        self._visitor = visitor
        self._per_domain = per_domain

    async def _round(self) -> int:
        claimed, links = await asyncio.to_thread(self._claim)
        results = await asyncio.gather(*(self._look(link) for link in links))
        if results:
            await asyncio.to_thread(self._record, results)
        return claimed

    def _claim(self) -> tuple[int, list[Link]]:
        """How many were due, and those of them that are looked at now."""
        now = self._clock()
        due = self._next_due()
        if due is None or due > now:
            return 0, []
        with self._database.write() as session:
            links = store.claim(session, owner=self._owner, now=now, until=now + LEASE, at_most=_PAGE)
            asked = store.asked(session, {link.domain for link in links}, now - rule.WINDOW)
            at_once, later = rule.within_share(
                [(link.id, link.domain) for link in links], asked, per_domain=self._per_domain
            )
            store.ask(session, at_once, now)
            store.postpone(session, later, now + rule.WINDOW)
        return len(links), [link for link in links if link.id not in later]

    async def _look(self, link: Link) -> Result:
        found = await self._visitor.look(link.url)
        now = self._clock()
        log.info("link looked at", domain=link.domain, found=type(found).__name__.lower())
        match found:
            case Shown():
                return Result(link.id, self._owner, link.lease, "done", now, shown=found._asdict())
            case Failed(status, detail, _):
                return Result(link.id, self._owner, link.lease, "failed", now, f"{status} {detail}".strip())
            case Deferred(status, detail):
                due = rule.next_attempt(link.attempts + 1, now)
                state = "waiting" if due else "failed"
                detail = f"{status} {detail}".strip()
                return Result(link.id, self._owner, link.lease, state, due or now, detail)

    async def _close(self) -> None:
        await self._visitor.close()
