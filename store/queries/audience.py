"""Who has to be considered for a message: followers and others, with what decides whether and where they are told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, exists, func, or_, select

from store.models import Address, Follower, Partner, Suppression
from store.models.views import AudienceView
from store.session import Session

_follower = Follower.table()
_partner = Partner.table()
_suppression = Suppression.table()
_address = Address.table()
_CHUNK = 500


_suppressed = (
    (_suppression.c.address == _partner.c.email)
    & or_(_suppression.c.until.is_(None), _suppression.c.until > bindparam("now"))
)  # fmt: skip
_other_suppression = _suppression.alias("other_suppression")
_other = (  # asked only where the first address gets no mail; a complaint is about us and not about an address
    select(func.min(_address.c.address))
    .where(
        _address.c.partner_id == _partner.c.id,
        _address.c.address != _partner.c.email,
        ~exists().where(
            _other_suppression.c.address == _address.c.address,
            or_(_other_suppression.c.until.is_(None), _other_suppression.c.until > bindparam("now")),
        ),
    )
    .correlate(_partner)
    .scalar_subquery()
)
_another_address = case(
    (_suppression.c.address.is_not(None) & (_suppression.c.source != "complaint"), _other)
)
_audience_columns = (
    _partner.c.id, _partner.c.email, _partner.c.name, _partner.c.internal, _partner.c.active, _partner.c.language,
    _partner.c.notify, _follower.c.subtypes, _suppression.c.reason, _another_address.label("another_address"),
)  # fmt: skip
_audience = (
    select(*_audience_columns)
    .select_from(
        _follower.join(_partner, _partner.c.id == _follower.c.partner_id).outerjoin(_suppression, _suppressed)
    )
    .where(_follower.c.thread_id == bindparam("thread"))
)
_others = (
    select(*_audience_columns)
    .select_from(
        _partner.outerjoin(
            _follower,
            (_follower.c.partner_id == _partner.c.id) & (_follower.c.thread_id == bindparam("thread")),
        ).outerjoin(_suppression, _suppressed)
    )
    .where(_partner.c.id.in_(bindparam("others", expanding=True)))
)


def _considered(row: Sequence[Any]) -> AudienceView:
    """A row of the audience; who can be reached only at another address of his is reached there."""
    *values, another = row
    view = AudienceView(*values)
    return view if another is None else view._replace(email=another, suppressed=None)


def audience(session: Session, thread_id: int, others: Collection[int], now: datetime) -> list[AudienceView]:
    """Everybody to be considered for a message: all followers, and these others; each once."""
    found = [_considered(row) for row in session.execute(_audience, {"thread": thread_id, "now": now})]
    missing = set(others) - {view.partner_id for view in found}
    if missing:
        rows = session.execute(_others, {"thread": thread_id, "others": sorted(missing), "now": now})
        found += [_considered(row) for row in rows]
    return found


_audiences = (
    select(_follower.c.thread_id, *_audience_columns)
    .select_from(
        _follower.join(_partner, _partner.c.id == _follower.c.partner_id).outerjoin(_suppression, _suppressed)
    )
    .where(_follower.c.thread_id.in_(bindparam("threads", expanding=True)))
)


def audiences(session: Session, thread_ids: Sequence[int], now: datetime) -> dict[int, list[AudienceView]]:
    """The followers of each thread as ``audience`` gives them; a thread that nobody follows has none."""
    found: dict[int, list[AudienceView]] = defaultdict(list)
    for start in range(0, len(thread_ids), _CHUNK):
        rows = session.execute(_audiences, {"threads": list(thread_ids[start : start + _CHUNK]), "now": now})
        for thread_id, *values in rows:
            found[thread_id].append(_considered(values))
    return found


def people(session: Session, partner_ids: Collection[int], now: datetime) -> dict[int, AudienceView]:
    """These partners as ``audience`` gives them, by id, on no thread: nobody follows."""
    found: dict[int, AudienceView] = {}
    ids = sorted(partner_ids)
    for start in range(0, len(ids), _CHUNK):
        values = {"thread": 0, "others": ids[start : start + _CHUNK], "now": now}
        for row in session.execute(_others, values):
            found[row[0]] = _considered(row)
    return found
