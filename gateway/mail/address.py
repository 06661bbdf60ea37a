"""Read, compare and write mail addresses (RFC 5322 section 3.4, RFC 6531); flanker's doorkeeper.

Text is cut into mailboxes here, by a scanner that knows quotes, comments, brackets and groups. The
plain forms are read by one expression each; whatever is left goes through flanker's addresslib, one
mailbox at a time, since on a list its ``parse`` takes the wrong address. Values are raw: names are
decoded after the cut, because an encoded comma or "<" must never make a second mailbox.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import re
from base64 import b64encode
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from gateway.mail.message import Address
from gateway.mail.words import decode_words, one_line, plain_order

MOST_MAILBOXES = 2000
_LONGEST_ADDRESS = 320
_MOST_HARD_PIECES = 20
_LONGEST_CLAIMS = 4000
_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_PLAIN = re.compile(rf"[{_ATEXT}]+(?:\.[{_ATEXT}]+)*@{_LABEL}(?:\.{_LABEL})*\.?\Z")
_WORDS = rf"[{_ATEXT}\u0080-\U0010ffff. \t]*"
_QUOTED_NAME = r'"(?:[^"\\]|\\.)*"'
_NAMED = re.compile(rf"\s*(?:({_QUOTED_NAME})|({_WORDS}))\s*<\s*([^<>\s]*)\s*>\s*(?:\([^()]*\)\s*)?\Z")
_BARE = re.compile(r"\s*([^<>()\"\s,;:]+)\s*(?:\(([^()]*)\)\s*)?\Z")
# An encoded word is one token, so that a bare comma in it ("=?utf-8?q?Lee,_Ann?=") cuts nothing; with a
# bracket or an "@" in it, it is no word but an attempt.
_SCANNED = re.compile(
    r"=\?[^?\s<>@\"]{1,60}\?[bBqQ]\?[^?\s<>@\"]{0,300}\?=|[^=\"(<>,;:)\\\[\]]+|\\.|.", re.DOTALL
)
_CLAIM = re.compile(r"[^\s<>()\[\],;:\"\\@]{1,200}@[^\s<>()\[\],;:\"\\@]{1,255}")
_SAFE_NAME = re.compile(rf"[{_ATEXT}]+(?: [{_ATEXT}]+)*\Z")
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a list of mailboxes holds: those that were read, and the pieces that could not be."""

    mailboxes: tuple[Address, ...] = ()
    unread: tuple[str, ...] = ()


def parse_list(text: str) -> tuple[Address, ...]:
    """Read a list of mailboxes and groups, in order; what cannot be read is left out.

    text: one unfolded field value, encoded words not yet decoded.

    >>> parse_list('"Ann, B." <ann@example.com>, bob@Example.COM')[1].addr_spec
    'bob@example.com'
    """
    return read(text).mailboxes


def read(text: str) -> Reading:
    """Read a list of mailboxes and groups, keeping apart what is none."""
    mailboxes: list[Address] = []
    unread: list[str] = []
    for piece in _pieces(" ".join(text.split())):
        found = _mailbox(piece, hard=len(unread) < _MOST_HARD_PIECES)
        if found is not None:
            mailboxes.append(found)
        elif piece.strip():
            unread.append(piece.strip())
    return Reading(tuple(mailboxes), tuple(unread))


def claims(text: str) -> tuple[str, ...]:
    """List all that looks like an addr-spec, each once, in order; for judging ambiguous mail."""
    found = (normalise(match[0].strip("'.")) for match in _CLAIM.finditer(text[:_LONGEST_CLAIMS]))
    return tuple(dict.fromkeys(addr for addr in found if addr))


@lru_cache(maxsize=4096)
def normalise(addr_spec: str) -> str:
    """Give the form in which an address is compared and stored, "" if it is no valid addr-spec.

    The local part is lower-cased in ASCII only and otherwise kept (no NFKC: a dotless i is not an i);
    the domain becomes A-labels in lower case without a trailing dot.

    >>> normalise("Ann@Example.COM.")
    'ann@example.com'
    """
    if len(addr_spec) > _LONGEST_ADDRESS:
        return ""
    if _PLAIN.match(addr_spec):
        return addr_spec.lower().removesuffix(".")
    if addr_spec.isascii() and not addr_spec.startswith('"'):
        return ""
    canonical = _unusual(addr_spec)
    local, at, domain = canonical.rpartition("@")
    return local.translate(_LOWER) + at + domain


def domain_of(addr_spec: str) -> str:
    """The domain of an address as A-labels in lower case, "" if the address is not valid."""
    return normalise(addr_spec).rpartition("@")[2]


def format_address(name: str, addr_spec: str) -> str:
    """Write a mailbox for a header field: quoted or as encoded words, never with a line end in it."""
    name = plain_order(one_line(name)).strip()
    addr_spec = one_line(addr_spec).replace(" ", "").replace("<", "").replace(">", "")
    if not name:
        return addr_spec
    if name.isascii() and "=?" not in name:
        if _SAFE_NAME.match(name):
            return f"{name} <{addr_spec}>"
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{addr_spec}>'
    return f"{_encoded(name)} <{addr_spec}>"


def _encoded(name: str) -> str:
    """Write text as encoded words of at most 75 characters, cut between characters (RFC 2047 section 2)."""
    words: list[bytes] = [b""]
    for octets in (character.encode("utf-8", "replace") for character in name):
        if len(words[-1]) + len(octets) > 42:
            words.append(b"")
        words[-1] += octets
    return " ".join(f"=?utf-8?b?{b64encode(word).decode('ascii')}?=" for word in words)


def _pieces(text: str) -> list[str]:
    """Cut a list at its commas and semicolons; names of groups fall away.

    A piece without "@" in front of a mailbox is the first half of a name with a bare comma in it
    ("Smith, Ann <ann@example.com>"), so it stays with it.
    """
    out: list[str] = [""]
    closing = {'"': '"', "(": ")", "<": ">", "[": "]"}
    inside: list[str] = []
    current: list[str] = []
    for piece in _SCANNED.findall(text):
        if inside:
            if piece == inside[-1]:
                inside.pop()
            elif piece == "(" and inside[-1] == ")" and len(inside) < 20:
                inside.append(")")
        elif piece in closing:
            inside.append(closing[piece])
        elif piece in ",;":
            out.append("".join(current))
            current = []
            continue
        elif piece == ":" and "@" not in "".join(current[-40:]):
            current = []  # the name of a group (RFC 5322 section 3.4)
            continue
        current.append(piece)
        if len(out) > MOST_MAILBOXES:
            return out
    out.append("".join(current))
    return _joined(out)


def _joined(pieces: list[str]) -> list[str]:
    out: list[str] = []
    name = ""
    for piece in pieces:
        if "@" not in piece and "<" not in piece:
            name = f"{name}, {piece.strip()}" if name and piece.strip() else name or piece.strip()
            continue
        if name and "<" in piece and '"' not in piece:
            piece = f'"{_unquoted(name)}, {piece[: piece.index("<")].strip()}" {piece[piece.index("<") :]}'
        elif name:
            out.append(name)
        name = ""
        out.append(piece)
    return [*out, name] if name else out


def _unquoted(name: str) -> str:
    return name.replace('"', "").replace("\\", "")


def _mailbox(piece: str, *, hard: bool) -> Address | None:
    """Read one mailbox, None if it is none or could be read in two ways.

    hard: worth asking flanker, whose grammar takes a millisecond or more on rubbish.
    """
    match = _NAMED.match(piece)
    if match is not None:
        addr = _canonical(match[3])
        name = match[1][1:-1] if match[1] else match[2] or ""
        return Address(_name(name, quoted=bool(match[1])), addr) if addr else None
    match = _BARE.match(piece)
    if match is not None:
        addr = _canonical(match[1])
        return Address(_name(match[2] or "", quoted=False), addr) if addr else None
    return (_by_flanker(piece) if hard else None) or _sloppy(piece)


def _sloppy(piece: str) -> Address | None:
    """Read "[Team] Ann @ work <ann@example.com>": a name with bare specials, in front of one address.

    A name that looks like another address makes the mailbox ambiguous; one that repeats it does not.
    """
    name, bracket, rest = piece.partition("<")
    raw, closing, behind = rest.partition(">")
    addr = _canonical(raw.strip())
    if not bracket or not closing or behind.strip() or not addr or '"' in name or len(name) > 500:
        return None
    said = claims(name)
    if said not in ((), (normalise(addr),)) or (not said and _CLAIM.search(name)):
        return None
    return Address(_name(name, quoted=False), addr)


def _name(raw: str, *, quoted: bool) -> str:
    """Decode a display name."""
    if quoted and "\\" in raw:
        raw = re.sub(r"\\(.)", r"\1", raw)
    if "=?" in raw:
        raw = decode_words(raw)
    return plain_order(" ".join(one_line(raw).split())).strip()


@lru_cache(maxsize=4096)
def _canonical(addr_spec: str) -> str:
    """Give the addr-spec with its local part as written and its domain in lower case, "" if invalid."""
    if len(addr_spec) > _LONGEST_ADDRESS:
        return ""
    if _PLAIN.match(addr_spec):
        local, at, domain = addr_spec.rpartition("@")
        return local + at + domain.lower().removesuffix(".")
    return _unusual(addr_spec)


def _unusual(addr_spec: str) -> str:
    """Check an addr-spec that is quoted or not ASCII, "" if it is not valid."""
    local, _, domain = addr_spec.rpartition("@")
    domain = _a_labels(domain.removesuffix("."))
    if not local or not domain or len(local.encode("utf-8", "replace")) > 255 or not addr_spec.isprintable():
        return ""
    if local.startswith('"'):
        content = local[1:-1]
        if len(local) < 3 or not re.fullmatch(r'"(?:[^"\\]|\\.)*"', local) or "<" in local or ">" in local:
            return ""
        if re.fullmatch(rf"[{_ATEXT}]+(?:\.[{_ATEXT}]+)*", content):
            return f"{content}@{domain}"  # quotes that change nothing (RFC 5321 section 4.1.2)
        return f"{local}@{domain}"
    if not re.fullmatch(rf"[{_ATEXT}\u00a1-\U0010ffff]+(?:\.[{_ATEXT}\u00a1-\U0010ffff]+)*", local):
        return ""
    return f"{local}@{domain}"


def _a_labels(domain: str) -> str:
    """Write a domain as A-labels, "" if it is none; no compatibility mapping, so a full-width c is no c."""
    if not domain.isascii():
        import idna

        try:
            domain = idna.encode(domain.translate(_LOWER)).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return ""
    return domain.lower() if re.fullmatch(rf"{_LABEL}(?:\.{_LABEL})*", domain) and len(domain) <= 253 else ""


def _by_flanker(piece: str) -> Address | None:
    """Let flanker read one mailbox; it must find exactly one and no second "@" outside of it."""
    if len(piece) > 500 or "@" not in piece:
        return None
    try:
        found = list(_addresslib().parse_list(piece.strip()))
    except Exception:  # noqa: BLE001 - flanker raises anything on hostile text; None says it all
        return None
    if len(found) != 1 or getattr(found[0], "mailbox", None) is None:
        return None
    addr = _canonical(f"{found[0].mailbox}@{found[0].hostname}")
    name = _name(found[0].display_name or "", quoted=False)
    return Address(name, addr) if addr else None


@cache
def _addresslib() -> Any:
    return quietly("flanker.addresslib.address")


def quietly(module: str) -> Any:
    """Import a part of flanker and keep it silent; its first import prints its parser tables."""
    talker = logging.getLogger("flanker")  # it logs each hostile character
    talker.addHandler(logging.NullHandler())
    talker.propagate = False
    with contextlib.redirect_stderr(io.StringIO()):
        return importlib.import_module(module)
