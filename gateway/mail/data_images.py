"""Take the images out of HTML that carries them in itself (``data:`` URLs, RFC 2397), as files.

Mail programs and editors paste pictures as base64 into the body. As files they are kept once, served with
safe headers and sent on as inline parts; the body refers to them by Content-ID (RFC 2392).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping

from gateway.mail.files import clean_name, true_type
from gateway.mail.message import Attachment

MOST_IMAGES = 200
_SOURCE = re.compile(
    r"""\bsrc[ \t]{0,9}=[ \t]{0,9}(?:"(data:image/[^"]*)"|'(data:image/[^']*)'|(data:image/[^\s>"']*))""",
    re.IGNORECASE,
)
_ANY_SOURCE = re.compile(
    r"""\bsrc[ \t]{0,9}=[ \t]{0,9}(?:"([^"]{1,500})"|'([^']{1,500})'|([^\s>"']{1,500}))""", re.IGNORECASE
)
_HOST_AND_QUERY = re.compile(r"\A\s*https?://[^/?#]*|[?#].*\Z|\s+\Z", re.IGNORECASE | re.DOTALL)
_SHOWN = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"))


def pull(html: str) -> tuple[str, tuple[Attachment, ...]]:
    """The HTML with ``cid:`` in place of each base64 image, and the images as inline files.

    The same picture twice is one file. What is no readable picture loses its source, so that the alternative
    text is shown.
    """
    if "data:" not in html and "DATA:" not in html.upper():
        return html, ()
    files: dict[str, Attachment] = {}

    def to_cid(found: re.Match[str]) -> str:
        file = _image(found[1] or found[2] or found[3], len(files)) if len(files) < MOST_IMAGES else None
        if file is None:
            return 'src=""'
        kept = files.setdefault(hashlib.sha256(file.content).hexdigest(), file)
        return f'src="cid:{kept.content_id}"'

    return _SOURCE.sub(to_cid, html), tuple(files.values())


def back_to_cids(html: str, content_ids: Mapping[str, str]) -> str:
    """The HTML of a page with ``cid:`` in place of the addresses at which it showed inline images.

    content_ids: path of an address -> Content-ID without brackets. Editors send back what they were shown,
    some with the host put before it.
    """
    if not content_ids:
        return html

    def to_cid(found: re.Match[str]) -> str:
        content_id = content_ids.get(_HOST_AND_QUERY.sub("", found[1] or found[2] or found[3]))
        return found[0] if content_id is None else f'src="cid:{content_id}"'

    return _ANY_SOURCE.sub(to_cid, html)


def _image(url: str, number: int) -> Attachment | None:
    """The picture of a data URL, None when it holds none that can be shown."""
    head, comma, encoded = url.partition(",")
    declared, *options = head[5:].lower().split(";")
    if not comma or "base64" not in (option.strip() for option in options):
        return None
    text = re.sub(r"%0[ad]|%20|\s", "", encoded, flags=re.IGNORECASE)
    text = text.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    kind = true_type(content, declared.strip(), "")
    if not content or kind not in _SHOWN:
        return None
    suffix = kind.partition("/")[2].replace("jpeg", "jpg")
    name = clean_name(f"image{number}.{suffix}", kind)
    content_id = f"image{number}.{hashlib.sha256(content).hexdigest()[:16]}@inline"
    return Attachment(name, kind, content, content_id, True)
