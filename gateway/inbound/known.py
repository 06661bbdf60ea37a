"""What the doors remember of the store for a few seconds, and what a forward-path means by it; RCPT seldom asks more."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gateway.mail.address import normalise
from gateway.rules.own import MUST_EXIST, OwnDomain
from gateway.rules.routing import (
    Activity,
    AliasTarget,
    BounceTarget,
    Catchall,
    Digest,
    Leave,
    Notifications,
    Postmaster,
    Reply,
    Target,
)
from gateway.rules.token import Kind, Token
from store.queries import inbound, lives, merge
from store.session import Session

FRESH_SECONDS = 5.0
_MOST_GENERATIONS = 20_000


@dataclass
class Known:
    """One reading of the store. survivors: merged partner -> who he is now.

    moved: merged thread -> the thread it is part of now. generations: (thread, partner) -> when it was asked, and the
    lowest live generation of his reply address, None = it leads nowhere. Both grow with what is asked.
    """

    aliases: Mapping[str, tuple[int, str]]
    blocks: frozenset[str]
    survivors: Mapping[int, int]
    moved: dict[int, int] = field(default_factory=dict)
    generations: dict[tuple[int, int], tuple[float, int | None]] = field(default_factory=dict)

    @classmethod
    def read(cls, session: Session) -> Known:
        """As the store has it now: three statements."""
        return cls(inbound.aliases(session), inbound.blocks(session), merge.survivors(session))

    def is_blocked(self, reverse_path: str) -> bool:
        """The reverse-path, or its whole domain, is on the block list."""
        address = normalise(reverse_path) if reverse_path else ""
        return bool(address) and not self.blocks.isdisjoint({address, "@" + address.rpartition("@")[2]})

    def by_name(self, local_part: str, domain: OwnDomain) -> Target | None:
        """What an address without a token means, None if nothing."""
        address = f"{local_part}@{domain.name}"
        alias = self.aliases.get(address)
        if alias is not None:
            return AliasTarget(alias[0], alias[1], address)
        if local_part in MUST_EXIST:
            return Postmaster()
        if local_part == domain.notifications:
            return Notifications()
        if domain.catchall and local_part.partition("+")[0] not in domain.prefixes:
            return Catchall()
        return None

    def generation(self, token: Token) -> tuple[int | None] | None:
        """The lowest live generation of a reply address in a tuple, None where the store must be asked."""
        asked_at, generation = self.generations.get((token.subject_id, token.partner_id), (0.0, None))
        return (generation,) if asked_at and time.monotonic() - asked_at <= FRESH_SECONDS else None

    def ask_generation(self, session: Session, token: Token) -> int | None:
        """The same from the store, also of a thread that was merged into another; it is remembered."""
        generation = inbound.live_generation(session, token.subject_id, token.partner_id)
        if generation is None:
            merged = lives.merged_generation(session, token.subject_id, token.partner_id)
            if merged is not None:
                self.moved[token.subject_id], generation = merged
        if len(self.generations) > _MOST_GENERATIONS:
            self.generations.clear()
        self.generations[token.subject_id, token.partner_id] = (time.monotonic(), generation)
        return generation

    def target(self, token: Token, verb: str) -> Target:
        """What a live token means now, wherever its thread and its partner have gone since."""
        if token.kind is Kind.REPLY:
            token = replace(token, subject_id=self.moved.get(token.subject_id, token.subject_id))
        return _target_of(token, verb, self.survivors)


def _target_of(token: Token, verb: str, survivors: Mapping[int, int]) -> Target:
    if token.kind in (Kind.REPLY, Kind.LEAVE):  # the others name no partner in this place
        token = replace(token, partner_id=survivors.get(token.partner_id, token.partner_id))
    match token.kind:
        case Kind.REPLY:
            if verb == "leave":
                return Leave(token.subject_id, token.partner_id)
            return Reply(token.subject_id, token.partner_id, token.internal, token.week, verb)
        case Kind.BOUNCE:
            return BounceTarget(token.subject_id, token.partner_id)
        case Kind.LEAVE:
            return Leave(token.subject_id, token.partner_id)
        case Kind.ACTIVITY:
            return Activity(token.subject_id, token.partner_id, verb)
        case Kind.DIGEST:
            return Digest(token.subject_id, token.partner_id)
