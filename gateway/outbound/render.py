"""Render the body of a message once for all readers who see the same.

The body key is (message, audience, language, template, reason class, does he follow, files, room for them): nothing
personal is in a body, so 10,000 followers cost one rendering. What has no message (an invitation, a login link) is personal.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

from gateway.mail import compose
from gateway.mail.dkim import body_hash
from gateway.mail.html import clean, from_text, to_text
from gateway.outbound.addressees import names
from gateway.outbound.enclosures import ListedFile, enclose, room_for_files
from gateway.outbound.house import MARKER, House
from gateway.rules.recipients import ANSWER, CHARGE
from gateway.rules.tracking import visible_lines
from gateway.rules.visibility import is_only_quoted
from gateway.templating import Templates
from gateway.wording import Wording
from store.blobs import BlobStore

_REASONS = frozenset({"follower", "mention", "assigned", "invited", ANSWER, CHARGE})
_MOST_BODIES = 64
_LONGEST_SIGNATURE = 20  # lines; what is longer is a part of the text
_MOST_OCTETS = 32 * 1024 * 1024
_IMAGE = re.compile(r'src="[^"]{0,400}?/attachments/(\d{1,19})[^"]{0,200}"')


@dataclass(frozen=True, slots=True)
class Body:
    """What all copies share. fields: Content-Type and its like. hash: for DKIM. subject: of the template."""

    subject: str
    fields: tuple[bytes, ...]
    content: bytes
    hash: str


@dataclass(frozen=True, slots=True)
class Said:
    """A message as the templates see it. outside: an outsider's answer to a note."""

    kind: str
    internal: bool
    date: datetime
    tracking: Sequence[Mapping[str, Any]] | None
    outside: bool = False


def template_of(kind: str, message_kind: str, reason: str) -> str:
    """The folder of templates for a delivery."""
    if kind != "message":
        return kind
    if reason in ("mention", "assigned"):
        return reason
    return "note" if message_kind == "note" else "message"


def is_unverified(confidence: str) -> bool:
    """Whether readers must be warned that nothing proves the author ("" = it did not come by mail)."""
    return confidence not in ("", "verified")


def author_of(row: Any, message: Any | None) -> str:
    """Who wrote, as readers see it; "" for the system."""
    if message is None:
        return str((row.payload or {}).get("by") or "")
    if not (message.author_id or message.author_email):
        return ""
    return str(message.author_name or message.partner_name or message.author_email.partition("@")[0])


class Renderer:
    """Makes bodies and keeps the last ones; thread-safe."""

    def __init__(self, templates: Templates, house: House, blobs: BlobStore | None) -> None:
        self._templates = templates
        self._house = house
        self._blobs = blobs
        self._lock = threading.Lock()
        self._bodies: OrderedDict[tuple[Any, ...], Body] = OrderedDict()
        self._octets = 0

    def body(
        self, row: Any, message: Any | None, thread: Any | None, files: Sequence[Any], *, largest: int,
        opens: bool = True,
    ) -> Body:  # fmt: skip
        """The body for one row of a page. largest: octets of the largest mail that will be taken; 0 = no room for files.

        opens: the reader may open the record, so he is shown the way to its page.

        Raises jinja2.TemplateError.
        """
        language = self._templates.language(row.language or "")
        if message is None:
            return self._render(row, None, thread, files, language, largest, opens)
        if message.partner_internal and not row.internal:
            files = [
                file
                for file in files
                if not is_only_quoted(
                    file.content_id, body_html=message.body_html, quoted_html=message.quoted_html
                )
            ]
        reason = row.reason if row.reason in _REASONS else ""
        own = row.payload or {}
        key = (
            message.id, message.edited_at, bool(row.internal), row.follower_id is not None, language,
            template_of(row.kind, message.kind, row.reason), reason, thread and thread.title,
            own.get("html"), own.get("subject"), own.get("by"), opens, tuple(file.id for file in files), largest if files else 0,
        )  # fmt: skip
        with self._lock:
            found = self._bodies.get(key)
            if found is None:
                found = self._render(row, message, thread, files, language, largest, opens)
                self._keep(key, found)
            return found

    def _keep(self, key: tuple[Any, ...], body: Body) -> None:
        self._bodies[key] = body
        self._octets += len(body.content)
        while len(self._bodies) > 1 and (len(self._bodies) > _MOST_BODIES or self._octets > _MOST_OCTETS):
            _, oldest = self._bodies.popitem(last=False)
            self._octets -= len(oldest.content)

    def _render(
        self, row: Any, message: Any | None, thread: Any | None, files: Sequence[Any], language: str, largest: int,
        opens: bool,
    ) -> Body:  # fmt: skip
        wording = self._templates.wording(language)
        said, html = _texts(row, message, wording)
        enclosed = enclose(
            files, room=room_for_files(largest, said, html) if files else 0, blobs=self._blobs,
            url_of=lambda file_id: self._house.file_url(file_id, row.created_at),
        )  # fmt: skip
        cids = {number: cid for number, (cid, _) in enclosed.inline.items()}
        name = template_of(row.kind, message.kind if message else "", row.reason)
        context = self._context(row, message, thread, enclosed.listed, wording, opens)
        context["only_quoted"] = not enclosed.listed and not cids and _says_nothing(message, said, html)
        words, signature = _without_signature(said)
        context |= {"body_text": words, "signature": signature, "body_html": Markup(_shown(said, html, cids))}  # noqa: S704 - cleaned
        render = self._templates.render
        subject = " ".join(render(f"mail/{name}/subject.txt", language, context).split())
        text = render(f"mail/{name}/body.txt", language, {**context, "subject": subject})
        html = render(f"mail/{name}/body.html", language, {**context, "subject": subject})
        inline = [part for _, part in enclosed.inline.values()]
        part = compose.body(_tidy(text), html, inline=inline, files=enclosed.parts)
        return Body(subject, part.fields, part.content, body_hash(part.content))

    def _context(
        self, row: Any, message: Any | None, thread: Any | None, files: Sequence[ListedFile], wording: Wording,
        opens: bool,
    ) -> dict[str, Any]:  # fmt: skip
        payload = _with_moments(row.payload or {})
        may_look = row.internal and opens
        link = self._house.record_url(thread.record_type, thread.key) if thread and may_look else ""
        return {
            "house": self._house, "marker": MARKER, "thread": thread, "payload": payload, "reason": row.reason,
            "author": author_of(row, message), "link": link, "files": files, "follows": row.follower_id is not None,
            "unverified": message is not None and is_unverified(message.confidence),
            "message": _said(row, message, wording),
            "to": names(message, "to", internal=bool(row.internal)), "cc": names(message, "cc", internal=bool(row.internal)),
            "subject": (payload.get("subject") if message else "") or subject_of(row, message, thread),
        }  # fmt: skip


def _texts(row: Any, message: Any | None, wording: Wording) -> tuple[str, str]:
    """Text and HTML of what was written; "" where there is nothing in that form.

    What an entry of the log says in our own words is said in the reader's language.
    """
    payload = row.payload or {}
    if message is None or "html" in payload:  # a text for this reader alone
        return str(payload.get("text", "")), str(payload.get("html", ""))
    if message.tracking and not message.body_html:
        return "", ""  # the changes are shown line by line already
    if message.kind == "log" and (told := wording.told(message.body_text)) != message.body_text:
        return told, from_text(told)
    return message.body_text, message.body_html


def _says_nothing(message: Any | None, said: str, html: str) -> bool:
    """Nothing is said in the message, and what it quoted is not in the mail."""
    nothing = not said.strip() and "<img" not in html and not to_text(html).strip()
    return message is not None and nothing and bool(message.quoted_html)


def _without_signature(text: str) -> tuple[str, str]:
    """The words, and the lines below the last signature mark, "" if none (RFC 3676 section 4.3).

    A mail program takes all below the mark for the signature, so ours comes once, and last.
    """
    words, mark, signature = f"\n{text}".rpartition("\n-- \n")
    if not mark or signature.count("\n") > _LONGEST_SIGNATURE:
        return text.strip("\n"), ""
    return words.strip("\n"), signature.strip("\n")


def _shown(text: str, html: str, cids: Mapping[int, str]) -> str:
    """The HTML as it stands in the mail, cleaned. cids: file id -> Content-ID of the pictures inside it."""
    if not html:
        return from_text(text)
    return clean(_to_cids(html, cids), {cid: f"cid:{cid}" for cid in cids.values()})


def subject_of(row: Any, message: Any | None, thread: Any | None) -> str:
    """The subject of a mail: frozen per thread; one given in a composer is for its message only."""
    if message is not None and message.subject and message.inbound_id is None and message.kind != "log":
        return str(message.subject)
    if thread is None:
        return ""
    return thread.subject or thread.title or f"{thread.record_type} {thread.key}"


def _with_moments(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The payload with the time that it holds as a time; JSON knows none."""
    received = payload.get("received")
    return {**payload, "received": datetime.fromisoformat(received)} if received else payload


def _said(row: Any, message: Any | None, wording: Wording) -> Said:
    if message is None:
        return Said("message", False, row.created_at, None)
    lines = visible_lines(message.tracking or (), internal=bool(row.internal))
    return Said(
        message.kind,
        message.internal,
        message.date,
        [wording.line(line) for line in lines] or None,
        outside=message.kind == "note" and message.author_id is not None and not message.partner_internal,
    )


def _to_cids(html: str, content_ids: Mapping[int, str]) -> str:
    """Point images that our pages show from the files of the message at the parts inside the mail."""
    return _IMAGE.sub(lambda image: f'src="cid:{escape(content_ids.get(int(image[1]), "-"))}"', html)


def _tidy(text: str) -> str:
    """At most one empty line in a row, no blanks at line ends but those of the signature mark."""
    lines = [line if line == "-- " else line.rstrip() for line in text.strip("\n").split("\n")]
    kept = [line for line, before in zip(lines, ["", *lines], strict=False) if line or before]
    return "\n".join(kept) + "\n"
