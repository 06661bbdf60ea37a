"""Files: uploaded to a record, then part of a message; served so that no browser ever runs them.

A file is always a download, of one of few harmless types that its content proves or of none, with a policy
that forbids everything (security section 6). Who may read the record may have it, asked at each request.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, BinaryIO
from urllib.parse import quote

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Stream

from gateway.chatter.access import Caller
from gateway.chatter.actor import Reader, reader_of, shown_thread
from gateway.chatter.files import delete as remove
from gateway.chatter.files import readable, zipped
from gateway.chatter.page import FileView, file_view
from gateway.errors import BadShape, BadValue, FieldError, Forbidden, NotFound, RequestError
from gateway.mail.files import clean_name, served_type, true_type
from gateway.web.auth import Asking, Colleague, needs
from gateway.web.document import Download
from gateway.web.errors import Unauthorised
from gateway.web.idempotency import caller_name, once
from gateway.web.paging import OLDEST_FIRST, Page, Wished, both_ways
from gateway.web.services import Given, Services
from store.blobs import BlobStore
from store.models.views import ThreadView
from store.queries import files
from store.queries import message as messages
from store.queries import partner as partners
from store.session import Session

_CHUNK = 256 * 1024
_HEAD = 4096


class TooBig(RequestError):
    """A file is over the limit."""

    http_status = 413


class Stored(msgspec.Struct, frozen=True):
    """A file whose octets are durable, before it has a row."""

    name: str
    content_type: str
    size: int
    blob: str


class Files(msgspec.Struct, frozen=True):
    """The files of one upload."""

    items: list[FileView]


Upload = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)]


@post(
    "/records/{record_type:str}/{key:str}/attachments", guards=[needs("post")], status_code=201,
    sync_to_thread=True, tags=["attachments"],
)  # fmt: skip
def upload(
    record_type: str, key: str, data: Upload, services: Given, caller: Asking, request: Request[Any, Any, Any]
) -> Response[FileView | Files]:
    """Upload files as multipart/form-data; one file answers the file, several ``{items}``. They are files of the
    record, which its readers see; what a token uploaded, it alone can put into a message. Fields of the form: actor,
    for whom; then only into what he writes. pending=true: for a message that is being written, hidden until sent."""
    sent = uploads_of(data)
    actor = str(data.get("actor") or "") or None
    pending = _truth(data.get("pending"), "pending")
    services.read(lambda session: _uploader(session, services, caller, actor, (record_type, key)))
    stored = [store_file(services, file.file, file.filename, file.content_type) for file in sent]

    def work(session: Session) -> tuple[int, FileView | Files]:
        thread, uploader = _uploader(session, services, caller, actor, (record_type, key))
        by = caller_name(caller)
        views = [
            enter(session, services, thread.id, file, by=by, uploader=uploader, pending=pending)
            for file in stored
        ]
        return 201, views[0] if len(views) == 1 else Files(views)

    return once(request, services, caller, [pending, *stored] if pending else stored, work)


def uploads_of(data: dict[str, Any]) -> list[UploadFile]:
    """The files of a form. Raises BadShape when there is none."""
    parts = [part for value in data.values() for part in (value if isinstance(value, list) else [value])]
    sent = [part for part in parts if isinstance(part, UploadFile)]
    if not sent:
        raise BadShape("no file came", [FieldError("#/file", "missing")])
    return sent


def _truth(given: Any, pointer: str) -> bool:
    """A field of a form that says yes or no. Raises BadValue."""
    text = str(given or "false").lower()
    if text not in ("true", "false"):
        raise BadValue.of(pointer, f"{text!r} is neither true nor false")
    return text == "true"


def store_file(services: Services, source: BinaryIO | Any, name: str, declared: str) -> Stored:
    """Copy an upload into the blob store, in pieces. Raises TooBig."""
    source.seek(0)
    head = source.read(4096)
    source.seek(0)
    size, blob = _copied(services.blobs, source, services.max_upload)
    shown = clean_name(name or "", declared or "application/octet-stream")
    return Stored(shown, true_type(head, (declared or "application/octet-stream").lower(), shown), size, blob)


def _uploader(
    session: Session, services: Services, caller: Caller, actor: str | None, names: tuple[str, str]
) -> tuple[ThreadView, int | None]:
    """The thread, and the partner for whom somebody uploads to it, None = nobody. Raises NotFound, BadValue."""
    reader = reader_of(session, services.types, caller=caller, actor=actor)
    return shown_thread(session, reader, services.thread(session, *names)), reader.partner_id


def enter(
    session: Session, services: Services, thread_id: int, file: Stored, *, by: str, uploader: int | None,
    pending: bool = False,
) -> FileView:  # fmt: skip
    """Give a stored file its row on a record. by: the token that uploaded it. uploader: the partner for whom.

    pending: it is no file of the record, but for a message that is being written.
    """
    row = {
        "thread_id": thread_id, "message_id": None, "name": file.name, "content_type": file.content_type,
        "size": file.size, "blob": file.blob, "content_id": None, "inline": False, "created_at": services.now(),
        "uploaded_by": by, "uploader_id": uploader, "pending": pending,
    }  # fmt: skip
    return FileView(messages.add_attachment(session, row), file.name, file.size, file.content_type)


def _copied(blobs: BlobStore, source: Any, limit: int) -> tuple[int, str]:
    """Size and SHA-256 of what was stored, durably."""
    digest, size, spool = hashlib.sha256(), 0, blobs.spool()
    try:
        with open(spool, "xb") as target:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if size > limit:
                    detail = f"a file has at most {limit} octets"
                    raise TooBig(detail, [FieldError("#/file", detail)])
                digest.update(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        return size, blobs.adopt(spool, digest.hexdigest())
    finally:
        spool.unlink(missing_ok=True)


@get(
    "/records/{record_type:str}/{key:str}/attachments",
    guards=[needs("read")],
    sync_to_thread=True,
    tags=["attachments"],
)
def list_files(
    record_type: str, key: str, services: Given, caller: Asking, wish: Wished, actor: str | None = None
) -> Page[FileView]:
    """The files of a record and of its messages, in the order in which they came; ``main`` is the first PDF, else the
    first image, else the first other file. actor: those that this person may have."""

    def work(session: Session) -> Page[FileView]:
        reader = reader_of(session, services.types, caller=caller, actor=actor)
        thread = services.thread(session, record_type, key)
        total = files.count(session, reader, thread.id)
        if not total:
            shown_thread(session, reader, thread)
        listed = partial(files.of_record, session, reader, thread.id)
        page, following = both_ways(listed, wish, OLDEST_FIRST)
        main = files.main(session, reader, thread.id)
        return Page([_listed(row, main) for row in page], following, total)

    return services.read(work)


def _listed(row: Any, main: int | None) -> FileView:
    return msgspec.structs.replace(file_view(row), main=row.id == main)


@get(
    "/attachments/{attachment_id:int}",
    sync_to_thread=True,
    tags=["attachments"],
    media_type="application/octet-stream",
    operation_class=Download,
)
def download(
    attachment_id: int, services: Given, request: Request[Any, Any, Any], actor: str | None = None
) -> Stream:
    """The octets of a file, as a download. actor: if this person may have it."""
    row = services.read(
        lambda session: readable(session, _asking(session, services, request, actor), attachment_id)
    )
    return octets_of(services, row)


def octets_of(services: Services, row: Any) -> Stream:
    """A file as a download. row: of ``attachment``. Raises NotFound when its content is gone."""
    try:
        file = services.blobs.open(row.blob)
    except FileNotFoundError as trouble:
        raise NotFound(f"the content of file {row.id} is gone") from trouble
    content_type = served_type(file.read(_HEAD), row.content_type)
    file.seek(0)
    headers = {"Content-Type": content_type, "Content-Length": str(row.size), **download_headers(row.name)}
    return Stream(_pieces(file), headers=headers)


def download_headers(name: str) -> dict[str, str]:
    """The headers of a download that no browser may show or run. name: in full in filename* (RFC 6266)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%;' else "_" for c in name)
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-cache",
    }


@get(
    "/messages/{message_id:int}/attachments.zip", sync_to_thread=True, tags=["attachments"],
    media_type="application/zip",
)  # fmt: skip
def download_all(
    message_id: int, services: Given, request: Request[Any, Any, Any], actor: str | None = None
) -> Stream:
    """All files of a message in one archive."""

    def work(session: Session) -> list[Any]:
        return files.of_message(session, _asking(session, services, request, actor), message_id)

    rows = services.read(work)
    if not rows:
        raise NotFound(f"message {message_id} has no files")
    headers = {"Content-Type": "application/zip", **download_headers(f"message-{message_id}.zip")}
    return Stream(zipped(rows, services.blobs.open), headers=headers)


@delete("/attachments/{attachment_id:int}", guards=[needs("post")], sync_to_thread=True, tags=["attachments"])
def delete_file(attachment_id: int, services: Given, caller: Asking, actor: str | None = None) -> None:
    """Take a file away. actor: who wants it, its uploader, the author of its message or an admin; without, the token
    must have uploaded it or carry the scope admin."""

    def work(session: Session) -> None:
        reader = reader_of(session, services.types, caller=caller, actor=actor)
        who = partners.by_id(session, reader.partner_id) if reader.partner_id is not None else None
        is_admin = who.role == "admin" if who is not None else caller.may("admin")
        remove(
            session, reader, attachment_id, by=caller_name(caller), is_admin=is_admin, actor=who, now=services.now()
        )  # fmt: skip

    services.write(work)


def _asking(
    session: Session, services: Services, request: Request[Any, Any, Any], actor: str | None
) -> Reader:
    """Who asks, by token or by cookie. Raises Unauthorised, NotFound."""
    caller: Caller | None = request.scope.get("auth")
    colleague: Colleague | None = request.scope.get("user")
    if caller is not None:
        if not caller.may("read"):
            raise Forbidden("the token lacks the scope read")
        return reader_of(session, services.types, caller=caller, actor=actor)
    if colleague is None:
        raise Unauthorised("this file needs a bearer token or a login")
    return reader_of(session, services.types, partner=colleague.partner)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


handlers: list[Any] = [upload, list_files, download, download_all, delete_file]
