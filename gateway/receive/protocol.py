"""Read the command lines of SMTP and LMTP (RFC 5321 section 4.1, RFC 2033): text in, values out.

Lenient where honest programs are sloppy (a blank after the colon, dots at odd places of a local part),
strict where a trick could hide (control characters, bare line ends, no brackets).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gateway.errors import Permanent

HTTP_VERBS = frozenset(
    {"GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PRI"}
)

_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-\u0080-\U0010ffff]+"
_QUOTED = r'"(?:[^"\\\r\n]|\\[^\r\n])*"'
_DOMAIN = r"(?:[A-Za-z0-9_\-.\u0080-\U0010ffff]{1,255}|\[[A-Za-z0-9.:\-]{1,80}\])"
_MAILBOX = re.compile(rf"((?:{_LOCAL}|{_QUOTED})@{_DOMAIN})>(?:\Z| )")
_QUICK = re.compile(r"([A-Za-z0-9_=+\-][A-Za-z0-9_=+.\-]*@[A-Za-z0-9][A-Za-z0-9.\-]{0,254})>\Z")
_LONGEST_PATH = 512
_LARGEST_SIZE_DIGITS = 20  # RFC 1870 section 3


class BadCommand(Permanent):
    """A command that cannot be carried out as it stands."""

    code = 501
    status = "5.5.4"
    peer_text = "Bad syntax"


class BadAddress(BadCommand):
    """The path is no mailbox."""

    code = 553
    status = "5.1.3"
    peer_text = "Bad address"


class NeedUtf8(BadCommand):
    """A path outside of ASCII without the SMTPUTF8 parameter (RFC 6531 section 3.5)."""

    code = 553
    status = "5.6.7"
    peer_text = "Address needs SMTPUTF8"


class UnknownParameter(BadCommand):
    """A parameter that no offered extension defines."""

    code = 555
    peer_text = "Parameter not recognised"


@dataclass(frozen=True, slots=True)
class MailParameters:
    """What MAIL may carry. size: octets announced, 0 = not said."""

    size: int = 0
    smtputf8: bool = False
    eight_bit: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    """A MAIL command. reverse_path: without brackets, "" for the null path."""

    reverse_path: str
    parameters: MailParameters = field(default=MailParameters())


def command(line: bytes) -> tuple[str, str] | None:
    """Cut a line, without its CR LF, into the verb in upper case and the rest; None if it is no text.

    >>> command(b"mail FROM:<a@example.com>")
    ('MAIL', 'FROM:<a@example.com>')
    """
    if _CONTROL.search(line) is not None:
        return None
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return None
    verb, _, rest = text.partition(" ")
    return verb.upper(), rest.strip(" ")


def mail(rest: str) -> Mail:
    """Read what follows MAIL. Raises BadCommand."""
    text = _after("FROM:", rest)
    match = _QUICK.match(text, 1)
    if match is not None and text[0] == "<" and len(text) < _LONGEST_PATH:
        return Mail(match[1], _NONE)
    if text.startswith("<>") and (len(text) == 2 or text[2] == " "):
        path, behind = "", text[2:]
    else:
        path, behind = _path(text)
    parameters = _parameters(behind)
    if not path.isascii() and not parameters.smtputf8:
        raise NeedUtf8(path)
    return Mail(path, parameters)


def recipient(rest: str, *, smtputf8: bool, postmaster_domain: str) -> str:
    """Read what follows RCPT: the forward-path without brackets and source route. Raises BadCommand.

    postmaster_domain: where ``<postmaster>`` lives (RFC 5321 section 4.5.1).
    """
    text = _after("TO:", rest)
    match = _QUICK.match(text, 1)
    if match is not None and text[0] == "<" and len(text) < _LONGEST_PATH:
        return match[1]
    if text[:12].lower() == "<postmaster>":
        path, behind = f"postmaster@{postmaster_domain}", text[12:]
    else:
        path, behind = _path(text)
    if behind.strip():
        raise UnknownParameter(behind)
    if not path.isascii() and not smtputf8:
        raise NeedUtf8(path)
    return path


_NONE = MailParameters()


def _after(keyword: str, rest: str) -> str:
    if rest[: len(keyword)].upper() != keyword:
        raise BadCommand(rest)
    text = rest[len(keyword) :].lstrip(" ")
    if text[:1] != "<":
        raise BadCommand(rest)
    return text


def _path(text: str) -> tuple[str, str]:
    """Cut ``<path>`` from its parameters; a source route is ignored (RFC 5321 appendix C)."""
    start = 1
    if text[1:2] == "@":
        start = text.rfind(":", 1, text.find(">") + 1) + 1
    match = _MAILBOX.match(text, start)
    if match is None or len(match[1]) > _LONGEST_PATH:
        raise BadAddress(text[:_LONGEST_PATH])
    return match[1], text[match.end() :]


def _parameters(text: str) -> MailParameters:
    size, smtputf8, eight_bit = 0, False, False
    for parameter in text.split():
        name, equals, value = parameter.partition("=")
        match name.upper():
            case "SIZE" if value.isascii() and value.isdigit() and len(value) <= _LARGEST_SIZE_DIGITS:
                size = int(value)
            case "BODY" if value.upper() in ("7BIT", "8BITMIME"):  # RFC 6152
                eight_bit = value.upper() == "8BITMIME"
            case "SMTPUTF8" if not equals:  # RFC 6531
                smtputf8 = True
            case "SIZE" | "BODY" | "SMTPUTF8":
                raise BadCommand(parameter)
            case _:
                raise UnknownParameter(parameter)
    return MailParameters(size, smtputf8, eight_bit)
