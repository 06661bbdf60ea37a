"""Read one leaf part: its decoded octets, what it says of itself, and the digest that names it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from gateway.mail import params, transfer, words
from gateway.mail.structure import Part

_CHUNK = 1 << 18
_BLANKS = b" \t\r\n\0"


@dataclass(slots=True)
class Leaf:
    """One leaf: name is as declared, "" if it declares none; defect is "" if it could be decoded."""

    content_type: str
    content: bytes
    charset: str
    disposition: str
    name: str
    content_id: str | None
    defect: str
    flowed: bool = False
    delete_space: bool = False


def read(octets: bytes, part: Part) -> Leaf:
    """Decode one part; message/rfc822 stays one octet string."""
    content, defect = transfer.decode(memoryview(octets)[part.start : part.end], _encoding(part))
    disposition, parameters = _disposition(part)
    content_id = part.first("content-id")
    name = parameters.get("filename") or part.parameters.get("name") or parameters.get("name") or ""
    return Leaf(
        content_type=part.content_type,
        content=content,
        charset=part.parameters.get("charset", ""),
        disposition=disposition,
        name=name or part.parameters.get("filename", "") or _from_location(part),
        content_id=words.decode_value(words.unfold(content_id)).strip("<> ") or None if content_id else None,
        defect=defect,
        flowed=part.content_type == "text/plain" and part.parameters.get("format", "").lower() == "flowed",
        delete_space=part.parameters.get("delsp", "").lower() == "yes",
    )


def as_sent(octets: bytes, part: Part, one: Leaf) -> bytes:
    """The content with the line ends CRLF in which it was sent (RFC 2045 section 2.7): a file stays what it was."""
    if b"\n" not in one.content:
        return one.content
    encoding = _encoding(part)
    if encoding == "quoted-printable":  # here a line end may also be written out, and that one stays
        return transfer.decode(memoryview(octets)[part.start : part.end], encoding, crlf=True)[0]
    return one.content.replace(b"\n", b"\r\n") if encoding in transfer.AS_IT_STANDS else one.content


def _encoding(part: Part) -> str:
    value = part.first("content-transfer-encoding").decode("latin-1").partition(";")[0]
    return value.strip().strip("\"'").lower().split(" ")[0]


def _disposition(part: Part) -> tuple[str, dict[str, str]]:
    value = part.first("content-disposition")
    return params.read(value) if value and len(value) < 65536 else ("", {})


def _from_location(part: Part) -> str:
    """Take the last step of a Content-Location (RFC 2557) as the name, if it looks like a file's."""
    value = part.first("content-location")
    if not value or part.content_type in ("text/html", "text/plain"):
        return ""
    last = words.decode_value(words.unfold(value)).partition("?")[0].rpartition("/")[2]
    return last if "." in last else ""


def digest(content: bytes) -> str:
    """SHA-256 of a leaf with line ends LF and trailing blanks cut, so that re-encoding changes nothing."""
    if len(content) < _CHUNK:
        if b"\r" not in content and b" \n" not in content and b"\t\n" not in content:
            return sha256(content.rstrip(_BLANKS)).hexdigest()
        return sha256(_cut(content).rstrip(_BLANKS)).hexdigest()
    summed = sha256()
    for chunk in _whole_lines(content, _end(content)):
        summed.update(chunk)
    return summed.hexdigest()


def _cut(lines: bytes) -> bytes:
    return b"\n".join(line.rstrip(_BLANKS) for line in lines.split(b"\n"))


def _end(content: bytes) -> int:
    """Where a content ends without its trailing blanks."""
    end = len(content)
    while end and not content[max(0, end - 4096) : end].strip(_BLANKS):
        end = max(0, end - 4096)
    return (
        end - len(content[max(0, end - 4096) : end]) + len(content[max(0, end - 4096) : end].rstrip(_BLANKS))
    )


def _whole_lines(content: bytes, end: int) -> Iterator[bytes]:
    position = 0
    while position < end:
        stop = content.find(b"\n", position + _CHUNK, end)
        stop = end if stop == -1 else stop + 1
        yield _cut(content[position:stop])
        position = stop
