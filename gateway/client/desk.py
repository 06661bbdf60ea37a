"""What came in: the ledger, and mail handed over by the call."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.client.calls import Call, Cursor, Query, asked, given, named
from gateway.client.shapes.common import Page
from gateway.client.shapes.mail import Entry, Receipt


def take_mail(
    mail: bytes, recipients: Sequence[str], *, reverse_path: str | None = None, idempotency_key: str = ""
) -> Call[Receipt]:
    """Hand over a mail. reverse_path: "" = the null path, None = as its header says."""
    wish: Query = {"rcpt": list(recipients)}
    if reverse_path is not None:
        wish["from"] = reverse_path
    return Call("POST", "/raw", Receipt, query=wish, mail=mail, key=idempotency_key)


def ledger(
    *,
    state: str = "",
    query: str = "",
    before: Cursor = None,
    after: Cursor = None,
    around: Cursor = None,
    limit: int = 30,
) -> Call[Page[Entry]]:
    """Accepted mails, newest first. query: words of the subject, an address, a Message-ID."""
    wish = asked(state=state, q=query, before=before, after=after, around=around, limit=limit)
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
    dry_run: bool | None = None,
    actor: str | None = None,
    idempotency_key: str = "",
) -> Call[Entry]:
    """Carry a mail through its journey again; record: (type, key), post it there. Answers what became of it.

    dry_run: answers what would become of it, with the trace; nothing is kept and nobody is told.
    """
    whole = None if record is None else named(record)
    path, body = f"/ledger/{mail_id}/replay", given(record=whole, dry_run=dry_run, actor=actor)
    return Call("POST", path, Entry, body, key=idempotency_key)


def release(
    mail_id: int, *, author: str | None = None, follow: bool | None = None, actor: str | None = None,
    idempotency_key: str = "",
) -> Call[Entry]:  # fmt: skip
    """Post a held mail. author: as this known partner. follow: whether he follows, None = as the rule says."""
    body = given(follow=follow, actor=actor, **{"as": author})
    return Call("POST", f"/ledger/{mail_id}/release", Entry, body, key=idempotency_key)


def discard(mail_id: int, *, actor: str | None = None, idempotency_key: str = "") -> Call[Entry]:
    """End a held or failed mail without posting it."""
    path, body = f"/ledger/{mail_id}/discard", given(actor=actor)
    return Call("POST", path, Entry, body, key=idempotency_key)
