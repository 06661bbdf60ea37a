"""Follow or leave many records at once: a number of statements that does not grow with them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from gateway.chatter.actor import Reader
from gateway.chatter.follow import left_entry
from gateway.chatter.partners import address_or_bad_value, find_or_add, ours_among
from gateway.chatter.post import Posting
from gateway.chatter.types import Types
from gateway.errors import BadValue, FieldError
from gateway.rules.own import OwnDomain
from gateway.rules.subscription import allowed, defaults, unknown
from store.models.views import PartnerView, ThreadView
from store.queries import follower as followers
from store.queries import partner as partners
from store.queries import thread as threads
from store.session import Session

MOST_PAIRS = 100_000


class Many(NamedTuple):
    """The records and partners of one call, found."""

    threads: Sequence[ThreadView]
    partners: Sequence[PartnerView]


def find(
    session: Session,
    records: Sequence[tuple[str, str]],
    emails: Sequence[str],
    *,
    reader: Reader,
    add: bool,
    now: datetime,
    domains: Sequence[OwnDomain] = (),
) -> Many:
    """The records (type, key) and partners of a call. add: who is unknown becomes an external partner.

    domains: ours; an address with a meaning in one of them is nobody's.
    Raises BadValue naming each record that is not there for the reader, and each partner that is wrong.
    """
    if len(records) * len(emails) > MOST_PAIRS:
        raise BadValue.of("records", f"records times partners may be {MOST_PAIRS} at most")
    found = threads.by_keys(session, set(records))
    ids = [thread.id for thread in found.values()]
    open_ids = threads.readable_all(session, reader, ids)
    missing = [name not in found or found[name].id not in open_ids for name in records]
    errors = [
        FieldError(f"#/records/{index}", f"there is no {record_type} {key}")
        for index, ((record_type, key), is_missing) in enumerate(zip(records, missing, strict=True))
        if is_missing
    ]
    people = _people(session, emails, add=add, now=now, errors=errors, domains=domains)
    if errors:
        raise BadValue(errors[0].detail, errors)
    return Many([found[name] for name in dict.fromkeys(records)], people)


def _people(
    session: Session, emails: Sequence[str], *, add: bool, now: datetime, errors: list[FieldError],
    domains: Sequence[OwnDomain],
) -> list[PartnerView]:  # fmt: skip
    addresses = [address_or_bad_value(text, f"partners/{index}") for index, text in enumerate(emails)]
    known = partners.by_addresses(session, addresses)
    ours = ours_among(session, addresses, domains) if add else frozenset()
    for index, address in enumerate(addresses):
        partner = known.get(address)
        if address in ours:
            errors.append(FieldError(f"#/partners/{index}", f"{address} is an address of the gateway itself"))
            continue
        if partner is None and not add:
            errors.append(FieldError(f"#/partners/{index}", f"{address} is not a known partner"))
        elif partner is not None and add and not partner.active:
            errors.append(FieldError(f"#/partners/{index}", f"{address} is deactivated"))
    if add and not errors:
        known |= find_or_add(session, {a: "" for a in addresses if a not in known}, now)
    return list({partner.id: partner for partner in known.values()}.values())


def strangers(session: Session, many: Many) -> list[tuple[ThreadView, PartnerView]]:
    """Which of the partners do not follow which of the records yet."""
    there = followers.subscribed(
        session, [thread.id for thread in many.threads], {partner.id for partner in many.partners}
    )
    return [
        (thread, partner)
        for thread in many.threads
        for partner in many.partners
        if (thread.id, partner.id) not in there
    ]


def follow_all(
    session: Session, many: Many, *, types: Types, wanted: Collection[str] | None, now: datetime
) -> int:
    """Make every partner a follower of every record; answers how many subscriptions are new.

    wanted: None = the defaults, and who follows keeps his set; given = replaces it. Raises BadValue.
    """
    chosen = _chooser(session, many, types=types, wanted=wanted)
    rows = [
        followers.row(thread.id, partner.id, chosen(thread, partner), reason="added", now=now)
        for thread in many.threads
        for partner in many.partners
    ]  # fmt: skip
    new = followers.follow_all(session, rows)
    if wanted is not None and new < len(rows):
        followers.set_subtypes_of_all(session, rows)
    return new


def _chooser(
    session: Session, many: Many, *, types: Types, wanted: Collection[str] | None
) -> Callable[[ThreadView, PartnerView], frozenset[str]]:
    """What a partner gets on a record: asked once for each record type."""
    sets: dict[tuple[str, bool], frozenset[str]] = {}
    for name in {thread.record_type for thread in many.threads}:
        subtypes = types.get(name, session).subtypes
        if wanted is not None and (wrong := unknown(subtypes, wanted)):
            raise BadValue.of("subtypes", f"{name} has no subtype {', '.join(wrong)}")
        for internal in (False, True):
            sets[name, internal] = (
                defaults(subtypes, internal=internal)
                if wanted is None
                else allowed(subtypes, wanted, internal=internal)
            )
    return lambda thread, partner: sets[thread.record_type, partner.internal]


def leave_all(session: Session, many: Many, *, posting: Posting, now: datetime) -> int:
    """End all these subscriptions; answers how many there were. Outsiders who leave are noted in the logs."""
    thread_by_id = {thread.id: thread for thread in many.threads}
    partner_by_id = {partner.id: partner for partner in many.partners}
    ended = followers.unfollow_all(session, list(thread_by_id), list(partner_by_id))
    entries = [
        left_entry(thread_by_id[thread_id], partner_by_id[partner_id])
        for thread_id, partner_id in sorted(ended)
        if not partner_by_id[partner_id].internal
    ]
    if entries:
        posting.post_all(session, entries, now)
    return len(ended)
