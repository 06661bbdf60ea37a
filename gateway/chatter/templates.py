"""Templates of the host application: texts with placeholders, filled in for a record and a reader.

Placeholders: ``{{ record.title }}``, ``{{ record.fields.amount }}`` (as the host gave it: 1234.5),
``{{ record.shown.amount }}`` (as a person reads it in the language of its reader: 1.234,50 €),
``{{ author.name }}``, ``{{ reader.name }}``; braces themselves are written ``{{ '{{' }}``. A
message made from a template keeps one text for the thread; each reader's mail carries the text in his
language and with his name. Source: Odoo Chatter, "Email templates".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.chatter.partners import address_or_bad_value
from gateway.chatter.post import File
from gateway.chatter.template_shape import TEXTS, check, used
from gateway.chatter.types import TypeRules, rules_of
from gateway.errors import BadValue, FieldError, NotFound
from gateway.mail.html import clean, from_text, to_text
from gateway.rules import send_at as moments
from gateway.rules.values import show
from gateway.templating import BadPlaceholder, fill_placeholders
from gateway.wording import wording
from store.models.views import ThreadView
from store.queries import template as store
from store.queries import types as type_store
from store.queries.partner import signature_of
from store.session import Session


@dataclass(frozen=True, slots=True)
class Rendered:
    """A template filled in. subject, html, text: "" where the template has none. recipients: e-mails.

    files: those that go with every message made from it.
    """

    subject: str
    html: str
    text: str
    recipients: tuple[str, ...] = ()
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class Who:
    """An author or reader in a text; "" where nobody in particular is meant. language: a BCP 47 tag."""

    name: str = ""
    email: str = ""
    language: str = ""


NOBODY = Who()


def get(session: Session, name: str, record_type: str | None = None) -> Any:
    """The row of a template; record_type: that it must fit. Raises NotFound, BadValue."""
    row = store.one(session, name)
    if row is None:
        raise NotFound(f"there is no template {name!r}")
    if record_type is not None and row.record_type not in (None, record_type):
        raise BadValue.of("template", f"{name!r} is for records of the type {row.record_type}")
    return row


def put(
    session: Session, name: str, changes: Mapping[str, Any], now: datetime, *, owner_id: int | None = None
) -> bool:
    """Write a template; absent = unchanged, None = cleared. Answers True when it is new. Raises BadValue, BadShape.

    owner_id: the colleague who saves it for himself and others, None = an admin, whose it is then.
    """
    row = store.one(session, name)
    empty: dict[str, Any] = {
        "record_type": None,
        "subject": "",
        "body_html": "",
        "body_text": "",
        "variants": {},
        "recipients": [],
        "send_at": "",
    }
    values = {key: getattr(row, key) if row is not None else empty[key] for key in empty}
    values |= {key: empty[key] if value is None else value for key, value in changes.items()}
    if values["record_type"] is not None:
        known = {one.name for one in type_store.record_types(session)}
        if values["record_type"] not in known:
            raise BadValue.of("record_type", f"there is no record type {values['record_type']!r}")
    check(values, now)
    return store.put(session, name, {**values, "updated_at": now, "owner_id": owner_id})


def render(
    session: Session,
    name: str,
    thread: ThreadView,
    *,
    author: Any = NOBODY,
    language: str = "",
    reader: Any = NOBODY,
    house: str = "",
) -> Rendered:
    """Fill in a template for a record.

    author, reader: anything with name and email. language: a BCP 47 tag, "" = as the template is written.
    house: the language of values in such a text. Raises NotFound, and BadValue naming the place of a placeholder
    that leads nowhere.
    """
    row = get(session, name, thread.record_type)
    record = _Record(thread, _rules(session, thread), house)
    filled = _fill(row, record, author, Who(reader.name, reader.email, language))
    attached = store.files_of(session, [name])
    return replace(
        filled, files=tuple(File(one.name, one.content_type, one.size, one.blob) for one in attached)
    )


def send_at(session: Session, name: str, thread: ThreadView, now: datetime) -> datetime:
    """When what is made from a template for a record is to be sent; now where it names no time, or one that has passed.

    Raises NotFound, and BadValue where the record's fields give no time.
    """
    row = get(session, name, thread.record_type)
    if not row.send_at:
        return now
    record = _Record(thread, _rules(session, thread))
    text = _filled(name, "send_at", row.send_at, {"record": record.in_language(None)}, html=False)
    try:
        return max(moments.send_at(text, now), now)
    except ValueError as trouble:
        detail = f"template {name!r}, send_at: {text!r} is no time"
        raise BadValue(detail, [FieldError("#/template", detail)]) from trouble


def personalise(
    session: Session,
    message_id: int,
    name: str,
    thread: ThreadView,
    *,
    author: Any,
    house: str = "",
    own_subject: bool = False,
    signed: bool = False,
) -> int:
    """Give the mail about a message that was made from a template each reader's own text; answers how many.

    own_subject: the message has a subject of its own, which stays. signed: the author's signature stands below.
    """
    row = get(session, name, thread.record_type)
    names = used(row)
    by_name = "reader" in names
    if not by_name and not row.variants and "record.shown" not in names:
        return 0
    readers: dict[Who, list[int]] = defaultdict(list)
    for one in store.readers(session, message_id):
        who = Who(one.name or one.email.partition("@")[0], one.email, one.language)
        readers[who if by_name else Who(language=one.language)].append(one.id)
    record = _Record(thread, _rules(session, thread), house)
    signature = signature_of(session, author.partner_id) if signed else ""
    for who, deliveries in readers.items():
        filled = _fill(row, record, author, who)
        html, text = with_signature(filled.html, filled.text, signature)
        payload = {"html": html, "text": text}
        if filled.subject and not own_subject:
            payload["subject"] = filled.subject
        store.set_payload(session, deliveries, payload)
    return sum(map(len, readers.values()))


def with_signature(html: str, text: str, signature: str) -> tuple[str, str]:
    """Both forms with a signature below the mark that mail programs know (RFC 3676 section 4.3)."""
    if not signature.strip():
        return html, text
    lines = signature.strip("\n")
    return f"{html}<p>-- </p>{from_text(lines)}", f"{text.rstrip()}\n\n-- \n{lines}"


@dataclass(frozen=True, slots=True)
class _Record:
    """The record as placeholders see it. rules: of its type, None where that is gone. house: as of ``render``."""

    thread: ThreadView
    rules: TypeRules | None
    house: str = ""

    def in_language(self, language: str | None) -> dict[str, Any]:
        """Its values, shown in a language, "" = the house's, None = as programs read them.

        A declared field without a value is empty, not missing.
        """
        thread, declared = self.thread, self.rules.fields if self.rules else ()
        said = None if language is None else wording(language or self.house)
        shown = {rule.name: show(rule, thread.fields.get(rule.name)) for rule in declared}
        if said is not None:
            shown = {rule.name: said.value(shown[rule.name], rule.type) for rule in declared}
        return {
            "type": thread.record_type, "label": self.rules.label if self.rules else thread.record_type,
            "key": thread.key, "title": thread.title, "url": thread.url or "",
            "fields": {**{rule.name: "" for rule in declared}, **thread.fields}, "shown": {**thread.fields, **shown},
        }  # fmt: skip


def _rules(session: Session, thread: ThreadView) -> TypeRules | None:
    row = next((one for one in type_store.record_types(session) if one.name == thread.record_type), None)
    return rules_of(row.name, row.label, row.config) if row is not None else None


def _fill(row: Any, record: _Record, author: Any, reader: Who) -> Rendered:
    where, texts = _variant(row, reader.language)
    context = {
        "record": record.in_language(reader.language),
        "author": {"name": author.name, "email": author.email},
        "reader": {"name": reader.name, "email": reader.email, "language": reader.language},
    }
    subject = " ".join(_filled(row.name, f"{where}subject", texts["subject"], context, html=False).split())
    if texts["body_html"]:
        html = clean(_filled(row.name, f"{where}body_html", texts["body_html"], context, html=True))
        text = to_text(html)
    else:
        text = _filled(row.name, f"{where}body_text", texts["body_text"], context, html=False)
        html = from_text(text) if text else ""
    recipients = [
        _filled(row.name, f"recipients/{index}", source, context, html=False).strip()
        for index, source in enumerate(row.recipients)
    ]
    for address in filter(None, recipients):
        address_or_bad_value(address, "template")
    return Rendered(subject, html, text, tuple(dict.fromkeys(filter(None, recipients))))


def _variant(row: Any, language: str) -> tuple[str, dict[str, str]]:
    """The texts in the best language, and the pointer that leads to them; what a variant lacks is the template's."""
    base = {name: getattr(row, name) for name in TEXTS}
    tags = {tag.replace("_", "-").lower(): tag for tag in row.variants}
    wanted = language.replace("_", "-").lower()
    found = tags.get(wanted) or tags.get(wanted.partition("-")[0])
    if not wanted or found is None:
        return "", base
    variant = row.variants[found]
    if variant.get("body_html") or variant.get("body_text"):
        base |= {"body_html": "", "body_text": ""}
    return f"variants/{found}/", base | {name: text for name, text in variant.items() if text}


def _filled(name: str, place: str, source: str, context: Mapping[str, Any], *, html: bool) -> str:
    if "{" not in source:
        return source
    try:
        return fill_placeholders(source, context, html=html)
    except BadPlaceholder as trouble:
        detail = f"template {name!r}, {place}, {trouble}"
        raise BadValue(detail, [FieldError("#/template", detail)]) from trouble
