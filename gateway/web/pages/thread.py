"""/r/{type}/{key}: the conversation of a record, for colleagues; a form each for a message and for a note."""

from __future__ import annotations

from functools import partial
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile

from gateway.chatter import follow
from gateway.chatter.actor import open_thread, reader_of
from gateway.chatter.page import message_views
from gateway.chatter.record_views import follower_view
from gateway.chatter.write import Writing, write
from gateway.errors import BadValue
from gateway.web.api.attachments import Stored, enter, store_file
from gateway.web.auth import Colleague, LoggedIn, check_form
from gateway.web.pages.render import Form, Upload, back_to, language_of, page, record_path
from gateway.web.paging import Wished, both_ways
from gateway.web.services import Given, Services
from store.models.views import ThreadView
from store.queries import conversation
from store.queries import follower as followers
from store.session import Session

_PATH = "/r/{record_type:str}/{key:str}"
_FOLLOWERS = 100


@get(_PATH, include_in_schema=False, sync_to_thread=True)
def show_thread(
    record_type: str, key: str, request: Request[Any, Any, Any], services: Given, colleague: LoggedIn, wish: Wished,
    compose: str = "",
) -> Response[str]:  # fmt: skip
    """The record with its messages, newest first. compose: message or note, the form that is open."""

    wording = services.templates.wording(language_of(request, services))

    def work(session: Session) -> dict[str, Any]:
        thread = _open(session, services, colleague, record_type, key)

        rows, following = both_ways(partial(conversation.window, session, thread.id), wish)
        shown = followers.followers(session, thread.id, limit=_FOLLOWERS)
        return {
            "record": services.record_view(session, thread),
            "label": services.types.get(record_type, session).label,
            "messages": message_views(session, rows, previews=services.shows_previews, wording=wording),
            "following_page": following,
            "followers": [follower_view(row) for row in shown],
            "is_following": followers.is_follower(session, thread.id, colleague.partner.id),
        }

    shown = services.read(work)
    opened = compose if compose in ("message", "note") else ""
    path = record_path(record_type, key)
    return page(request, services, "thread.html", compose=opened, path=path, **shown)


@post(_PATH + "/messages", include_in_schema=False, sync_to_thread=True)
def post_form(
    record_type: str,
    key: str,
    request: Request[Any, Any, Any],
    data: Upload,
    services: Given,
    colleague: LoggedIn,
) -> Response[Any]:
    """Post what the form holds, as the colleague who is logged in."""
    check_form(request, colleague, str(data.get("csrf", "")), services.base_url)
    services.read(lambda session: _open(session, services, colleague, record_type, key))
    files = [store_file(services, part.file, part.filename, part.content_type) for part in _files(data)]
    receipt = services.write(
        lambda session: _post(session, services, colleague, (record_type, key), data, files)
    )
    return back_to(f"{record_path(record_type, key)}#message-{receipt}")


@post(_PATH + "/follow", include_in_schema=False, sync_to_thread=True)
def follow_form(
    record_type: str,
    key: str,
    request: Request[Any, Any, Any],
    data: Form,
    services: Given,
    colleague: LoggedIn,
) -> Response[Any]:
    """Begin or end to follow."""
    check_form(request, colleague, data.get("csrf", ""), services.base_url)

    def work(session: Session) -> None:
        thread = _open(session, services, colleague, record_type, key)
        now = services.now()
        if data.get("follow") == "no":
            follow.leave(session, thread, colleague.partner, posting=services.posting, now=now)
        else:
            follow.follow(
                session, thread, colleague.partner, types=services.types, wanted=None, reason="own", now=now
            )

    services.write(work)
    return back_to(record_path(record_type, key))


def _open(
    session: Session, services: Services, colleague: Colleague, record_type: str, key: str
) -> ThreadView:
    """The thread, for one who may work on it. Raises NotFound, which tells others nothing."""
    reader = reader_of(session, services.types, partner=colleague.partner)
    return open_thread(session, reader, services.thread(session, record_type, key))


def _post(
    session: Session, services: Services, colleague: Colleague, names: tuple[str, str], data: dict[str, Any],
    files: list[Stored],
) -> int:  # fmt: skip
    thread = _open(session, services, colleague, *names)
    text = str(data.get("body_text", "")).replace("\r\n", "\n")
    if not text.strip() and not files:
        raise BadValue.of("body_text", "there is nothing to post: write something, or add a file")
    writing = Writing(
        kind=str(data.get("kind", "")), author=colleague.partner.email,
        body_text=text, subject=str(data.get("subject", "")) or None,
        attachment_ids=[
            enter(session, services, thread.id, file, by="", uploader=colleague.partner.id).id for file in files
        ],
    )  # fmt: skip
    return write(session, thread, writing, posting=services.posting, now=services.now()).message_id


def _files(data: dict[str, Any]) -> list[UploadFile]:
    """The chosen files; a form without one sends an empty part."""
    values = data.get("files", [])
    parts = values if isinstance(values, list) else [values]
    return [part for part in parts if isinstance(part, UploadFile) and part.filename]


handlers: list[Any] = [show_thread, post_form, follow_form]
