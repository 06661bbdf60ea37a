"""Whom the author named in To and Cc: what a copy shows of them. Pure.

The To of a mail stays its one recipient. When the author used Cc, those whom he named find the others in the
Cc of their mail, so that "reply all" reaches them; everybody reads the names above the text. A note has no
Cc at all: an answer to all would carry it past the house (DESIGN sections 4 and 5; T139: fewer than 50).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Named = Mapping[str, Any]
"""One of ``message.addressees``: partner_id, name, email, how (to or cc)."""

_FEW = 50
_MOST_NAMES = 20


def copies(
    message: Any, *, partner_id: int | None, address: str, is_ours: Callable[[str], bool]
) -> list[tuple[str, str]]:
    """Name and address of each other one whom the author named, for the Cc of a mail to one of them.

    [] for who was not named himself, where nobody is in Cc, in a note, and where many were named. is_ours: the
    address is one of the gateway.
    """
    named: Sequence[Named] = message.addressees or ()
    if message.internal or len(named) >= _FEW or all(one["how"] != "cc" for one in named):
        return []
    others = [
        one
        for one in named
        if one["email"] != address and (not partner_id or one["partner_id"] != partner_id)
    ]
    if len(others) == len(named):
        return []
    return [
        (str(one["name"])[:100], str(one["email"]))
        for one in others
        if one["email"].isascii()
        and not is_ours(one["email"])  # others need SMTPUTF8, which a relay may not speak
    ]


def names(message: Any | None, how: str, *, internal: bool) -> str:
    """The names of those who stand in To or in Cc, for everybody to read; never their addresses, "" if nobody does.

    internal: a colleague reads; an outsider learns of a note only what was said in it.
    """
    if message is None or not message.addressees or (message.internal and not internal):
        return ""
    found = [one["name"] or one["email"].partition("@")[0] for one in message.addressees if one["how"] == how]
    more = [f"(+{len(found) - _MOST_NAMES})"] if len(found) > _MOST_NAMES else []
    return " ".join([", ".join(" ".join(name.split()) for name in found[:_MOST_NAMES]), *more])
