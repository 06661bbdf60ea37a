"""Templates of the host application, and the personal texts that mail made from them carries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from store.models import Delivery, Partner, Template, TemplateFile
from store.queries.part import part
from store.session import Session

_template = Template.table()
_file = TemplateFile.table()
_delivery = Delivery.table()
_partner = Partner.table()
_with_owner = select(
    _template, _partner.c.name.label("owner_name"), _partner.c.email.label("owner_email"),
    _partner.c.internal.label("owner_internal"),
).outerjoin(_partner, _partner.c.id == _template.c.owner_id)  # fmt: skip


def one(session: Session, name: str) -> Any | None:
    """One template with the colleague who saved it, None if there is none."""
    return session.execute(_with_owner.where(_template.c.name == name)).one_or_none()


def page(
    session: Session, *, record_type: str | None, types: Collection[str] | None, before: str | None = None,
    after: str | None = None, limit: int,
) -> list[Any]:  # fmt: skip
    """Templates by name. record_type: those that fit it; types: only these types and those for every type."""
    listed = _with_owner
    if record_type is not None:
        listed = listed.where(or_(_template.c.record_type == record_type, _template.c.record_type.is_(None)))
    if types is not None:
        listed = listed.where(or_(_template.c.record_type.in_(types), _template.c.record_type.is_(None)))
    return part(session, listed, _template.c.name, before=before, after=after, limit=limit, rising=True)


def put(session: Session, name: str, values: dict[str, Any]) -> bool:
    """Write a template (its columns without the name); answers True when it is new."""
    if session.execute(update(_template).where(_template.c.name == name).values(values)).rowcount:
        return False
    session.execute(insert(_template).values(name=name, **values))
    return True


def remove(session: Session, name: str) -> bool:
    """Delete a template; False when there was none."""
    return session.execute(delete(_template).where(_template.c.name == name)).rowcount > 0


def files_of(session: Session, names: Sequence[str]) -> list[Any]:
    """The files of some templates, by id."""
    return list(session.execute(select(_file).where(_file.c.template.in_(names)).order_by(_file.c.id)))


def add_files(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Enter files of templates (columns of TemplateFile without id)."""
    session.execute(insert(_file), list(rows))


def remove_file(session: Session, file_id: int) -> None:
    """Take a file off its template; messages that were made from it keep theirs."""
    session.execute(delete(_file).where(_file.c.id == file_id))


def readers(session: Session, message_id: int) -> list[Any]:
    """Who will get mail about a message: delivery id, and the reader's name, e-mail and language."""
    statement = (
        select(_delivery.c.id, _partner.c.name, _partner.c.email, _partner.c.language)
        .join(_partner, _partner.c.id == _delivery.c.partner_id)
        .where(_delivery.c.message_id == message_id, _delivery.c.state == "queued")
        .order_by(_delivery.c.id)
    )
    return list(session.execute(statement))


def set_payload(session: Session, delivery_ids: Sequence[int], payload: dict[str, Any]) -> None:
    """Give some mails a text of their own."""
    session.execute(update(_delivery).where(_delivery.c.id.in_(delivery_ids)).values(payload=payload))
