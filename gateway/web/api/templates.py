"""/templates: texts with placeholders that messages are made from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import Response, delete, get, post, put
from msgspec import UNSET, UnsetType

from gateway.chatter import templates
from gateway.chatter.access import Caller
from gateway.chatter.names import RecordName
from gateway.chatter.partners import known
from gateway.chatter.templates import NOBODY
from gateway.errors import BadShape, BadValue, FieldError, Forbidden, NotFound
from gateway.web.auth import Asking, hide_unless, needs
from gateway.web.paging import Page, Wished
from gateway.web.schema import Body, NullText
from gateway.web.services import Given
from store.queries import template as store
from store.session import Session

_MOST_LETTERS = 100


class TemplateBody(Body):
    """PUT /templates/{name}. variants: language tag -> {subject, body_html, body_text}."""

    record_type: NullText = UNSET
    subject: NullText = UNSET
    body_html: NullText = UNSET
    body_text: NullText = UNSET
    variants: dict[str, dict[str, str]] | UnsetType | None = UNSET
    recipients: list[str] | UnsetType | None = UNSET


class PreviewBody(Body):
    """POST /templates/{name}/preview. record: ``type/key`` or its two names. reader, author: e-mails."""

    record: str | RecordName
    language: str | None = None
    reader: str | None = None
    author: str | None = None


class TemplateView(msgspec.Struct, frozen=True):
    """A template. record_type: null = for records of every type."""

    name: str
    record_type: str | None
    subject: str
    body_html: str
    body_text: str
    variants: dict[str, dict[str, str]]
    recipients: list[str]
    updated_at: datetime


class Preview(msgspec.Struct, frozen=True):
    """A template filled in."""

    subject: str
    body_html: str
    body_text: str
    recipients: list[str]


@put("/templates/{name:str}", guards=[needs("admin")], sync_to_thread=True, tags=["templates"])
def put_template(name: str, data: TemplateBody, services: Given, caller: Asking) -> Response[TemplateView]:
    """Write a template (201 when new); absent = unchanged, null = clear. A bad placeholder: 422 naming its place."""
    if not 0 < len(name) <= _MOST_LETTERS or not name.isprintable():
        raise BadValue.of("name", f"a name has 1 to {_MOST_LETTERS} letters and no control characters")

    def work(session: Session) -> tuple[TemplateView, bool]:
        _check_type(session, caller, name, data)
        is_new = templates.put(session, name, data.given(), services.now())
        return _view(store.one(session, name)), is_new

    view, is_new = services.write(work)
    return Response(view, status_code=201 if is_new else 200)


@get("/templates/{name:str}", guards=[needs("read")], sync_to_thread=True, tags=["templates"])
def get_template(name: str, services: Given, caller: Asking) -> TemplateView:
    """One template."""
    return _view(services.read(lambda session: _visible(session, caller, "read", name)))


@get("/templates", guards=[needs("read")], sync_to_thread=True, tags=["templates"])
def list_templates(
    services: Given, caller: Asking, wish: Wished, record_type: str | None = None
) -> Page[TemplateView]:
    """Templates by name. record_type: those that fit records of this type."""
    last = wish.forwards().before or ""
    types = caller.record_types or None
    rows = services.read(
        lambda session: store.page(
            session, record_type=record_type, types=types, after=last, limit=wish.limit + 1
        )
    )
    page = [_view(row) for row in rows[: wish.limit]]
    return Page(page, page[-1].name if len(rows) > wish.limit else None)


@delete("/templates/{name:str}", guards=[needs("admin")], sync_to_thread=True, tags=["templates"])
def delete_template(name: str, services: Given, caller: Asking, actor: str | None = None) -> None:
    """Delete a template; messages that were made from it stay."""

    def work(session: Session) -> None:
        _visible(session, caller, "admin", name)
        store.remove(session, name)

    services.write(work)


@post(
    "/templates/{name:str}/preview",
    guards=[needs("read")],
    status_code=200,
    sync_to_thread=True,
    tags=["templates"],
)
def preview_template(name: str, data: PreviewBody, services: Given, caller: Asking) -> Preview:
    """What a message made from the template would say on a record. Nothing is written."""
    record_type, key = _record(data.record)

    def work(session: Session) -> Preview:
        _visible(session, caller, "read", name)
        hide_unless(caller, "read", record_type, f"there is no {record_type} {key}")
        thread = services.thread(session, record_type, key)
        author = known(session, data.author, "author") if data.author else NOBODY
        reader = known(session, data.reader, "reader") if data.reader else NOBODY
        language = data.language if data.language is not None else reader.language
        filled = templates.render(session, name, thread, author=author, reader=reader, language=language)
        return Preview(filled.subject, filled.html, filled.text, list(filled.recipients))

    return services.read(work)


def _record(given: str | RecordName) -> tuple[str, str]:
    record_type, _, key = given.partition("/") if isinstance(given, str) else (given.type, "", given.key)
    if not (record_type and key):
        raise BadShape("name the record as type/key", [FieldError("#/record", "type/key")])
    return record_type, key


def _visible(session: Session, caller: Caller, scope: str, name: str) -> Any:
    """The row of a template that the token covers. Raises NotFound."""
    row = store.one(session, name)
    if row is None or (row.record_type is not None and not caller.may(scope, row.record_type)):
        raise NotFound(f"there is no template {name!r}")
    return row


def _check_type(session: Session, caller: Caller, name: str, data: TemplateBody) -> None:
    """A token for some record types writes templates for those only. Raises Forbidden, NotFound."""
    if not caller.record_types:
        return
    row = store.one(session, name)
    if row is not None:
        _visible(session, caller, "admin", name)
    wanted = (
        data.record_type if data.record_type is not UNSET else row.record_type if row is not None else None
    )
    if wanted is None or not caller.may("admin", wanted):
        raise Forbidden("the token may write templates for its own record types only")


def _view(row: Any) -> TemplateView:
    return TemplateView(
        row.name, row.record_type, row.subject, row.body_html, row.body_text, row.variants, row.recipients,
        row.updated_at,
    )  # fmt: skip


handlers: list[Any] = [put_template, get_template, list_templates, delete_template, preview_template]
