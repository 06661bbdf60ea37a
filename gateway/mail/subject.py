"""Find what a subject is about, behind the prefixes that mail programs put in front.

Source: RFC 5256 section 2.1 (base subject), with the prefixes of localised programs added.
"""

from __future__ import annotations

import re

# What programs write for "reply" and "forward", by language; compared in lower case, without points.
_REPLIES = (
    "re r ri rif ref aw antw antwort sv vs bls atb odp odpoveď odpověď res resp rép rep ynt yan cevap vá válasz"
    " απ σχετ σχετικά на отв ответ 回复 回覆 答复 答覆 回信 返信 返 답장 회신 תשובה השב رد الرد ตอบกลับ tl hv"
)
_PASSED_ON = (
    "fw fwd fs wg wtrl doorst vb vidarebef vl vst videresendt viderestl i inoltra rv enc pd tr trans transf továbbítás i̇lt ilt"
    " προθ пересл 转发 轉寄 轉發 転送 전달 הועבר إعادة تحويل ส่งต่อ ct"
)
_FORWARDS = frozenset(_PASSED_ON.split()) | {"chuyển tiếp"}
_PREFIXES = frozenset(_REPLIES.split()) | {"trả lời"} | _FORWARDS
_PREFIX = re.compile(
    r"\s*([^\s\d:：.\[\]()<>]{1,12}(?: [^\s\d:：.\[\]()<>]{1,6})?)\s?(?:[\[(]?\d{1,3}[\])]?|\*\d{1,3}|\.)?\s?[:：]\s*"
)
_BLOB = re.compile(r"\s*\[[^\[\]]{1,80}\]\s*")
_TRAILER = re.compile(r"\s*\(fwd\)\s*\Z", re.IGNORECASE)
_MOST_PREFIXES = 50


def base_subject(subject: str) -> str:
    """Give the subject without reply and forward prefixes and list tags, blanks made single.

    >>> base_subject("Re: AW: [list] Fwd: Order 12 (fwd)")
    'Order 12'
    """
    text = " ".join(subject.split())
    while (trailer := _TRAILER.search(text[-40:])) is not None and len(text) > 6:
        text = text[: len(text) - len(trailer[0])]
    for _ in range(_MOST_PREFIXES):
        shorter = _without_prefix(text)
        if shorter == text:
            break
        text = shorter
    return text.strip()


def reply_subject(subject: str) -> str:
    """Write the subject of an answer: one "Re: " whatever stood there before."""
    text = " ".join(subject.split())
    for _ in range(_MOST_PREFIXES):
        match = _reply_prefix(text)
        if match is None:
            break
        text = text[match.end() :]
    return f"Re: {text}".rstrip()


def is_forward(subject: str) -> bool:
    """Say whether the outermost prefix is one of passing on: "Fwd: Re: Order 12" is a forward.

    >>> is_forward("WG: Bestellung"), is_forward("Re: Fwd: Order")
    (True, False)
    """
    text = " ".join(subject.split())
    for _ in range(_MOST_PREFIXES):
        match = _PREFIX.match(text)
        if match is not None and match[1].lower() in _PREFIXES:
            return match[1].lower() in _FORWARDS
        blob = _BLOB.match(text)
        if blob is None or not text[blob.end() :].strip():
            break
        text = text[blob.end() :]
    return text.lower().startswith("[fwd:") or _TRAILER.search(text[-40:]) is not None


def _without_prefix(text: str) -> str:
    match = _PREFIX.match(text)
    if match is not None and match[1].lower() in _PREFIXES:
        return text[match.end() :]
    blob = _BLOB.match(text)
    if blob is not None and text[blob.end() :].strip():
        return text[blob.end() :]
    if text.lower().startswith("[fwd:") and text.endswith("]"):
        return text[5:-1].strip()
    return text


def _reply_prefix(text: str) -> re.Match[str] | None:
    match = _PREFIX.match(text)
    if match is None or match[1].lower() not in _PREFIXES or match[1].lower() in _FORWARDS:
        return None
    return match
