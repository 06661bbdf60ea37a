"""What the links of messages lead to: entered with the message, claimed by lease, shown a page at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, bindparam, delete, func, insert, select, text, update

from store.bell import ring
from store.models import LinkPreview
from store.queries.delivery import LeaseLost
from store.queries.lease import Leases
from store.session import Session

_preview = LinkPreview.table()
_waiting = text("link_preview.state = 'waiting'")  # literally, so that the partial index answers
_LOCK = 0x6C696E6B73  # any number that is ours alone: "links"


class Link(NamedTuple):
    """A link that this owner holds."""

    id: int
    lease: int
    url: str
    domain: str
    attempts: int


class Result(NamedTuple):
    """What became of one attempt. state: waiting, done or failed. shown: columns that are shown, {} until it is done.

    due_at: when to try again, or when it ended. detail: why it failed.
    """

    id: int
    owner: str
    lease: int
    state: str
    due_at: datetime
    detail: str = ""
    shown: Mapping[str, str] = {}


_add = insert(_preview)


def add(session: Session, message_id: int, links: Sequence[tuple[int, str, str]], now: datetime) -> None:
    """Enter links of a message that wait: (position, url, domain). Rings ``previews``."""
    rows = [
        {"message_id": message_id, "position": position, "url": url, "domain": domain, "created_at": now, "due_at": now}
        for position, url, domain in links
    ]  # fmt: skip
    if rows:
        session.execute(_add, rows)
        ring(session, "previews")


_urls = select(_preview.c.id, _preview.c.url).where(_preview.c.message_id == bindparam("message"))


def urls_of(session: Session, message_id: int) -> dict[str, int]:
    """The links of a message, in whatever state: url -> id."""
    return {row.url: row.id for row in session.execute(_urls, {"message": message_id})}


_place = update(_preview).where(_preview.c.id == bindparam("preview_id")).values(position=bindparam("place"))


def place(session: Session, positions: Mapping[int, int]) -> None:
    """Set positions: id -> position."""
    if positions:
        session.execute(_place, [{"preview_id": one, "place": place} for one, place in positions.items()])


def remove(session: Session, ids: Collection[int]) -> None:
    """Forget some links."""
    if ids:
        session.execute(delete(_preview).where(_preview.c.id.in_(sorted(ids))))


_remove_all = delete(_preview).where(_preview.c.message_id == bindparam("message"))


def remove_all(session: Session, message_id: int) -> None:
    """Forget all links of a message."""
    session.execute(_remove_all, {"message": message_id})


def hide(session: Session, message_id: int, preview_id: int) -> bool:
    """Show a link of a message no more; False when there is none to show. Rings ``threads``."""
    hidden = update(_preview).where(
        _preview.c.id == preview_id, _preview.c.message_id == message_id, _preview.c.state == "done"
    )
    ring(session, "threads")
    return session.execute(hidden.values(state="hidden")).rowcount == 1


_shown = (
    select(
        _preview.c.id, _preview.c.message_id, _preview.c.url, _preview.c.title, _preview.c.description,
        _preview.c.site_name, _preview.c.image_url,
    )
    .where(_preview.c.message_id.in_(bindparam("messages", expanding=True)), _preview.c.state == "done")
    .order_by(_preview.c.position)
)  # fmt: skip


def of_messages(session: Session, message_ids: Sequence[int]) -> dict[int, list[Any]]:
    """What is shown of the links of each message, in their order."""
    grouped: dict[int, list[Any]] = defaultdict(list)
    if message_ids:
        for row in session.execute(_shown, {"messages": message_ids}):
            grouped[row.message_id].append(row)
    return grouped


_leases = Leases(
    _preview, _waiting, (_preview.c.id, _preview.c.lease, _preview.c.url, _preview.c.domain, _preview.c.attempts)
)  # fmt: skip
_alone = text("SELECT pg_advisory_xact_lock(:number)")


def claim(session: Session, *, owner: str, now: datetime, until: datetime, at_most: int) -> list[Link]:
    """Take the leases of at most so many due links, in the order of their ids.

    No other dispatcher claims until this transaction ends, so that what each domain is asked can be counted.
    """
    if session.dialect.name == "postgresql":
        session.execute(_alone, {"number": _LOCK})
    return [Link(*row) for row in _leases.claim(session, owner=owner, now=now, until=until, at_most=at_most)]


_asked = (
    select(_preview.c.domain, func.count())
    .where(
        _preview.c.domain.in_(bindparam("domains", expanding=True)), _preview.c.asked_at > bindparam("since")
    )
    .group_by(_preview.c.domain)
)


def asked(session: Session, domains: Collection[str], since: datetime) -> dict[str, int]:
    """How many links of each domain were asked for since then."""
    rows = session.execute(_asked, {"domains": sorted(domains), "since": since})
    return {domain: int(count) for domain, count in rows}


_ids: BindParameter[Any] = bindparam("ids", expanding=True)
_ask = update(_preview).where(_preview.c.id.in_(_ids)).values(asked_at=bindparam("at"))
_postpone = update(_preview).where(_preview.c.id.in_(_ids)).values(due_at=bindparam("at"), owner="")


def ask(session: Session, ids: Collection[int], now: datetime) -> None:
    """Note that these links are asked for now."""
    if ids:
        session.execute(_ask, {"ids": sorted(ids), "at": now})


def postpone(session: Session, ids: Collection[int], until: datetime) -> None:
    """Give the leases of these links back until then; no attempt is counted."""
    if ids:
        session.execute(_postpone, {"ids": sorted(ids), "at": until})


_SHOWN = ("kind", "title", "description", "site_name", "image_url")
_finish = (
    update(_preview)
    .where(
        _preview.c.id == bindparam("preview_id"), _preview.c.owner == bindparam("claimer"),
        _preview.c.lease == bindparam("held_lease"), _waiting,
    )
    .values(
        {name: bindparam(f"new_{name}") for name in ("state", "detail", *_SHOWN)}
        | {"due_at": bindparam("due"), "attempts": _preview.c.attempts + 1, "owner": ""}
    )
)  # fmt: skip


def record(session: Session, results: Sequence[Result]) -> None:
    """Write what became of some attempts. Raises LeaseLost when one of them is not this owner's any more.

    Rings ``threads`` when there is something to show.
    """
    rows = [
        {"preview_id": one.id, "claimer": one.owner, "held_lease": one.lease, "new_state": one.state,
         "new_detail": one.detail, "due": one.due_at, **{f"new_{name}": one.shown.get(name, "") for name in _SHOWN}}
        for one in results
    ]  # fmt: skip
    if rows and session.execute(_finish, rows).rowcount != len(rows):
        raise LeaseLost(f"link previews {[one.id for one in results]}")
    if any(one.state == "done" for one in results):
        ring(session, "threads")


next_due, free_leases = _leases.next_due, _leases.free
