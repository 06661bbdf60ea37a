"""What can go wrong, and whether trying again can help.

::

    GatewayError
    ├── Temporary            trying again can help: 4xx to a mail peer, 503 to an HTTP client
    │   └── StoreBusy        the database is away or locked
    └── Permanent            trying again cannot help: 5xx to a mail peer, 4xx to an HTTP client
        ├── UnknownRecipient the forward-path names no alias and no live reply address
        ├── TooLarge         the mail is over the size limit
        ├── BadMail          the octets cannot be a mail
        ├── NotFound         the thing named does not exist, or the asker may not know of it
        ├── Conflict         the state of the thing forbids the call
        ├── Forbidden        the asker may not do this
        ├── BadShape         the request cannot be read (HTTP 400)
        ├── BadValue         a field was read and holds a wrong value (HTTP 422)
        └── ConfigError      a setting is wrong: file, line and setting are named

A verdict ("this is a bounce") is a value, never an exception. ``status`` is the enhanced status of
RFC 3463 that a mail peer hears; ``peer_text`` is all the text it hears. The message of the exception
is for the log and for the owner of the system.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


class GatewayError(Exception):
    """Anything this program raises on purpose."""

    code = 451
    status = "4.3.0"
    peer_text = "Requested action aborted: local error in processing"


class Temporary(GatewayError):
    """Trying again can help."""


class StoreBusy(Temporary):
    """The database is away, locked or out of space."""


class Permanent(GatewayError):
    """Trying again cannot help."""

    code = 554
    status = "5.0.0"
    peer_text = "Transaction failed"


class UnknownRecipient(Permanent):
    """The forward-path names no alias and no live reply address."""

    code = 550
    status = "5.1.1"  # RFC 3463 section 3.2
    peer_text = "No such address here"


class TooLarge(Permanent):
    """The mail is over the size limit."""

    code = 552
    status = "5.3.4"  # RFC 3463 section 3.4
    peer_text = "Message size exceeds fixed limit"


class BadMail(Permanent):
    """The octets cannot be a mail."""

    code = 554
    status = "5.6.0"
    peer_text = "Message content rejected"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong place of a request. pointer: RFC 6901 in fragment form, such as ``#/author``."""

    pointer: str
    detail: str


def step(name: str) -> str:
    """A name as a step of a JSON pointer (RFC 6901 section 3)."""
    return name.replace("~", "~0").replace("/", "~1")


class RequestError(Permanent):
    """A call of the API that cannot be carried out; ``errors`` names the fields."""

    http_status = 400

    def __init__(self, detail: str, errors: Sequence[FieldError] = (), **extra: object) -> None:
        super().__init__(detail)
        self.errors = tuple(errors)
        self.extra = extra


class NotFound(RequestError):
    """The thing named does not exist, or the asker may not know of it."""

    http_status = 404


class Conflict(RequestError):
    """The state of the thing forbids the call."""

    http_status = 409


class Forbidden(RequestError):
    """The asker may not do this."""

    http_status = 403


class BadShape(RequestError):
    """The request cannot be read."""

    http_status = 400


class BadValue(RequestError):
    """A field was read and holds a wrong value."""

    http_status = 422

    @classmethod
    def of(cls, pointer: str, detail: str) -> BadValue:
        """The common case: one field, named by its pointer without the ``#/``."""
        return cls(detail, [FieldError(f"#/{pointer}", detail)])


@dataclass
class ConfigError(Permanent):
    """A setting is wrong. line is 1 for the first line, 0 where no line is known."""

    file: str
    line: int
    setting: str
    detail: str
    code: int = field(default=554, repr=False)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.setting}: {self.detail}"
