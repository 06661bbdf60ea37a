"""/templates: texts with placeholders that messages are made from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from litestar import Response, delete, get, post, put

from gateway.chatter import templates
from gateway.chatter.actor import open_thread, reader_of
from gateway.chatter.names import Person, RecordName
from gateway.chatter.partners import known
from gateway.chatter.templates import NOBODY
from gateway.errors import BadShape, BadValue, FieldError, NotFound
from gateway.rules.language import is_language
from gateway.web.api import template_rights
from gateway.web.api.attachments import Upload, store_file, uploads_of
from gateway.web.auth import Asking, hide_unless, needs
from gateway.web.paging import Page, Wished, both_ways, by_name
from gateway.web.schema import Body, TemplateBody
from gateway.web.services import Given, Services
from store.queries import template as store
from store.session import Session

_MOST_LETTERS = 100


class PreviewBody(Body):
    """POST /templates/{name}/preview. record: ``type/key`` or its two names. reader, author: e-mails."""

    record: str | RecordName
    language: str | None = None
    reader: str | None = None
    author: str | None = None


class TemplateFileView(msgspec.Struct, frozen=True):
    """A file that goes with every message made from a template. size: octets."""

    id: int
    name: str
    size: int
    content_type: str


class TemplateView(msgspec.Struct, frozen=True):
    """A template. record_type: null = for records of every type. owner: who saved it, null = an admin. send_at:
    "" = at once."""

    name: str
    record_type: str | None
    subject: str
    body_html: str
    body_text: str
    variants: dict[str, dict[str, str]]
    recipients: list[str]
    send_at: str
    updated_at: datetime
    owner: Person | None
    attachments: list[TemplateFileView]


class Preview(msgspec.Struct, frozen=True):
    """A template filled in. send_at: when a message made from it would be sent, null = at once."""

    subject: str
    body_html: str
    body_text: str
    recipients: list[str]
    send_at: datetime | None


@put("/templates/{name:str}", guards=[needs("post")], sync_to_thread=True, tags=["templates"])
def put_template(name: str, data: TemplateBody, services: Given, caller: Asking) -> Response[TemplateView]:
    """Write a template (201 when new); absent = unchanged, null = clear. A bad placeholder: 422 naming its place.
    Without the scope admin: the actor, a colleague, saves subject and text of his own for one record type."""
    if not 0 < len(name) <= _MOST_LETTERS or not name.isprintable():
        raise BadValue.of("name", f"a name has 1 to {_MOST_LETTERS} letters and no control characters")

    def work(session: Session) -> tuple[TemplateView, bool]:
        owner_id = template_rights.writer(session, caller, name, data.actor)
        if owner_id is None:
            template_rights.check_type(session, caller, name, data)
        else:
            template_rights.check_own(session, caller, name, data)
        is_new = templates.put(session, name, data.given(), services.now(), owner_id=owner_id)
        return _shown(session, name), is_new

    view, is_new = services.write(work)
    return Response(view, status_code=201 if is_new else 200)


@get("/templates/{name:str}", guards=[needs("read")], sync_to_thread=True, tags=["templates"])
def get_template(name: str, services: Given, caller: Asking) -> TemplateView:
    """One template."""

    def work(session: Session) -> TemplateView:
        template_rights.visible(session, caller, "read", name)
        return _shown(session, name)

    return services.read(work)


@get("/templates", guards=[needs("read")], sync_to_thread=True, tags=["templates"])
def list_templates(
    services: Given, caller: Asking, wish: Wished, record_type: str | None = None
) -> Page[TemplateView]:
    """Templates by name. record_type: those that fit records of this type."""
    types = caller.record_types or None

    def work(session: Session) -> Page[TemplateView]:
        listed = partial(store.page, session, record_type=record_type, types=types)
        page, following = both_ways(listed, wish, by_name("name"))
        files = store.files_of(session, [row.name for row in page])
        views = [_view(row, [file for file in files if file.template == row.name]) for row in page]
        return Page(views, following)

    return services.read(work)


@delete("/templates/{name:str}", guards=[needs("post")], sync_to_thread=True, tags=["templates"])
def delete_template(name: str, services: Given, caller: Asking, actor: str | None = None) -> None:
    """Delete a template; messages that were made from it stay."""

    def work(session: Session) -> None:
        template_rights.visible(session, caller, "post", name)
        template_rights.writer(session, caller, name, actor)
        _remove_files(session, services, store.files_of(session, [name]))
        store.remove(session, name)

    services.write(work)


@post(
    "/templates/{name:str}/attachments", guards=[needs("post")], status_code=201, sync_to_thread=True,
    tags=["templates"],
)  # fmt: skip
def add_files(name: str, data: Upload, services: Given, caller: Asking) -> TemplateView:
    """Give a template files (multipart/form-data), which go with every message made from it. actor: a field of the
    form, for who saved it."""
    actor = str(data.get("actor") or "") or None
    sent = uploads_of(data)

    def check(session: Session) -> None:
        template_rights.visible(session, caller, "post", name)
        template_rights.writer(session, caller, name, actor)

    services.read(check)
    stored = [store_file(services, file.file, file.filename, file.content_type) for file in sent]

    def work(session: Session) -> TemplateView:
        check(session)
        store.add_files(session, [{"template": name, **msgspec.structs.asdict(file)} for file in stored])
        return _shown(session, name)

    return services.write(work)


@delete(
    "/templates/{name:str}/attachments/{file_id:int}", guards=[needs("post")], sync_to_thread=True, tags=["templates"]
)  # fmt: skip
def delete_file(name: str, file_id: int, services: Given, caller: Asking, actor: str | None = None) -> None:
    """Take a file off a template; messages that were made from it keep theirs."""

    def work(session: Session) -> None:
        template_rights.visible(session, caller, "post", name)
        template_rights.writer(session, caller, name, actor)
        found = [file for file in store.files_of(session, [name]) if file.id == file_id]
        if not found:
            raise NotFound(f"template {name!r} has no file {file_id}")
        _remove_files(session, services, found)

    services.write(work)


@post(
    "/templates/{name:str}/preview",
    guards=[needs("read")],
    status_code=200,
    sync_to_thread=True,
    tags=["templates"],
)
def preview_template(name: str, data: PreviewBody, services: Given, caller: Asking) -> Preview:
    """What a message made from the template would say on a record, for who may open it. Nothing is written."""
    record_type, key = _record(data.record)
    if data.language and not is_language(data.language):
        raise BadValue.of("language", f"{data.language!r} is no language tag, such as it or de-AT")

    def work(session: Session) -> Preview:
        template_rights.visible(session, caller, "read", name)
        hide_unless(caller, "read", record_type, f"there is no {record_type} {key}")
        thread = services.thread(session, record_type, key)
        open_thread(session, reader_of(session, services.types, caller=caller, actor=data.actor), thread)
        author = known(session, data.author, "author") if data.author else NOBODY
        reader = known(session, data.reader, "reader") if data.reader else NOBODY
        language = data.language if data.language is not None else reader.language
        filled = templates.render(
            session, name, thread, author=author, reader=reader, language=language, house=services.posting.language
        )  # fmt: skip
        now = services.now()
        moment = templates.send_at(session, name, thread, now)
        send_at = moment if moment > now else None
        return Preview(filled.subject, filled.html, filled.text, list(filled.recipients), send_at)

    return services.read(work)


def _record(given: str | RecordName) -> tuple[str, str]:
    record_type, _, key = given.partition("/") if isinstance(given, str) else (given.type, "", given.key)
    if not (record_type and key):
        raise BadShape("name the record as type/key", [FieldError("#/record", "type/key")])
    return record_type, key


def _remove_files(session: Session, services: Services, rows: Sequence[Any]) -> None:
    """Take files off a template; a message that is made from it at this moment still finds their octets."""
    for row in rows:
        services.blobs.keep(row.blob)
        store.remove_file(session, row.id)


def _shown(session: Session, name: str) -> TemplateView:
    return _view(store.one(session, name), store.files_of(session, [name]))


def _view(row: Any, files: Sequence[Any]) -> TemplateView:
    owner = None
    if row.owner_id is not None:
        owner = Person(row.owner_id, row.owner_name, row.owner_email, row.owner_internal)
    return TemplateView(
        row.name, row.record_type, row.subject, row.body_html, row.body_text, row.variants, row.recipients,
        row.send_at, row.updated_at, owner, [TemplateFileView(one.id, one.name, one.size, one.content_type) for one in files],
    )  # fmt: skip


handlers: list[Any] = [
    put_template,
    get_template,
    list_templates,
    delete_template,
    preview_template,
    add_files,
    delete_file,
]
