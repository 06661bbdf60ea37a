"""Name and type the files of a mail so that both are safe to store and honest.

A name is shown and offered for saving, so it holds no path, no control or reordering character and
at most 150 octets with its extension kept. A type is believed unless the content says otherwise.
"""

from __future__ import annotations

import re
import unicodedata

MOST_NAME_OCTETS = 150
_EXTENSION = {
    "application/gzip": ".gz",
    "application/ics": ".ics",
    "application/json": ".json",
    "application/msword": ".doc",
    "application/pdf": ".pdf",
    "application/pgp-encrypted": ".asc",
    "application/pgp-keys": ".asc",
    "application/pgp-signature": ".asc",
    "application/pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/rtf": ".rtf",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/x-pkcs7-signature": ".p7s",
    "application/zip": ".zip",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "image/bmp": ".bmp",
    "image/gif": ".gif",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/svg+xml": ".svg",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "message/delivery-status": ".txt",
    "message/disposition-notification": ".txt",
    "message/feedback-report": ".txt",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/css": ".css",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/rfc822-headers": ".txt",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
    "text/xml": ".xml",
    "video/mp4": ".mp4",
}
_TYPE_OF = {extension: kind for kind, extension in reversed(_EXTENSION.items())} | {
    ".jpeg": "image/jpeg",
    ".htm": "text/html",
    ".asc": "application/pgp-signature",
    ".ics": "text/calendar",
    ".log": "text/plain",
    ".md": "text/plain",
    ".txt": "text/plain",
    ".xml": "text/xml",
}
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF", "application/x-elf"),
    (b"{\\rtf", "application/rtf"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"FWS", "application/x-shockwave-flash"),
    (b"CWS", "application/x-shockwave-flash"),
    (b"#!/", "text/x-shellscript"),
)
_ACTIVE = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--[^>]{0,500}-->\s*)?<(?:!doctype\s+)?(html|svg|script|head|body|iframe|xsl:|\?xml-stylesheet)",
    re.IGNORECASE,
)
_TYPE = re.compile(  # RFC 6838 section 4.2; the trees of RFC 6838 and RFC 2045, and chemical/, which is in use
    r"(?:application|audio|chemical|font|haptics|image|message|model|multipart|text|video|x-[a-z0-9-]+)/[a-z0-9!#$&^_.+-]+\Z"
)
_RECHECKED = ("image/", "audio/", "video/", "text/plain", "application/pdf", "application/octet-stream")
# Containers that other types are made of: a .docx is a zip, a .doc an OLE storage.
_CONTAINERS = frozenset(("application/zip", "application/x-ole-storage", "application/gzip"))
SERVED = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"))
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_RESERVED = re.compile(r'[<>:"|?*/\\]')
_PATH = re.compile(r"\s*(?:[/\\~.]|[A-Za-z]:[/\\])")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|\Z)", re.IGNORECASE)


def clean_name(name: str, content_type: str, number: int = 1) -> str:
    """Give the name under which a file is shown and stored; never empty.

    number: which file of the mail it is, for one without a usable name.
    """
    name = name.rstrip("/\\ ")
    if _PATH.match(name) or ".." in name:
        name = re.split(r"[/\\]", name)[-1]
    name = unicodedata.normalize("NFC", _RESERVED.sub("_", _UNSAFE.sub("", " ".join(name.split()))))
    name = name.strip(" .") if not re.fullmatch(r"\.[\w-]{1,100}", name) else "_" + name
    if not name or not name.strip("._ "):
        return f"attachment-{number}{_EXTENSION.get(content_type, '.bin')}"
    if _DEVICES.match(name):
        name = "_" + name
    return _shortened(name)


def true_type(content: bytes, declared: str, name: str) -> str:
    """Give the type of a file in lower case: the declared one unless its content or name knows better.

    What is no type at all, such as ``binary/octet-stream`` or ``*/*``, says nothing.
    """
    if not _TYPE.match(declared):
        declared = "application/octet-stream"
    if not declared.startswith(_RECHECKED) and "/" in declared:
        return declared
    head = content[:1024]
    found = _magic(head)
    if found in _CONTAINERS and declared != "application/octet-stream":
        found = "" if not declared.startswith(("image/", "text/")) else found
    if found and found != declared and not (found == "text/html" and declared == "image/svg+xml"):
        by_name = _by_name(name)
        return by_name if found in _CONTAINERS and by_name else found
    if declared in ("application/octet-stream", ""):
        return _by_name(name) or "application/octet-stream"
    return declared


def served_type(head: bytes, stored: str) -> str:
    """The type under which a file may be handed to a browser: a harmless one that its first octets prove.

    head: at least 1 KiB of the content, or all. Everything else is application/octet-stream, which a browser
    can only save; so is text that begins as a page does or holds NUL. Source: security section 6.
    """
    found = _magic(head[:1024])
    proven = (
        found == stored if stored in SERVED else stored == "text/plain" and not found and b"\0" not in head
    )
    return stored if proven else "application/octet-stream"


def _magic(head: bytes) -> str:
    for opening, kind in _MAGIC:
        if head.startswith(opening):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "audio/wav"
    if head[4:8] == b"ftyp":
        return "video/mp4"
    active = _ACTIVE.match(head)
    if active is None:
        return ""
    return {b"svg": "image/svg+xml", b"?xm": "text/xml", b"xsl": "text/xml"}.get(
        active[1][:3].lower(), "text/html"
    )


def _by_name(name: str) -> str:
    return _TYPE_OF.get("." + name.rpartition(".")[2].lower(), "") if "." in name else ""


def _shortened(name: str) -> str:
    """Cut a name to its octets between characters, keeping a usual extension."""
    if len(name.encode("utf-8", "replace")) <= MOST_NAME_OCTETS:
        return name.encode("utf-8", "replace").decode("utf-8")
    stem, dot, extension = name.rpartition(".")
    tail = (dot + extension).encode("utf-8", "replace")
    if not stem or len(tail) > 20:
        stem, tail = name, b""
    cut = stem.encode("utf-8", "replace")[: MOST_NAME_OCTETS - len(tail)].decode("utf-8", "ignore")
    return cut.rstrip(" .") + tail.decode("utf-8")
