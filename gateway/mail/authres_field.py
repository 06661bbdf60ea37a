"""Read an Authentication-Results field.

Pure. Source: RFC 8601. Own parser:
the package of this name drops comments, where a policy ``p=none`` stands, refuses a quoted
authserv-id and recurses on nested comments. Strict: a value with any part that is not in the grammar
says nothing at all, so that no half-read value can lend belief.

Give it the raw value, unfolded and *not* decoded: an encoded word in this field is no word of the
mail system that it names (RFC 2047 section 5 forbids it here).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_LIMIT = 20_000  # characters of one value; longer ones say nothing
_NESTING = 50  # levels of comments

_KEYWORD = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,60})"
_ID = re.compile(r'\s*("(?:[^"\\]|\\.){1,250}"|[^\s";=]{1,250})(?:\s+[0-9]{1,4})?\s*$')
_METHOD = re.compile(rf"\s*({_KEYWORD})(?:\s*/\s*[0-9]{{1,4}})?\s*=\s*({_KEYWORD})(?=\s|$)")
_PROPERTY = re.compile(
    rf'\s+({_KEYWORD}(?:\s*\.\s*{_KEYWORD})?)\s*=\s*((?:"(?:[^"\\]|\\.)*"|[^\s";]){{1,2000}})(?=\s|$)'
)
_POLICY = re.compile(r"(?<![\w.])(p|sp)=([A-Za-z]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One result. method, result: lower case. properties: "ptype.property" in lower case to value.

    ``policy.dmarc`` is also filled from the comment of a dmarc result ("p=none"), where many
    mail systems put it.
    """

    method: str
    result: str
    properties: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class AuthResults:
    """One Authentication-Results field. authserv_id: as written, without quotes."""

    authserv_id: str
    results: tuple[MethodResult, ...] = ()


def parse(value: str) -> AuthResults | None:
    """Read the value of one field, None if any part of it is not in the grammar of RFC 8601."""
    pieces = _pieces(value)
    if not pieces:
        return None
    named = _ID.match(pieces[0][0])
    if named is None or not named[1].isascii():
        return None
    results = []
    for text, comments in pieces[1:]:
        if not text.strip() or text.strip().lower() == "none":
            continue  # "; none" is the form without results; an empty end is harmless
        result = _result(text, comments)
        if result is None:
            return None
        results.append(result)
    return AuthResults(_unquoted(named[1]), tuple(results))


def _pieces(value: str) -> list[tuple[str, str]]:
    """Cut at each ";" outside of quotes and comments: (text with blanks for comments, the comments).

    [] when a quote or a comment does not end, or a control character stands in the value.
    """
    if len(value) > _LIMIT or re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", value):
        return []
    pieces: list[tuple[str, str]] = []
    text: list[str] = []
    comments: list[str] = []
    for kind, token in _tokens(value):
        if kind == "broken":
            return []
        if kind == "cut":
            pieces.append(("".join(text), " ".join(comments)))
            text, comments = [], []
        elif kind == "comment":
            text.append(" ")
            comments.append(token)
        else:
            text.append(token)
    return [*pieces, ("".join(text), " ".join(comments))]


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|;|\(|[^";()]+', re.DOTALL)


def _tokens(value: str) -> Iterator[tuple[str, str]]:
    """Quoted strings, cuts, comments (RFC 5322 section 3.2.2) and the rest, in order."""
    at = 0
    while at < len(value):
        found = _TOKEN.match(value, at)
        if found is None:  # a quote without end, or a ")" without "("
            yield "broken", ""
            return
        at = found.end()
        if found[0][0] != '"' and "\\" in found[0]:  # a quoted pair stands in quotes and comments only
            yield "broken", ""
            return
        if found[0] == ";":
            yield "cut", ""
        elif found[0] == "(":
            end = _comment_end(value, at)
            if end < 0:
                yield "broken", ""
                return
            yield "comment", value[at : end - 1]
            at = end
        else:
            yield "text", found[0]


def _comment_end(value: str, at: int) -> int:
    """Behind the ")" that closes the comment opened before ``at``, -1 if none does."""
    depth = 1
    for found in re.compile(r"\\.|[()]", re.DOTALL).finditer(value, at):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
        if depth > _NESTING:
            return -1
    return -1


def _result(text: str, comments: str) -> MethodResult | None:
    """One ``method=result`` and its properties, None if anything else stands there."""
    head = _METHOD.match(text)
    if head is None:
        return None
    properties: dict[str, str] = {}
    at = head.end()
    while found := _PROPERTY.match(text, at):
        name, value = re.sub(r"\s", "", found[1]).lower(), _unquoted(found[2])
        if properties.setdefault(name, value) != value:
            return None  # said twice and differently: whose word is it?
        at = found.end()
    if text[at:].strip():
        return None
    if head[1].lower() == "dmarc" and "policy.dmarc" not in properties and (policy := _policy(comments)):
        properties["policy.dmarc"] = policy
    return MethodResult(head[1].lower(), head[2].lower(), MappingProxyType(properties))


def _policy(comments: str) -> str:
    """The policy told in a comment, the stricter of ``p`` and ``sp``; "" if none is told."""
    told = [value.lower() for _, value in _POLICY.findall(comments)]
    return max(told, key=lambda policy: policy != "none") if told else ""


def _unquoted(value: str) -> str:
    """A value without quotes when it is one quoted string, else as it stands."""
    if len(value) > 1 and value[0] == value[-1] == '"' and '"' not in value[1:-1].replace('\\"', ""):
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value
