"""Turn octets into text when the charset is declared, misdeclared or not declared at all.

The declared charset is believed first (RFC 2046 section 4.1.2), under the name that senders mean by
it; then UTF-8, because it cannot be mistaken for anything else; then a guess. Codecs that are not
charsets of text (zlib, idna, unicode_escape) are never used.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

# What senders write -> the codec that reads what they send. Supersets replace their subsets: a mail
# that says iso-8859-1 and holds 0x93 means cp1252 (WHATWG Encoding Standard says the same).
_MEANT = {
    "ascii": "ascii",
    "usascii": "ascii",
    "ansix341968": "ascii",
    "ansix341986": "ascii",
    "iso88591": "cp1252",
    "88591": "cp1252",
    "iso885911": "cp874",
    "iso88591windows1252": "cp1252",
    "latin1": "cp1252",
    "l1": "cp1252",
    "ansi": "cp1252",
    "xansi": "cp1252",
    "win1250": "cp1250",
    "win1251": "cp1251",
    "win1252": "cp1252",
    "xcp1250": "cp1250",
    "xcp1251": "cp1251",
    "xcp1252": "cp1252",
    "xmaccyrillic": "mac_cyrillic",
    "macintosh": "mac_roman",
    "xmacroman": "mac_roman",
    "iso88598i": "iso8859_8",
    "iso88598e": "iso8859_8",
    "iso88599": "cp1254",
    "latin5": "cp1254",
    "tis620": "cp874",
    "windows874": "cp874",
    "gb2312": "gb18030",
    "gb231280": "gb18030",
    "gbk": "gb18030",
    "xgbk": "gb18030",
    "cp936": "gb18030",
    "euccn": "gb18030",
    "big5": "big5hkscs",
    "big5eten": "cp950",
    "xxbig5": "big5hkscs",
    "ksc56011987": "cp949",
    "ksc5601": "cp949",
    "ksc56011989": "cp949",
    "euckr": "cp949",
    "windows949": "cp949",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "xsjis": "cp932",
    "mskanji": "cp932",
    "windows31j": "cp932",
    "eucjp": "euc_jis_2004",
    "xeucjp": "euc_jis_2004",
    "utf8": "utf-8",
    "utf8mb4": "utf-8",
    "xutf8": "utf-8",
    "unicode11utf8": "utf-8",
    "unicode11utf7": "utf-7",
    "unicode20utf7": "utf-7",
    "xunicode20utf7": "utf-7",
    "unicode": "utf-16",
    "ucs2": "utf-16",
    "iso10646ucs2": "utf-16",
    "koi8ru": "koi8_u",
    "csiso2022jp": "iso2022_jp",
    "iso2022jp": "iso2022_jp",
    "xunknown": "",
    "unknown": "",
    "unknown8bit": "",
    "binary": "",
    "8bit": "",
    "default": "",
}
_NOT_TEXT = frozenset(
    ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "rot13")
)
# Charsets whose octets below 0x80 are not simply ASCII: the short cut for ASCII octets is not for them.
_SHIFTING = (
    "iso2022",
    "hz",
    "utf-7",
    "utf-16",
    "utf-32",
    "cp037",
    "cp1026",
    "cp1140",
    "cp500",
    "cp875",
    "cp273",
)
_GUESS_SAMPLE = 2048
_MOST_JAPANESE = 1 << 19


@lru_cache(maxsize=512)
def codec_name(label: str) -> str:
    """Name the codec for a charset label, "" for a label that is empty, unknown or not a text charset."""
    label = label.strip().strip("\"'").partition("*")[0]
    if not label or len(label) > 60 or not label.isascii():
        return ""
    key = re.sub(r"[^a-z0-9]", "", label.lower())
    if key in _MEANT:
        return _MEANT[key]
    for spelling in (label, key, key.replace("windows", "cp"), key.replace("cp", "cp", 1)):
        try:
            found = codecs.lookup(spelling)
        except (LookupError, ValueError):
            continue
        if found.name.replace("-", "_") not in _NOT_TEXT and getattr(found, "_is_text_encoding", True):
            return found.name
    return ""


def decode(data: bytes, label: str = "") -> tuple[str, str]:
    """Read octets as text; the second value is the defect found, "" if there was none.

    label: the declared charset, "" if none. Never raises; what cannot be read is U+FFFD.
    """
    codec = codec_name(label) if label else ""
    if data.isascii() and b"\x1b" not in data and b"\0" not in data and not codec.startswith(_SHIFTING):
        return data.decode("ascii"), ""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) and len(data) % 2 == 0 and b"\0" in data[:200]:
        codec = "utf-16"
    elif data.startswith(b"\xef\xbb\xbf"):
        codec = "utf-8"
    elif b"\x1b$" in data and b"\x1b(" in data and data.isascii() and not codec.startswith("iso2022"):
        codec = "iso2022_jp"  # undeclared, but nothing else looks like it
    if codec.startswith("iso2022_jp"):
        return _japanese(data)
    if codec == "utf-16":
        return _sixteen(data)
    text = _strict(data, codec) if codec else None
    if text is not None:
        return text.removeprefix("\ufeff"), ""
    return _guess(data, codec, label)


def declared_in_html(data: bytes) -> str:
    """Read the charset that HTML declares in itself, "" if it needs none or names none."""
    if data.isascii():
        return ""
    match = re.search(rb"charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9_-]{2,40})", data[:4096], re.IGNORECASE)
    return match[1].decode("ascii") if match else ""


def _strict(data: bytes, codec: str) -> str | None:
    try:
        text = data.decode(codec)
        if codec == "utf-7":  # the one that lets half a surrogate pair through, which nobody can store
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return text
    except (UnicodeError, LookupError, ValueError):
        return None


def _guess(data: bytes, codec: str, label: str) -> tuple[str, str]:
    """Read octets whose declared charset is missing or wrong."""
    defect = f"text is not {label[:40]}" if codec else f"charset is unknown: {label[:40]}" if label else ""
    text = _strict(data, "utf-8")
    if text is not None:
        return text.removeprefix("\ufeff"), defect
    defect = defect or "8-bit text without a charset"
    high = sum(1 for _ in re.finditer(rb"[\x80-\xff]", data[:65536]))
    for candidate in (codec if codec != "ascii" else "", "utf-8"):
        # A damaged character among good ones is no reason to doubt the charset; many are.
        if candidate:
            text = data.decode(candidate, "replace")
            if text.count("\ufffd") * 4 <= high:
                return text.removeprefix("\ufeff"), defect
    guessed = _strict(data, _detected(data)) if codec in ("", "ascii") else None
    return (guessed if guessed is not None else data.decode("cp1252", "replace")), defect


def _detected(data: bytes) -> str:
    """Name the codec that chardet sees in the lines with 8-bit octets, cp1252 if it is unsure."""
    import chardet  # slow to load and to run: only for octets that nothing else explains

    lines = [line for line in data[:65536].split(b"\n") if not line.isascii()]
    sample = b"\n".join(lines)[:_GUESS_SAMPLE]
    found = chardet.detect(sample)
    if (found["confidence"] or 0) < 0.5:
        return "cp1252"
    return codec_name(found["encoding"] or "") or "cp1252"


def _sixteen(data: bytes) -> tuple[str, str]:
    """Read UTF-16; without a byte order mark the side on which the NULs stand decides."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        codec = "utf-16"
    else:
        codec = "utf-16-be" if data[0::2].count(0) >= data[1::2].count(0) else "utf-16-le"
    if b"\0" not in data and data.isascii():
        return data.decode("ascii"), "text is not UTF-16"
    text = data.decode(codec, "replace").removeprefix("\ufeff")
    return text, "" if "\ufffd" not in text else "text is not UTF-16"


def _japanese(data: bytes) -> tuple[str, str]:
    """Read ISO-2022-JP (RFC 1468), with the NEC characters that Windows adds to row 13."""
    text = _strict(data, "iso2022_jp") or _strict(data, "iso2022_jp_2")
    if text is not None:
        return text, ""
    if len(data) > _MOST_JAPANESE:
        return data.decode("iso2022_jp", "replace"), "text is not strict ISO-2022-JP"
    out: list[str] = []
    for index, piece in enumerate(re.split(rb"(\x1b\$[@B]|\x1b\([BJI])", data)):
        if index % 2:
            shift = piece
        elif index and shift.startswith(b"\x1b$"):
            out.append(_shifted(piece))
        elif index and shift == b"\x1b(I":  # half-width katakana
            out.append(bytes(octet | 0x80 for octet in piece).decode("cp932", "replace"))
        else:
            out.append(decode(piece.replace(b"\x1b", b""))[0])
    return "".join(out), "text is not strict ISO-2022-JP"


def _shifted(pairs: bytes) -> str:
    """Read JIS X 0208 pairs by way of Shift_JIS, whose Windows form knows row 13."""
    end = len(pairs) - len(pairs) % 2
    out = bytearray()
    for row, cell in zip(pairs[0:end:2], pairs[1:end:2], strict=True):
        if not (0x21 <= row <= 0x7E and 0x21 <= cell <= 0x7E):
            out += bytes((row, cell)) if row < 0x80 and cell < 0x80 else b"?"
            continue
        lead = (row + 1) // 2 + (0x70 if row < 0x5F else 0xB0)
        trail = cell + (0x1F if cell < 0x60 else 0x20) if row % 2 else cell + 0x7E
        out += bytes((lead, trail))
    return out.decode("cp932", "replace")
