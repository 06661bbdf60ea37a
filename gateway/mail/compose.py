"""Write mail: header fields, text parts and multiparts as octets, ready for the wire.

Pure. Sources: RFC 5322 (fields, folding), RFC 2045 and 2046 (parts), RFC 2047 (words), RFC 2231 (file
names). Whatever a value holds, it stays inside its field: line ends and controls become blanks. Text
is 7bit or quoted-printable, so that no hop has a reason to change what was signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

_LONGEST_LINE = 76
_LONGEST_WORD = 200  # octets; a longer one is encoded, because encoded words can be folded
_WORD_OCTETS = 45  # "=?utf-8?b?" + 60 letters + "?=" stays below the 75 of RFC 2047 section 2
_LONGEST_7BIT_LINE = 900  # below the 998 of RFC 5322 section 2.1.1
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_TEXT_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?|\u2028|\u2029|\x85")
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,100}")
_FROM = re.compile(rb"^From ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """One MIME part. fields: its header fields, each ended by CRLF. content: encoded octets."""

    fields: tuple[bytes, ...]
    content: bytes

    def octets(self) -> bytes:
        """The part as it stands between two boundaries."""
        return b"".join(self.fields) + b"\r\n" + self.content


def one_line(value: str) -> str:
    """The value without line ends and controls, so that it cannot leave its header field."""
    return value.strip() if value.isprintable() else _CONTROLS.sub(" ", value).strip()


def field(name: str, value: str, *, encoding: str = "ascii") -> bytes:
    """One header field, folded at blanks, ended by CRLF.

    value: structured, or made by ``unstructured``; characters outside the encoding become "?". encoding:
    utf-8 only in mail that is sent with SMTPUTF8 (RFC 6532).
    """
    words = one_line(value).split(" ")
    lines, line = [], f"{name}:"
    for word in words:
        if len(line) + len(word) >= _LONGEST_LINE and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    lines.append(line)
    return ("\r\n".join(lines) + "\r\n").encode(encoding, "replace")


def unstructured(text: str) -> str:
    """The text for a field such as Subject: as it is, or as encoded words where it must be."""
    text = " ".join(one_line(text).split(" "))
    if text.isascii() and "=?" not in text and all(len(word) < _LONGEST_WORD for word in text.split(" ")):
        return text
    return " ".join(f"=?utf-8?b?{base64.b64encode(piece).decode()}?=" for piece in _pieces(text))


def text_part(text: str, subtype: str) -> Part:
    """A text/plain or text/html part in UTF-8; 7bit where that is safe, else quoted-printable."""
    text = _TEXT_CONTROLS.sub("", _LINE_ENDS.sub("\n", text)).rstrip("\n") + "\n"
    content = text.replace("\n", "\r\n").encode()
    encoding = "7bit"
    if not _is_plain(text):
        encoding = "quoted-printable"
        content = _FROM.sub(b"=46rom ", binascii.b2a_qp(content, istext=True))
    return Part(
        (
            f'Content-Type: text/{subtype}; charset="utf-8"\r\n'.encode(),
            f"Content-Transfer-Encoding: {encoding}\r\n".encode(),
        ),
        content,
    )


def file_part(name: str, content_type: str, content: bytes, *, content_id: str | None = None) -> Part:
    """A file in base64; with a Content-ID (no brackets) it is shown inside the HTML."""
    if not _TYPE.fullmatch(content_type) or content_type.startswith(("multipart/", "message/")):
        content_type = "application/octet-stream"  # RFC 2046 section 5.2.1: message/rfc822 takes no base64
    fields = [
        f"Content-Type: {content_type};\r\n {_parameter('name', name)}\r\n".encode(),
        b"Content-Transfer-Encoding: base64\r\n",
        f"Content-Disposition: {'inline' if content_id else 'attachment'};\r\n {_parameter('filename', name)}\r\n".encode(),
    ]
    if content_id:
        fields.append(field("Content-ID", f"<{re.sub(r'[^!-;=?-~]', '', content_id)[:200]}>"))
    return Part(tuple(fields), base64.encodebytes(content).replace(b"\n", b"\r\n"))


def multipart(subtype: str, parts: Sequence[Part]) -> Part:
    """A multipart of these parts; its boundary is made of what it holds, so equal parts give equal octets."""
    inner = [part.octets() for part in parts]
    digest = hashlib.sha256(subtype.encode())
    for octets in inner:
        digest.update(octets)
    boundary = f"=_{digest.hexdigest()[:32]}".encode()
    content = (
        b"".join(b"--" + boundary + b"\r\n" + octets + b"\r\n" for octets in inner)
        + b"--"
        + boundary
        + b"--\r\n"
    )
    return Part(
        (f'Content-Type: multipart/{subtype};\r\n boundary="{boundary.decode()}"\r\n'.encode(),), content
    )


def body(text: str, html: str, *, inline: Sequence[Part] = (), files: Sequence[Part] = ()) -> Part:
    """The body of a mail: text and HTML of equal meaning, pictures inside the HTML, files behind."""
    shown = text_part(html, "html")
    if inline:
        shown = multipart("related", [shown, *inline])
    alternative = multipart("alternative", [text_part(text, "plain"), shown])
    return multipart("mixed", [alternative, *files]) if files else alternative


def _is_plain(text: str) -> bool:
    """Whether the text survives 7bit: ASCII, short lines, no blank at a line's end, no "From " at its start."""
    if not text.isascii() or text.startswith("From ") or "\nFrom " in text or " \n" in text or "\t\n" in text:
        return False
    return max(map(len, text.split("\n"))) <= _LONGEST_7BIT_LINE


def _pieces(text: str) -> list[bytes]:
    """The text in UTF-8, cut between characters into pieces of one encoded word each."""
    pieces, piece = [], b""
    for character in text:
        octets = character.encode()
        if len(piece) + len(octets) > _WORD_OCTETS:
            pieces.append(piece)
            piece = b""
        piece += octets
    return [*pieces, piece]


def _parameter(name: str, value: str) -> str:
    """A parameter of a MIME field (RFC 2231 section 4 where it is not plain ASCII)."""
    value = one_line(value)[:150] or "file"
    if value.isascii():
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{name}="{escaped}"'
    return f"{name}*=utf-8''{quote(value, safe='')}"
