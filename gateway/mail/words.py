"""Read header values: encoded words (RFC 2047), raw 8-bit octets, and all their broken forms.

What comes out is one line of text without control characters, so that no decoded value can end a
header line or hide in a log.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, a2b_qp

from gateway.mail import charset as charsets

_OPENING = re.compile(r"=\?([A-Za-z0-9_.:*+()\-]{0,60})\?([BbQq])\?")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Embeddings, overrides and isolates: they reorder what follows them; marks (200E, 200F) are harmless.
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def unfold(value: bytes) -> bytes:
    """Join the lines of one field value; the blanks at a fold become one (RFC 5322 section 2.2.3)."""
    if b"\n" not in value:
        return value.strip(b" \t")
    return b" ".join(line for part in value.split(b"\n") if (line := part.strip(b" \t")))


def decode_value(value: bytes, charset: str = "") -> str:
    """Read one unfolded field value.

    charset: that of the body, tried for raw 8-bit octets that are not UTF-8.
    """
    text = raw_text(value, charset)
    if "=?" in text:
        text = decode_words(text)
    return one_line(text)


def raw_text(value: bytes, charset: str = "") -> str:
    """Read octets as they stand: ASCII, else UTF-8 (RFC 6532), else the body's charset, else a guess."""
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    try:
        if b"\x1b" not in value:
            return value.decode("utf-8")
    except UnicodeDecodeError:
        pass
    return charsets.decode(value, charset)[0]


def one_line(text: str) -> str:
    """Put a blank for each run of control characters and line separators."""
    return text if text.isprintable() else _CONTROLS.sub(" ", text).strip()


def plain_order(text: str) -> str:
    """Take out the characters that change the direction of what stands after them."""
    return text if text.isascii() else _REORDERING.sub("", text)


def without_overrides(text: str) -> str:
    """Take the direction overrides out of a text; embeddings stay, since right-to-left mail needs them."""
    return text if text.isascii() else text.replace("\u202d", "").replace("\u202e", "")


def decode_words(text: str) -> str:
    """Replace every encoded word by what it says; blanks between two of them vanish.

    Neighbours of one charset are joined as octets first, since senders cut inside characters.
    """
    out: list[str] = []
    run: list[tuple[str, str, str]] = []  # (charset, encoding, encoded text) of adjacent words
    done = 0
    while (opening := _OPENING.search(text, done)) is not None:
        end = _end_of_word(text, opening.end())
        between = text[done : opening.start()]
        if not run or between.strip():
            out.append(_decode_run(run))
            out.append(between)
            run = []
        run.append((opening[1].partition("*")[0].lower(), opening[2].lower(), text[opening.end() : end]))
        done = min(end + 2, len(text))
    out.append(_decode_run(run))
    out.append(text[done:])
    return "".join(out)


def _end_of_word(text: str, start: int) -> int:
    """Find the "?=" that ends a word; a word without end reaches to the next blank."""
    end = text.find("?=", start)
    # "=?utf-8?q?=?=" and a "?" before "=XX" inside a Q word: the end is followed by no hex pair.
    while end != -1 and re.match(r"[0-9A-F]{2}", text[end + 2 : end + 4]) and text.find("?=", end + 2) != -1:
        following = text.find("?=", end + 2)
        if "=?" in text[end + 2 : following]:
            break
        end = following
    if end != -1:
        return end
    blank = text.find(" ", start)
    return blank if blank != -1 else len(text)


def _decode_run(run: list[tuple[str, str, str]]) -> str:
    if not run:
        return ""
    out: list[str] = []
    octets = b""
    pending = ""  # base64 cut in the middle of a group of four goes on in the next word
    for index, (charset, encoding, encoded) in enumerate(run):
        following = run[index + 1][:2] if index + 1 < len(run) else None
        if encoding == "b":
            pending += encoded
            if following == (charset, "b") and len(encoded.strip()) % 4 and "=" not in encoded:
                continue
            octets += _from_base64(pending)
            pending = ""
        else:
            octets += _from_q(encoded)
        if following is None or following[0] != charset:
            out.append(charsets.decode(octets, charset)[0])
            octets = b""
    return "".join(out)


def _from_base64(encoded: str) -> bytes:
    data = _NOT_BASE64.sub(b"", encoded.encode("ascii", "ignore"))
    if len(data) % 4 == 1:
        data = data[:-1]
    try:
        return a2b_base64(data + b"=" * (-len(data) % 4))
    except Error:
        return b""


def _from_q(encoded: str) -> bytes:
    return a2b_qp(encoded.encode("utf-8", "surrogatepass"), header=True)
