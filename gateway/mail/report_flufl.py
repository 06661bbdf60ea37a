"""Ask flufl.bounce about the odd bounce formats of thirty years; doorkeeper of that package.

Only for mail whose header opened the gate (mail/report_gate): measured on ordinary mail it reports
bounces that are none, all of them by its LLNL detector, which is left out here. Its Yale detector
raises IndexError where From is unreadable, so each detector is asked on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from email.message import Message
from functools import cache
from typing import Any


def failures(headers: Sequence[tuple[str, str]], words: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """List the addresses that failed for now and those that failed for good, sorted.

    words: what the mail system says, without the mail that it returns.
    """
    message = _rebuilt(headers, words)
    for detector in _detectors():
        try:
            temporary, permanent = detector().process(message)
        except (IndexError, AttributeError, ValueError, TypeError, LookupError):
            continue  # a detector that stumbles over a malformed mail has nothing to say about it
        if temporary or permanent:
            return _text(temporary), _text(permanent)
    return (), ()


@cache
def _detectors() -> tuple[Callable[[], Any], ...]:
    """Its detectors in its own order; imported at the first bounce, not at start."""
    from flufl.bounce import _scan
    from flufl.bounce._detectors.llnl import LLNL

    return tuple(d for d in _scan._DETECTORS if d is not LLNL)


def _rebuilt(headers: Sequence[tuple[str, str]], words: str) -> Message:
    """A flat mail of the decoded text: what its detectors look at, without another MIME reading."""
    message = Message()
    for name, value in headers:
        if name in ("from", "to", "subject", "x-failed-recipients"):
            message[name] = value.encode("ascii", "replace").decode()
    message["content-type"] = "text/plain; charset=us-ascii"
    message.set_payload(words.encode("ascii", "replace").decode())
    return message


def _text(addresses: set[bytes]) -> tuple[str, ...]:
    """Addresses as text; it returns octets."""
    found = {a.decode("ascii", "replace") if isinstance(a, bytes) else str(a) for a in addresses}
    return tuple(sorted(a.strip(" <>") for a in found if "@" in a))
