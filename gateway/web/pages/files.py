"""/files/{token}: a file that was too large for a mail, for whoever has the link that the mail carried."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.response import Stream

from gateway.errors import NotFound
from gateway.rules.file_link import read_link
from gateway.web.api.attachments import octets_of
from gateway.web.services import Given
from store.queries import message as messages
from store.session import Session


@get(
    "/files/{token:str}", sync_to_thread=True, include_in_schema=False, media_type="application/octet-stream"
)
def linked_file(token: str, services: Given) -> Stream:
    """The octets of the file. One answer for every link that leads nowhere, or not any more."""
    file_id = read_link(token, services.keys, services.now())

    def work(session: Session) -> Any:
        row = messages.attachment(session, file_id) if file_id is not None else None
        if row is None or row.message_id is None:
            raise NotFound("this link leads to no file; ask its sender for it")
        return row

    return octets_of(services, services.read(work))


handlers: list[Any] = [linked_file]
