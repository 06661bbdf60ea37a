"""The one call behind every door: is this forward-path ours, and is the mail durable?

A door resolves each forward-path once, to a typed target, and says 250 only when the raw mail, its
envelope and its targets are committed and synced (RFC 5321 section 6.1). What the mail says is looked at
later, from the ledger. Nothing is recognised as a duplicate here: that is decided at posting.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from gateway.errors import StoreBusy, UnknownRecipient
from gateway.mail.address import normalise
from gateway.mail.envelope import Envelope
from gateway.rules.own import MUST_EXIST
from gateway.rules.own import OwnDomain as OwnDomain
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
    to_row,
)
from gateway.rules.token import Keys, Kind, Token, read_local_part
from store.bell import Bell
from store.blobs import BlobStore
from store.group import GroupCommit
from store.models.views import NewMail
from store.queries import inbound, lives, merge
from store.session import Database, Session, StoreUnavailable

INLINE_OCTETS = 64 * 1024  # larger raw mail lies in the blob store
_FRESH_SECONDS = 5.0


class Spool:
    """A mail that is still coming in: in memory up to a limit, then in a file of the blob store."""

    def __init__(self, blobs: BlobStore, *, in_memory: int) -> None:
        self._blobs = blobs
        self._in_memory = in_memory
        self._chunks: list[bytes] = []
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """Add octets. Raises OSError when the disk refuses."""
        self.size += len(chunk)
        if self._file is None and self.size <= self._in_memory:
            self._chunks.append(chunk)
            return
        if self._file is None:
            self._path = self._blobs.spool()
            self._file = open(self._path, "xb")  # noqa: SIM115 - closed by keep or discard
            for held in self._chunks:
                self._digest.update(held)
                self._file.write(held)
            self._chunks = []
        self._digest.update(chunk)
        self._file.write(chunk)

    def discard(self) -> None:
        """Forget the octets."""
        self._chunks = []
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # a full disk may refuse the last octets; they are not wanted
                file.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None

    @property
    def is_small(self) -> bool:
        """The mail fits into the ledger itself: nothing but the commit is needed."""
        return self._file is None and self.size <= INLINE_OCTETS

    def octets(self) -> bytes:
        """All octets of a mail that is in memory."""
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)

    def keep(self) -> str:
        """Make the octets a durable blob; answers its digest. Blocks for the disk."""
        if self._file is None or self._path is None:
            return self._blobs.put(self.octets())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        digest = self._blobs.adopt(self._path, self._digest.hexdigest())
        self._file = self._path = None
        return digest


@dataclass
class _Known:
    """What the doors remember of the store for a few seconds, so that RCPT seldom asks it."""

    aliases: dict[str, tuple[int, str]] = field(default_factory=dict)
    blocks: frozenset[str] = frozenset()
    survivors: Mapping[int, int] = field(default_factory=dict)  # merged partner -> who he is now
    moved: dict[int, int] = field(default_factory=dict)  # merged thread -> the thread it is part of now
    loaded: float = 0.0
    generations: dict[tuple[int, int], tuple[float, int | None]] = field(default_factory=dict)

    def is_fresh(self) -> bool:
        """It needs not be read again."""
        return time.monotonic() - self.loaded < _FRESH_SECONDS

    def remember(self, token: Token, generation: int | None) -> None:
        """Note the lowest live generation of a reply address, None = it leads nowhere."""
        if len(self.generations) > 20_000:
            self.generations.clear()
        self.generations[token.subject_id, token.partner_id] = (time.monotonic(), generation)


class Acceptor:
    """Resolves forward-paths and writes accepted mail to the ledger, for all doors."""

    def __init__(
        self,
        *,
        database: Database,
        blobs: BlobStore,
        domains: Sequence[OwnDomain],
        keys: Keys,
        now: Callable[[], datetime],
        bell: Bell | None = None,
        in_memory: int = 1024 * 1024,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._domains = {domain.name: domain for domain in domains}
        self._keys = keys
        self._now = now
        self._in_memory = in_memory
        self._known = _Known()
        self._forgotten = 0
        self._refreshing, self._swapping = threading.Lock(), threading.Lock()
        self._commit: GroupCommit[NewMail, int] = GroupCommit(database, inbound.add, name="accept")
        if bell is not None:
            bell.listen("types", self.forget)

    def forget(self) -> None:
        """Ask the store again at the next forward-path.

        Whatever is remembered is replaced as a whole, never changed in parts: a forward-path that is judged just now
        goes on with what it has, and is not refused because of half a memory.
        """
        with self._swapping:
            self._forgotten += 1
            self._known = _Known()

    def close(self) -> None:
        """Finish what is being committed."""
        self._commit.close()

    def spool(self) -> Spool:
        """Where a door writes the octets of one mail as they come."""
        return Spool(self._blobs, in_memory=self._in_memory)

    async def resolve(self, forward_path: str) -> Target:
        """What a forward-path means. Raises UnknownRecipient, or StoreBusy when the store cannot say."""
        quick = self._resolve_from_memory(forward_path)
        if quick is not None:
            return quick
        return await asyncio.to_thread(self.resolve_now, forward_path)

    def resolve_now(self, forward_path: str) -> Target:
        """``resolve`` for a caller that may block."""
        try:
            known = self._refreshed()
            local_part, domain = self._split(forward_path)
            target = self._by_token(known, local_part, domain) or _by_name(known, local_part, domain)
        except StoreUnavailable as trouble:
            raise StoreBusy(str(trouble)) from trouble
        if target is None:
            raise UnknownRecipient(forward_path)
        return target

    def delivery_of(self, reverse_path: str) -> BounceTarget | None:
        """The delivery of ours that went out with this reverse-path, None if none did. Asks no store."""
        local_part, _, name = normalise(reverse_path).rpartition("@")
        domain = self._domains.get(name)
        found = read_local_part(local_part, {domain.bounce: Kind.BOUNCE}, self._keys) if domain else None
        return BounceTarget(found[0].subject_id, found[0].partner_id) if found else None

    async def is_blocked(self, reverse_path: str) -> bool:
        """The reverse-path, or its whole domain, is on the block list."""
        known = self._known
        if reverse_path and not known.is_fresh():
            known = await asyncio.to_thread(self._refreshed_or_busy)
        return _is_blocked(known, reverse_path)

    def is_blocked_now(self, reverse_path: str) -> bool:
        """``is_blocked`` for a caller that may block."""
        return _is_blocked(self._refreshed_or_busy(), reverse_path)

    async def accept(self, door: str, envelope: Envelope, targets: Sequence[Target], spool: Spool) -> int:
        """Make the mail durable; answers its id in the ledger.

        targets: in the order of the envelope's forward-paths. Raises StoreBusy; then nothing was kept.
        """
        try:
            blob = None if spool.is_small else await asyncio.to_thread(spool.keep)
            mail = self._new_mail(door, envelope, targets, spool, blob)
            return await self._commit.write(mail)
        except (StoreUnavailable, OSError) as trouble:
            spool.discard()
            raise StoreBusy(str(trouble)) from trouble

    def accept_now(self, door: str, envelope: Envelope, targets: Sequence[Target], raw: bytes) -> int:
        """``accept`` for a caller that may block (inject, demo)."""
        spool = self.spool()
        try:
            spool.write(raw)
            blob = None if spool.is_small else spool.keep()
            return self._commit.submit(self._new_mail(door, envelope, targets, spool, blob)).result()
        except (StoreUnavailable, OSError) as trouble:
            spool.discard()
            raise StoreBusy(str(trouble)) from trouble

    def _new_mail(
        self, door: str, envelope: Envelope, targets: Sequence[Target], spool: Spool, blob: str | None
    ) -> NewMail:
        return NewMail(
            door=door,
            reverse_path=envelope.reverse_path,
            client=asdict(envelope.client),
            raw=spool.octets() if blob is None else None,
            blob=blob,
            size=spool.size,
            received_at=self._now(),
            targets=[
                (path, *to_row(target)) for path, target in zip(envelope.forward_paths, targets, strict=True)
            ],
        )

    def _split(self, forward_path: str) -> tuple[str, OwnDomain]:
        address = normalise(forward_path)
        local_part, _, name = address.rpartition("@")
        domain = self._domains.get(name)
        if not address or domain is None:
            raise UnknownRecipient(forward_path)
        return local_part, domain

    def _resolve_from_memory(self, forward_path: str) -> Target | None:
        """The answer without the store, None where it must be asked. Raises UnknownRecipient."""
        known = self._known
        if not known.is_fresh():
            return None
        local_part, domain = self._split(forward_path)
        found = read_local_part(local_part, domain.prefixes, self._keys)
        if found is None:
            target = _by_name(known, local_part, domain)
            if target is None:
                raise UnknownRecipient(forward_path)
            return target
        token, verb = found
        if token.kind is not Kind.REPLY:
            return _target(known, token, verb)
        remembered = known.generations.get((token.subject_id, token.partner_id))
        if remembered is None or time.monotonic() - remembered[0] > _FRESH_SECONDS:
            return None
        if remembered[1] is None or token.generation < remembered[1]:
            raise UnknownRecipient(forward_path)
        return _target(known, token, verb)

    def _by_token(self, known: _Known, local_part: str, domain: OwnDomain) -> Target | None:
        found = read_local_part(local_part, domain.prefixes, self._keys)
        if found is None:
            return None
        token, verb = found
        if token.kind is Kind.REPLY:
            with self._database.read() as session:
                generation = inbound.live_generation(session, token.subject_id, token.partner_id)
                if generation is None:
                    generation = _merged(known, session, token)
            known.remember(token, generation)
            if generation is None or token.generation < generation:
                return None
        return _target(known, token, verb)

    def _refreshed(self) -> _Known:
        """What is remembered, read again where it must be. Raises StoreUnavailable.

        What was forgotten while it was read is good for who asked before that, and for nobody after him.
        """
        with self._refreshing:
            known, forgotten = self._known, self._forgotten
            if known.is_fresh():
                return known
            with self._database.read() as session:
                known = _Known(inbound.aliases(session), inbound.blocks(session), merge.survivors(session))
            known.loaded = time.monotonic()
            with self._swapping:
                if forgotten == self._forgotten:
                    self._known = known
            return known

    def _refreshed_or_busy(self) -> _Known:
        try:
            return self._refreshed()
        except StoreUnavailable as trouble:
            raise StoreBusy(str(trouble)) from trouble


def _is_blocked(known: _Known, reverse_path: str) -> bool:
    address = normalise(reverse_path) if reverse_path else ""
    return bool(address) and not known.blocks.isdisjoint({address, "@" + address.rpartition("@")[2]})


def _by_name(known: _Known, local_part: str, domain: OwnDomain) -> Target | None:
    address = f"{local_part}@{domain.name}"
    alias = known.aliases.get(address)
    if alias is not None:
        return AliasTarget(alias[0], alias[1], address)
    if local_part in MUST_EXIST:
        return Postmaster()
    if local_part == domain.notifications:
        return Notifications()
    if domain.catchall and local_part.partition("+")[0] not in domain.prefixes:
        return Catchall()
    return None


def _merged(known: _Known, session: Session, token: Token) -> int | None:
    """The lowest live generation of a thread that was merged into another, None when it was not."""
    found = lives.merged_generation(session, token.subject_id, token.partner_id)
    if found is None:
        return None
    known.moved[token.subject_id] = found[0]
    return found[1]


def _target(known: _Known, token: Token, verb: str) -> Target:
    """What a live token means now, wherever its thread and its partner have gone since."""
    if token.kind is Kind.REPLY:
        token = replace(token, subject_id=known.moved.get(token.subject_id, token.subject_id))
    return _target_of(token, verb, known.survivors)


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
