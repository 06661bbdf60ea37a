"""The one call behind every door: is this forward-path ours, and is the mail durable?

A door resolves each forward-path once, to a typed target, and says 250 only when the raw mail, its
envelope and its targets are committed and synced (RFC 5321 section 6.1). What the mail says is looked at
later, from the ledger. Nothing is recognised as a duplicate here: that is decided at posting.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime

from gateway.errors import StoreBusy, UnknownRecipient
from gateway.inbound.known import FRESH_SECONDS, Known
from gateway.inbound.spool import Spool
from gateway.mail.address import normalise
from gateway.mail.envelope import Envelope
from gateway.rules.own import OwnDomain as OwnDomain
from gateway.rules.routing import (
    BounceTarget,
    Target,
    to_row,
)
from gateway.rules.token import Keys, Kind, Token, read_local_part
from store.bell import Bell, Remembered
from store.blobs import BlobStore
from store.group import GroupCommit
from store.models.views import NewMail
from store.queries import inbound
from store.session import Database, StoreUnavailable


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
        self._known: Remembered[Known] = Remembered(bell, "types", seconds=FRESH_SECONDS)
        self._reading = threading.Lock()
        self._commit: GroupCommit[NewMail, int] = GroupCommit(database, inbound.add, name="accept")

    def forget(self) -> None:
        """Ask the store again at the next forward-path; one that is judged just now goes on with what it has."""
        self._known.forget()

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
            known = self._read()
            local_part, domain = self._split(forward_path)
            target = self._by_token(known, local_part, domain) or known.by_name(local_part, domain)
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
        if not reverse_path:
            return False
        known = self._known.kept
        if known is None:
            known = await asyncio.to_thread(self._read_or_busy)
        return known.is_blocked(reverse_path)

    def is_blocked_now(self, reverse_path: str) -> bool:
        """``is_blocked`` for a caller that may block."""
        return self._read_or_busy().is_blocked(reverse_path)

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
        known = self._known.kept
        if known is None:
            return None
        local_part, domain = self._split(forward_path)
        found = read_local_part(local_part, domain.prefixes, self._keys)
        if found is None:
            target = known.by_name(local_part, domain)
            if target is None:
                raise UnknownRecipient(forward_path)
            return target
        token, verb = found
        if token.kind is not Kind.REPLY:
            return known.target(token, verb)
        remembered = known.generation(token)
        if remembered is None:
            return None
        if not _is_live(token, *remembered):
            raise UnknownRecipient(forward_path)
        return known.target(token, verb)

    def _by_token(self, known: Known, local_part: str, domain: OwnDomain) -> Target | None:
        found = read_local_part(local_part, domain.prefixes, self._keys)
        if found is None:
            return None
        token, verb = found
        if token.kind is Kind.REPLY:
            with self._database.read() as session:
                if not _is_live(token, known.ask_generation(session, token)):
                    return None
        return known.target(token, verb)

    def _read(self) -> Known:
        """What is remembered, read again where it must be, by one thread at a time. Raises StoreUnavailable."""
        with self._reading:
            return self._known.get(self._read_store)

    def _read_store(self) -> Known:
        with self._database.read() as session:
            return Known.read(session)

    def _read_or_busy(self) -> Known:
        try:
            return self._read()
        except StoreUnavailable as trouble:
            raise StoreBusy(str(trouble)) from trouble


def _is_live(token: Token, generation: int | None) -> bool:
    """generation: the lowest live one of the address, None = it leads nowhere."""
    return generation is not None and token.generation >= generation
