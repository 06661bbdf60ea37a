"""Who may read and write a template: the application within its token, a colleague what he saved himself."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from gateway.chatter.access import Caller
from gateway.chatter.partners import known
from gateway.errors import BadValue, FieldError, Forbidden, NotFound
from gateway.web.schema import TemplateBody
from store.queries import template as store
from store.session import Session


def visible(session: Session, caller: Caller, scope: str, name: str) -> Any:
    """The row of a template that the token covers. Raises NotFound."""
    row = store.one(session, name)
    if row is None or (row.record_type is not None and not caller.may(scope, row.record_type)):
        raise NotFound(f"there is no template {name!r}")
    return row


def check_type(session: Session, caller: Caller, name: str, data: TemplateBody) -> None:
    """A token for some record types writes templates for those only. Raises Forbidden, NotFound."""
    if not caller.record_types:
        return
    row = store.one(session, name)
    if row is not None:
        visible(session, caller, "admin", name)
    wanted = (
        data.record_type if data.record_type is not UNSET else row.record_type if row is not None else None
    )
    if wanted is None or not caller.may("admin", wanted):
        raise Forbidden("the token may write templates for its own record types only")


def writer(session: Session, caller: Caller, name: str, actor: str | None) -> int | None:
    """Who writes a template: None = an admin, else the colleague who saved it or is about to.

    Raises Forbidden for the template of another, BadValue when nobody is named.
    """
    if caller.may("admin"):
        return None
    row = store.one(session, name)
    if row is not None and row.owner_id is None:
        raise Forbidden(f"template {name!r} is written by admins")
    if not actor:
        raise BadValue.of("actor", "name the person for whom the application acts")
    who = known(session, actor, "actor")
    if not (who.internal and who.active) or (row is not None and row.owner_id != who.id):
        raise Forbidden(f"{who.email} may not write the template {name!r}")
    return who.id


def check_own(session: Session, caller: Caller, name: str, data: TemplateBody) -> None:
    """A colleague saves subject and text, for a record type that the token covers. Raises BadValue, NotFound, Forbidden."""
    for field in ("variants", "recipients", "send_at"):
        if getattr(data, field) is not UNSET:
            raise Forbidden(
                f"only an admin gives a template {field}", [FieldError(f"#/{field}", "for admins")]
            )
    row = store.one(session, name)
    if row is not None:
        visible(session, caller, "post", name)
    wanted = row.record_type if row is not None and data.record_type is UNSET else data.record_type
    if not isinstance(wanted, str):
        raise BadValue.of("record_type", "name the record type that the template is for")
    if not caller.may("post", wanted):
        raise Forbidden("the token may save templates for its own record types only")
