"""Partners, their addresses, suppressions and blocks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from store.bell import ring
from store.models import Address, Block, Partner, Suppression
from store.models.views import PartnerView
from store.queries.part import part
from store.queries.words import PARTNERS, named
from store.search import indexed
from store.session import Session

_partner = Partner.table()
_address = Address.table()
_suppression = Suppression.table()
_block = Block.table()

_columns = (
    _partner.c.id, _partner.c.email, _partner.c.name, _partner.c.internal, _partner.c.role, _partner.c.active,
    _partner.c.language, _partner.c.timezone, _partner.c.notify,
)  # fmt: skip
_by_address = (
    select(*_columns)
    .join(_address, _address.c.partner_id == _partner.c.id)
    .where(_address.c.address == bindparam("address"))
)
_by_addresses = (
    select(_address.c.address, *_columns)
    .join(_partner, _address.c.partner_id == _partner.c.id)
    .where(_address.c.address.in_(bindparam("addresses", expanding=True)))
)
_named = _partner.alias()
_survivor = select(_named.c.merged_into).where(_named.c.id == bindparam("id")).scalar_subquery()
_by_id = select(*_columns).where(_partner.c.id == func.coalesce(_survivor, bindparam("id")))


def by_address(session: Session, address: str) -> PartnerView | None:
    """The partner who has this normalised address, None if nobody."""
    row = session.execute(_by_address, {"address": address}).one_or_none()
    return None if row is None else PartnerView(*row)


def by_addresses(session: Session, addresses: Sequence[str]) -> dict[str, PartnerView]:
    """The partners of these normalised addresses; an address of nobody is left out."""
    if not addresses:
        return {}
    rows = session.execute(_by_addresses, {"addresses": list(addresses)})
    return {address: PartnerView(*values) for address, *values in rows}


def by_id(session: Session, partner_id: int) -> PartnerView | None:
    """One partner, None if he is gone; who was merged into another is that other."""
    row = session.execute(_by_id, {"id": partner_id}).one_or_none()
    return None if row is None else PartnerView(*row)


def by_ids(session: Session, partner_ids: Sequence[int]) -> dict[int, PartnerView]:
    """These partners by id; the missing are left out."""
    if not partner_ids:
        return {}
    rows = session.execute(select(*_columns).where(_partner.c.id.in_(partner_ids)))
    return {row[0]: PartnerView(*row) for row in rows}


_add = insert(_partner)
_add_address = insert(_address)


def add(session: Session, *, email: str, name: str, internal: bool, role: str, now: datetime) -> int:
    """Enter a partner with his one address; answers his id."""
    values = {
        "email": email, "name": name, "internal": internal, "role": role, "active": True, "language": "",
        "timezone": "", "phone": "", "notify": {}, "search_text": indexed(f"{name}\n{email}"), "created_at": now,
    }  # fmt: skip
    key = session.execute(_add, values).inserted_primary_key
    assert key is not None
    partner_id = int(key[0])
    session.execute(_add_address, {"address": email, "partner_id": partner_id})
    return partner_id


def change(session: Session, partner_id: int, values: dict[str, Any]) -> None:
    """Write columns of a partner."""
    session.execute(update(_partner).where(_partner.c.id == partner_id).values(values))
    if "name" in values:
        keep_words(session, partner_id)


def keep_words(session: Session, partner_id: int) -> None:
    """Bring the words by which a partner is found (words.py) in step with his name and his addresses."""
    name = session.execute(select(_partner.c.name).where(_partner.c.id == partner_id)).scalar()
    words = indexed("\n".join([name or "", *addresses_of(session, partner_id)]))
    session.execute(update(_partner).where(_partner.c.id == partner_id).values(search_text=words))


def addresses_of(session: Session, partner_id: int) -> list[str]:
    """All addresses of a partner, sorted."""
    return sorted(
        session.execute(select(_address.c.address).where(_address.c.partner_id == partner_id)).scalars()
    )


def set_addresses(session: Session, partner_id: int, addresses: Sequence[str]) -> None:
    """Give a partner exactly these addresses; none may be somebody else's."""
    session.execute(delete(_address).where(_address.c.partner_id == partner_id))
    session.execute(_add_address, [{"address": a, "partner_id": partner_id} for a in sorted(set(addresses))])
    keep_words(session, partner_id)


def signature_of(session: Session, partner_id: int) -> str:
    """The signature of a partner, "" if none."""
    return str(
        session.execute(select(_partner.c.signature).where(_partner.c.id == partner_id)).scalar() or ""
    )


def search(
    session: Session, query: str, *, before: int | None = None, after: int | None = None, limit: int
) -> list[PartnerView]:
    """Partners by id. query: words of the name and of the addresses (words.py)."""
    remain = _partner.c.merged_into.is_(None)
    if query.strip():
        start = 0 if before is None and after is None else after
        ids = named(session, PARTNERS, query, where=[remain], before=before, after=start, limit=limit).ids
        rows = list(session.execute(select(*_columns).where(_partner.c.id.in_(ids)).order_by(_partner.c.id)))
    else:
        everybody = select(*_columns).where(remain)
        rows = part(session, everybody, _partner.c.id, before=before, after=after, limit=limit, rising=True)
    return [PartnerView(*row) for row in rows]


def admins(session: Session) -> list[PartnerView]:
    """The active partners with the role admin."""
    rows = session.execute(select(*_columns).where(_partner.c.role == "admin", _partner.c.active))
    return [PartnerView(*row) for row in rows]


def suppressions(
    session: Session, *, before: str | None = None, after: str | None = None, limit: int = 30
) -> list[Any]:
    """Suppressed addresses, by address."""
    return part(
        session, select(_suppression), _suppression.c.address, before=before, after=after, limit=limit, rising=True
    )  # fmt: skip


def suppression(session: Session, address: str) -> Any | None:
    """The suppression of an address, None if mail goes to it."""
    return session.execute(select(_suppression).where(_suppression.c.address == address)).one_or_none()


def suppressed(session: Session, addresses: Collection[str], now: datetime) -> dict[str, str]:
    """Those of these addresses that get no mail now, each with the reason."""
    holds = or_(_suppression.c.until.is_(None), _suppression.c.until > now)
    rows = select(_suppression.c.address, _suppression.c.reason).where(
        _suppression.c.address.in_(sorted(addresses)), holds
    )
    return {row.address: row.reason for row in session.execute(rows)} if addresses else {}


def suppress(
    session: Session,
    address: str,
    *,
    reason: str,
    status: str,
    source: str,
    now: datetime,
    until: datetime | None = None,
) -> None:
    """Send no more mail to an address; an older suppression is replaced."""
    values = {"reason": reason, "status": status, "since": now, "until": until, "source": source}
    make = insert_postgresql if session.dialect.name == "postgresql" else insert_sqlite
    statement = make(_suppression).values(address=address, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["address"], set_=values))


def release(session: Session, address: str) -> bool:
    """Let mail go to an address again; False when it was not suppressed."""
    return session.execute(delete(_suppression).where(_suppression.c.address == address)).rowcount > 0


def put_block(session: Session, pattern: str, reason: str, now: datetime) -> bool:
    """Refuse mail from this address, or ``@domain``; answers True when that is new. Rings ``types``."""
    was = session.execute(delete(_block).where(_block.c.pattern == pattern)).rowcount
    session.execute(insert(_block).values(pattern=pattern, reason=reason, created_at=now))
    ring(session, "types")
    return not was


def delete_block(session: Session, pattern: str) -> bool:
    """Take mail from this address or ``@domain`` again. Rings ``types``."""
    ring(session, "types")
    return session.execute(delete(_block).where(_block.c.pattern == pattern)).rowcount > 0


def list_blocks(
    session: Session, *, before: str | None = None, after: str | None = None, limit: int
) -> list[Any]:
    """The blocks, by pattern."""
    return part(
        session, select(_block), _block.c.pattern, before=before, after=after, limit=limit, rising=True
    )
