"""Suggested recipients of a thread: gather who could be meant, let the rule decide."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from gateway.mail.address import normalise
from gateway.mail.message import Address
from gateway.mail.parse import parse
from gateway.rules.suggest import AUTHOR, CUSTOMER, REPLY_TO, Candidate, Suggestion, suggestions
from store.blobs import BlobDamaged, BlobStore
from store.models.views import ThreadView
from store.queries import suggest as store
from store.queries.partner import by_addresses
from store.session import Session

_HEADER_OCTETS = 64 * 1024
_MOST = 100  # a composer shows no more; the rest of a long list of recipients is not looked at


def suggested(
    session: Session, thread: ThreadView, *, writer: str, own_domains: Collection[str], blobs: BlobStore
) -> list[Suggestion]:
    """Whom to propose on this thread. writer: e-mail of who composes, "" = not known."""
    candidates = list(islice(_candidates(session, thread, blobs), _MOST))
    emails = list(dict.fromkeys(one.email for one in candidates if one.email))
    if not emails:
        return []
    me = normalise(writer) if writer else ""
    partners = by_addresses(session, [*emails, me] if me else emails)
    ids = sorted({partner.id for partner in partners.values()})
    aliases = store.aliases_among(session, emails)
    return suggestions(
        [one._replace(partner=partners.get(one.email)) for one in candidates],
        followers=store.following(session, thread.id, ids),
        writer=partners[me].id if me in partners else me,
        is_ours=lambda email: email in aliases or email.rpartition("@")[2] in own_domains,
    )


def _candidates(session: Session, thread: ThreadView, blobs: BlobStore) -> Iterator[Candidate]:
    """Everybody who could be meant, the best first."""
    first = store.first_author(session, thread.id)
    if first is not None:
        yield _wrote(first, CUSTOMER)
    last = store.last_message(session, thread.id)
    if last is None:
        return
    yield _wrote(last, AUTHOR)
    header = _header(last, blobs)
    if header:
        mail = parse(header)
        yield from _named(mail.to, "to")
        yield from _named(mail.cc, "cc")
        yield from _named(mail.reply_to, REPLY_TO)
    for one in last.addressees or ():
        yield Candidate(normalise(one["email"]), one["name"], "cc" if one["how"] == "cc" else "recipient")
    for row in store.named_in(session, last.id, _MOST):
        yield Candidate(normalise(row.email), row.name, "recipient")


def _wrote(row: Any, reason: str) -> Candidate:
    return Candidate(normalise(row.author_email), row.author_name, reason, row.confidence == "claimed")


def _named(addresses: tuple[Address, ...], reason: str) -> list[Candidate]:
    return [Candidate(normalise(one.addr_spec), one.name, reason) for one in addresses]


def _header(row: Any, blobs: BlobStore) -> bytes:
    """The header of the mail that a message came in, b"" where it came in none or its octets are gone."""
    if row.raw is not None:
        octets = bytes(row.raw[:_HEADER_OCTETS])
    elif row.blob is not None:
        try:
            with blobs.open(row.blob) as file:
                octets = file.read(_HEADER_OCTETS)
        except (OSError, BlobDamaged):
            return b""
    else:
        return b""
    ends = [end for end in (octets.find(b"\r\n\r\n"), octets.find(b"\n\n")) if end >= 0]
    return octets[: min(ends)] + b"\r\n\r\n" if ends else octets
