"""Where a mail belongs: what each forward-path means, and which thread or alias the mail goes to.

Envelope before header: a valid reply address decides, then our own Message-IDs in In-Reply-To and
References, then an alias, then nothing (DESIGN section 3, "route"). Opposite of Odoo, which lets
References win over everything but the recipients' aliases of other types.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply address of one thread. partner_id: for whom it was minted, 0 = the record's own address."""

    kind: ClassVar[str] = "reply"
    thread_id: int
    partner_id: int
    internal: bool = False
    week: int = 0
    verb: str = ""


@dataclass(frozen=True, slots=True)
class AliasTarget:
    """An alias that opens records of a type."""

    kind: ClassVar[str] = "alias"
    alias_id: int
    record_type: str
    address: str


@dataclass(frozen=True, slots=True)
class BounceTarget:
    """The reverse-path of one of our own deliveries (VERP)."""

    kind: ClassVar[str] = "bounce"
    delivery_id: int
    partner_id: int


@dataclass(frozen=True, slots=True)
class Leave:
    """An answer that means: tell me no more about this thread (List-Unsubscribe mailto)."""

    kind: ClassVar[str] = "leave"
    thread_id: int
    partner_id: int


@dataclass(frozen=True, slots=True)
class Digest:
    """The reply address of a digest over several records; a person sorts out where an answer belongs."""

    kind: ClassVar[str] = "digest"
    digest_id: int
    partner_id: int


@dataclass(frozen=True, slots=True)
class Activity:
    """The reply address of an activity reminder."""

    kind: ClassVar[str] = "activity"
    activity_id: int
    partner_id: int
    verb: str = ""


@dataclass(frozen=True, slots=True)
class Postmaster:
    """postmaster@ or abuse@ of one of our domains (RFC 5321 section 4.5.1, RFC 2142)."""

    kind: ClassVar[str] = "postmaster"


FOR_POSTMASTER = "mail for the postmaster"


@dataclass(frozen=True, slots=True)
class Notifications:
    """Our own From address: own ids in References may still lead to a thread."""

    kind: ClassVar[str] = "notifications"


@dataclass(frozen=True, slots=True)
class Catchall:
    """Any other address of a domain (or mailbox) that takes everything."""

    kind: ClassVar[str] = "catchall"


Target = (
    Reply | AliasTarget | BounceTarget | Leave | Digest | Activity | Postmaster | Notifications | Catchall
)
_KINDS: Mapping[str, type[Target]] = {
    cls.kind: cls
    for cls in (
        Reply,
        AliasTarget,
        BounceTarget,
        Leave,
        Digest,
        Activity,
        Postmaster,
        Notifications,
        Catchall,
    )
}


def to_row(target: Target) -> tuple[str, dict[str, Any]]:
    """The kind and the values of a target, as the ledger keeps them."""
    return target.kind, asdict(target)


def from_row(kind: str, values: Mapping[str, Any]) -> Target:
    """The target that ``to_row`` wrote. Raises KeyError for a kind that does not exist."""
    return _KINDS[kind](**values)


@dataclass(frozen=True, slots=True)
class ToThread:
    """The mail goes to a thread. by: ``token``, ``record address``, ``references`` or ``a person``.

    minted: (partner id, issue week) of the reply addresses that led here, see rules/token; the record's own adds
    nobody. verb: what all addresses of the thread in this mail ask for, "" if one of them is for answers.
    """

    thread_id: int
    by: str
    internal: bool = False
    minted: frozenset[tuple[int, int]] = frozenset()
    verb: str = ""

    @property
    def partner_ids(self) -> frozenset[int]:
        """For whom the reply addresses were minted."""
        return frozenset(partner_id for partner_id, _ in self.minted)


@dataclass(frozen=True, slots=True)
class ToAlias:
    """The mail opens a new record."""

    alias_id: int
    record_type: str
    address: str


@dataclass(frozen=True, slots=True)
class Nowhere:
    """No thread and no alias; the mail is held."""

    reason: str


Route = ToThread | ToAlias | Nowhere


def routes(
    targets: Sequence[Target],
    referenced: Sequence[int],
    *,
    referenced_type: str = "",
    to: Collection[str] = frozenset(),
) -> list[tuple[Route, list[int]]]:
    """Where a mail goes: each place once, with the indices of the targets that it answers for.

    targets: those that lead to conversations (bounce and leave targets are settled before).
    referenced: threads that our own Message-IDs in the header lead to, best first; referenced_type: the
    record type of the first. to: normalised addresses of the To field.

    A thread addressed twice gets the mail once, and internal wins if any of its addresses is internal.
    With a valid reply address the aliases of the mail open nothing: they are answered for by the thread.
    A mail that refers to a thread but is addressed to an alias of another type was forwarded there: it
    opens there. An alias in Cc only, or of the same type, is a copy of the answer.
    """
    places: dict[tuple[str, int], tuple[Route, list[int]]] = {}
    for index, target in enumerate(targets):
        if isinstance(target, Reply):
            _add_thread(places, index, target)
    if places:
        first = next(iter(places.values()))[1]
        first += [index for index, target in enumerate(targets) if not isinstance(target, Reply)]
        return list(places.values())
    forwarded = [
        index
        for index, target in enumerate(targets)
        if isinstance(target, AliasTarget) and target.record_type != referenced_type and target.address in to
    ]
    if referenced and not forwarded:
        return [(ToThread(referenced[0], by="references"), list(range(len(targets))))]
    for index, target in enumerate(targets):
        if isinstance(target, AliasTarget) and (not referenced or index in forwarded):
            key = ("alias", target.alias_id)
            route = ToAlias(target.alias_id, target.record_type, target.address)
            places.setdefault(key, (route, []))[1].append(index)
    answered = {index for _, indices in places.values() for index in indices}
    if places:
        next(iter(places.values()))[1].extend(index for index in range(len(targets)) if index not in answered)
    if not places:
        return [(Nowhere(_why_nowhere(targets)), list(range(len(targets))))]
    return list(places.values())


def chosen(thread_id: int, targets: Sequence[Target], *, answers_inside: bool) -> ToThread:
    """The thread that a person chose for a mail; what was inside stays inside there (DESIGN section 5).

    targets: all of the mail. answers_inside: one of the messages that it refers to is internal.
    """
    led_here = [target for target in targets if isinstance(target, Reply) and target.thread_id == thread_id]
    return ToThread(
        thread_id,
        by="a person",
        internal=answers_inside or any(map(leads_inside, targets)),
        minted=_minted(led_here),
    )


def leads_inside(target: Target) -> bool:
    """What comes to this address is for staff: it was minted for a note, or for a reminder to staff."""
    return isinstance(target, Activity) or (isinstance(target, Reply) and target.internal)


def _minted(replies: Sequence[Reply]) -> frozenset[tuple[int, int]]:
    return frozenset((reply.partner_id, reply.week) for reply in replies if reply.partner_id)


def _add_thread(places: dict[tuple[str, int], tuple[Route, list[int]]], index: int, target: Reply) -> None:
    key = ("thread", target.thread_id)
    by = "token" if target.partner_id else "record address"
    if key not in places:
        route = ToThread(target.thread_id, by, target.internal, _minted([target]), target.verb)
        places[key] = (route, [index])
        return
    first, indices = places[key]
    assert isinstance(first, ToThread)
    merged = ToThread(
        target.thread_id,
        by="token" if "token" in (by, first.by) else by,
        internal=first.internal or target.internal,
        minted=first.minted | _minted([target]),
        verb=first.verb if first.verb == target.verb else "",
    )
    places[key] = (merged, [*indices, index])


def _why_nowhere(targets: Sequence[Target]) -> str:
    kinds = {target.kind for target in targets}
    if "postmaster" in kinds:
        return FOR_POSTMASTER
    if "digest" in kinds:
        return "an answer to a digest: it does not say which record it belongs to"
    if "notifications" in kinds:
        return "sent to our notification address without a reference to a message of ours"
    return "no thread and no alias answers to this address"
