"""Tell the body of a mail from its files, and put the body together (RFC 2046 section 5.1, RFC 2387).

What a person sees as the letter becomes text and HTML; every other leaf becomes a file, so nothing of
a mail is lost.
"""

from __future__ import annotations

import html as entities
import re
from dataclasses import dataclass, field

from gateway.mail import charset, files, leaf, structure, tnef, transfer, words
from gateway.mail.flowed import unflowed
from gateway.mail.html_text import to_text
from gateway.mail.leaf import Leaf
from gateway.mail.message import Attachment, ReportPart
from gateway.mail.structure import Part

REPORT_TYPES = frozenset(
    (
        "message/delivery-status",
        "message/global-delivery-status",
        "message/feedback-report",
        "message/disposition-notification",
        "message/global-disposition-notification",
        "message/rfc822",
        "message/global",
        "message/global-headers",
        "text/rfc822-headers",
    )
)
_MOST_REPORT_OCTETS = 256 * 1024
_LETTER_TYPES = frozenset(("text/plain", "text/html", "text/enriched", "text/richtext"))
# Other forms of a letter that is there already: for clocks, and with scripts.
_DOUBLES = frozenset(("text/x-amp-html", "text/watch-html"))
_MARKUP = re.compile(r"<(/?)([A-Za-z-]{1,30})>|<<")
_LOOKS_LIKE_HTML = re.compile(r"\s*<(?:!doctype html|html|head|body)\b", re.IGNORECASE)


@dataclass(slots=True)
class Block:
    """A piece of the letter in one or both forms."""

    text: str | None = None
    html: str | None = None


@dataclass(slots=True)
class Body:
    """What the parts of a mail come to."""

    text: str = ""
    html: str = ""
    text_is_derived: bool = False
    attachments: list[Attachment] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    report_parts: list[ReportPart] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    spare: list[Block] = field(default_factory=list)  # shown as the letter if there is no other
    crlf: bool = False  # how the lines of files ended


def read(octets: bytes, root: Part, *, crlf: bool) -> Body:
    """Read all parts of a mail. crlf: all its lines ended so, and those of its files do again."""
    body = Body(crlf=crlf)
    blocks = _walk(octets, root, body, inside="")
    _join(blocks or body.spare, body)
    _bind_images(body)
    return body


def _walk(octets: bytes, part: Part, body: Body, *, inside: str) -> list[Block]:
    """Read a part and all within it; files go to the body, pieces of the letter come back.

    inside: the subtype of the multipart around it, "root" for the root of a related one, "" on top.
    """
    body.defects += part.defects
    if not part.children:
        return _leaf(octets, part, body, inside=inside)
    kind = part.content_type.partition("/")[2]
    if kind == "related":
        return _related(octets, part, body)
    found = [_walk(octets, child, body, inside=kind) for child in part.children]
    if kind == "alternative":
        return _alternative(found)
    return [block for blocks in found for block in blocks]


def _related(octets: bytes, part: Part, body: Body) -> list[Block]:
    """Read a compound object: its root is the letter, the rest are its pictures."""
    start = part.parameters.get("start", "").strip("<> ").encode()
    ids = [child.first("content-id").strip(b" \t<>") for child in part.children]
    root = ids.index(start) if start and start in ids else 0
    blocks: list[Block] = []
    for index, child in enumerate(part.children):
        blocks += _walk(octets, child, body, inside="root" if index == root else "related")
    return blocks


def _alternative(found: list[list[Block]]) -> list[Block]:
    """Make one block of alternatives: the richest HTML and the plain text."""
    merged = Block()
    for blocks in found:
        if not blocks:
            continue
        if any(block.html is not None for block in blocks):
            merged.html = _as_html(blocks)
            if merged.text is None and all(block.text is not None for block in blocks):
                merged.text = _as_text(blocks)
        elif not merged.text:
            merged.text = _as_text(blocks)
    return [merged] if merged.text is not None or merged.html is not None else []


def _leaf(octets: bytes, part: Part, body: Body, *, inside: str) -> list[Block]:
    """Read a leaf: a piece of the letter, or files."""
    one = leaf.read(octets, part)
    if one.defect:
        body.defects.append(one.defect)
    body.digests.append(leaf.digest(one.content))
    if one.content_type.startswith("multipart/"):
        one.content_type = "text/plain"  # nothing could be told apart: shown as it stands
    if one.content_type in REPORT_TYPES:
        text, _ = charset.decode(one.content[:_MOST_REPORT_OCTETS], one.charset)
        body.report_parts.append(ReportPart(one.content_type, text))
    if one.content_type in _DOUBLES and inside == "alternative":
        return []
    if _is_letter(one, inside):
        return _letter(one, body, inside=inside)
    if body.crlf:
        one.content = leaf.as_sent(octets, part, one)
    _file(one, body)
    return []


def _is_letter(one: Leaf, inside: str) -> bool:
    if one.content_type not in _LETTER_TYPES or one.disposition == "attachment":
        return False
    return not one.name or inside in ("", "root", "alternative")


def _letter(one: Leaf, body: Body, *, inside: str) -> list[Block]:
    content = one.content
    if one.content_type == "text/plain" and inside != "alternative":
        content = _unpack_inline(content, body)
    text, defect = charset.decode(content, one.charset or _meta_charset(one))
    if defect:
        body.defects.append(defect)
    content = one.content = b""  # in a large mail two copies are enough
    text = _clean(text)
    if one.flowed:
        text = unflowed(text, delete_space=one.delete_space)
    if one.content_type == "text/html":
        return [Block(html=text)]
    if one.content_type == "text/plain":
        if inside == "" and not one.charset and _LOOKS_LIKE_HTML.match(text):
            return [Block(html=text)]
        return [Block(text=text)]
    return [Block(text=_from_enriched(text))]


def _clean(text: str) -> str:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\0", "") if "\0" in text else text


def _meta_charset(one: Leaf) -> str:
    """Read the charset that an HTML body declares in itself."""
    return charset.declared_in_html(one.content) if one.content_type == "text/html" else ""


def _from_enriched(text: str) -> str:
    """Take the markup out of text/enriched (RFC 1896)."""
    text = re.sub(r"<param>[^<]{0,200}</param>", "", text, flags=re.IGNORECASE)
    return _MARKUP.sub(lambda match: "<" if match[0] == "<<" else "", text)


def _unpack_inline(content: bytes, body: Body) -> bytes:
    """Take uuencoded and yEnc files out of a text."""
    if b"begin" not in content and b"=ybegin" not in content:
        return content
    for finder in (transfer.uuencoded, transfer.yencoded):
        kept: list[bytes] = []
        done = 0
        for name, data, start, end in finder(content):
            kept.append(content[done:start])
            done = end
            _add(body, data, "application/octet-stream", name.decode("utf-8", "replace"))
        content = b"".join((*kept, content[done:])) if done else content
    return content


def _file(one: Leaf, body: Body) -> None:
    """Keep a leaf as a file; winmail.dat is replaced by what is in it."""
    if one.content_type in ("application/ms-tnef", "application/vnd.ms-tnef") or tnef.is_tnef(one.content):
        unpacked = tnef.unpack(one.content)
        if unpacked is not None:
            for name, content in unpacked[0]:
                _add(body, content, "application/octet-stream", name)
            if unpacked[1] or unpacked[2]:
                body.spare.append(Block(text=_clean(unpacked[1]) or None, html=unpacked[2] or None))
            return
        body.defects.append("winmail.dat could not be unpacked")
    name = one.name
    if one.content_type == "message/rfc822" and "." not in name[-5:]:
        name = f"{name or _subject_of(one.content) or 'message'}.eml"
    elif one.content_type in ("text/calendar", "application/ics") and not name:
        name = "invite.ics"
    elif one.content_type == "text/plain" and one.disposition != "attachment" and not body.spare:
        body.spare.append(Block(text=_clean(charset.decode(one.content, one.charset)[0])))
    _add(
        body,
        one.content,
        one.content_type,
        name,
        content_id=one.content_id,
        inline=one.disposition == "inline",
    )


def _subject_of(content: bytes) -> str:
    """Read the subject of an attached mail for its file name."""
    value = structure.read_header(structure.normalise(content[:65536])).first("subject")
    return re.sub(r"[/\\]", "-", words.decode_value(words.unfold(value)))[:80]


def _add(
    body: Body,
    content: bytes,
    content_type: str,
    name: str,
    *,
    content_id: str | None = None,
    inline: bool = False,
) -> None:
    number = len(body.attachments) + 1
    kind = files.true_type(content, content_type, name)
    body.attachments.append(
        Attachment(files.clean_name(name, kind, number), kind, content, content_id, inline)
    )


def _join(blocks: list[Block], body: Body) -> None:
    """Put the pieces of the letter together, each form in full."""
    body.text_is_derived = bool(blocks) and all(block.text is None for block in blocks)
    body.text = _as_text(blocks)
    if any(block.html is not None for block in blocks):
        body.html = _as_html(blocks)


def _as_text(blocks: list[Block]) -> str:
    if len(blocks) == 1 and blocks[0].text is not None:
        return blocks[0].text
    texts = (block.text if block.text is not None else to_text(block.html or "") for block in blocks)
    return "\n".join(texts)


def _as_html(blocks: list[Block]) -> str:
    if len(blocks) == 1 and blocks[0].html is not None:
        return blocks[0].html
    return "\n".join(
        block.html if block.html is not None else _paragraph(block.text or "") for block in blocks
    )


def _paragraph(text: str) -> str:
    return f'<div style="white-space: pre-wrap">{entities.escape(text)}</div>' if text.strip() else ""


def _bind_images(body: Body) -> None:
    """Mark as inline each file that the HTML shows."""
    if not body.html or "cid:" not in body.html:
        return
    shown = set(re.findall(r"cid:([^\s\"'<>)]{1,500})", body.html))
    for index, file in enumerate(body.attachments):
        if not file.inline and file.content_id in shown:
            body.attachments[index] = Attachment(
                file.name, file.content_type, file.content, file.content_id, True
            )
