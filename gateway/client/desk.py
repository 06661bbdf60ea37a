"""What came in: the ledger, and mail handed over by the call."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.client.calls import Call, asked, given
from gateway.client.shapes.common import Page
from gateway.client.shapes.mail import Entry, Receipt


def take_mail(
    mail: bytes, recipients: Sequence[str], *, reverse_path: str | None = None, idempotency_key: str = ""
) -> Call[Receipt]:
    """Hand over a mail. reverse_path: "" = the null path, None = as its header says."""
    wish: dict[str, str | int | list[str]] = {"rcpt": list(recipients)}
    if reverse_path is not None:
        wish["from"] = reverse_path
    return Call("POST", "/raw", Receipt, query=wish, mail=mail, key=idempotency_key)


def ledger(
    *, state: str = "", query: str = "", before: str | int | None = None, limit: int = 30
) -> Call[Page[Entry]]:
    """Accepted mails, newest first. query: words of the subject, an address, a Message-ID."""
    wish = asked(state=state, q=query, before=before, limit=limit)
    return Call("GET", "/ledger", Page[Entry], query=wish)


def ledger_entry(mail_id: int) -> Call[Entry]:
    """One accepted mail with its trace."""
    return Call("GET", f"/ledger/{mail_id}", Entry)


def ledger_mail(mail_id: int) -> Call[bytes]:
    """An accepted mail as it came."""
    return Call("GET", f"/ledger/{mail_id}/raw", bytes)


def replay(
    mail_id: int,
    *,
    record: tuple[str, str] | None = None,
    actor: str | None = None,
    idempotency_key: str = "",
) -> Call[Entry]:
    """Carry a mail through its journey again; record: (type, key), post it there."""
    whole = None if record is None else {"type": record[0], "key": record[1]}
    path, body = f"/ledger/{mail_id}/replay", given(record=whole, actor=actor)
    return Call("POST", path, Entry, body, key=idempotency_key)


def release(
    mail_id: int, *, author: str | None = None, follow: bool | None = None, actor: str | None = None,
    idempotency_key: str = "",
) -> Call[Entry]:  # fmt: skip
    """Post a held mail. author: as this known partner. follow: whether he follows, None = as the rule says."""
    body = given(follow=follow, actor=actor, **{"as": author})
    return Call("POST", f"/ledger/{mail_id}/release", Entry, body, key=idempotency_key)


def discard(mail_id: int, *, actor: str | None = None) -> Call[Entry]:
    """End a held or failed mail without posting it."""
    return Call("POST", f"/ledger/{mail_id}/discard", Entry, given(actor=actor))
