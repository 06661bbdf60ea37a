"""/raw: the HTTP door for mail; the same accept as over SMTP, durable before 202."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from litestar.params import Parameter

from gateway.chatter.access import Caller
from gateway.errors import BadShape, BadValue, FieldError, Forbidden, TooLarge, UnknownRecipient
from gateway.inbound.spool import Spool
from gateway.mail.address import normalise
from gateway.mail.envelope import Envelope
from gateway.mail.origin import HEAD_OCTETS, presumed_reverse_path
from gateway.rules.routing import AliasTarget, Leave, Reply, Target
from gateway.web import idempotency
from gateway.web.auth import Asking, needs
from gateway.web.services import Given, Services
from store.queries import access as answers
from store.queries import thread as threads
from store.session import Session

DOOR = "raw"
_MOST_RECIPIENTS = 100


class Accepted(msgspec.Struct, frozen=True):
    """A forward-path that is ours, and what it means."""

    forward_path: str
    kind: str


class Receipt(msgspec.Struct, frozen=True):
    """A mail that is durable. id: of its entry in the ledger. unknown: forward-paths that are not ours."""

    id: int
    targets: list[Accepted]
    unknown: list[str]


@post("/raw", guards=[needs("ingest")], status_code=202, tags=["ledger"], request_max_body_size=None)
async def take_mail(
    services: Given, caller: Asking, request: Request[Any, Any, Any], rcpt: list[str] | None = None,
    reverse_path: Annotated[str | None, Parameter(query="from")] = None,
) -> Response[Receipt]:  # fmt: skip
    """Take a mail (message/rfc822) for these recipients.

    ``from`` is its reverse-path, "" = the null path, absent = the Return-Path or else the author of the mail.
    """
    envelope = _envelope(rcpt or [], reverse_path or "")
    if await services.acceptor.is_blocked(envelope.reverse_path):
        raise BadValue.of("from", f"mail from {envelope.reverse_path} is blocked")
    known, unknown = await _resolve(services, envelope)
    if caller.record_types:
        await asyncio.to_thread(_refuse_others, services, caller, envelope, known)
    spool, digest, head = await _spooled(request, services)
    try:
        kept = await asyncio.to_thread(_earlier, request, services, caller, digest)
    except BaseException:
        spool.discard()
        raise
    if kept is not None and kept.status:
        spool.discard()
        return idempotency.repeated(kept)
    reverse = envelope.reverse_path if reverse_path is not None else presumed_reverse_path(head)
    ours = Envelope(reverse, tuple(path for path, _ in known))
    mail_id = await services.acceptor.accept(DOOR, ours, [target for _, target in known], spool)
    receipt = Receipt(mail_id, [Accepted(path, target.kind) for path, target in known], unknown)
    await asyncio.to_thread(_keep, request, services, caller, receipt)
    return Response(receipt, status_code=202)


def _envelope(recipients: list[str], reverse_path: str) -> Envelope:
    """The envelope of the call. Raises BadShape, BadValue."""
    if not recipients:
        raise BadShape("name at least one recipient", [FieldError("#/rcpt", "missing")])
    if len(recipients) > _MOST_RECIPIENTS:
        raise BadValue.of("rcpt", f"a mail has at most {_MOST_RECIPIENTS} recipients")
    reverse = reverse_path.strip().removeprefix("<").removesuffix(">")
    if reverse and not normalise(reverse):
        raise BadValue.of("from", f"{reverse!r} is not an e-mail address")
    return Envelope(reverse, tuple(dict.fromkeys(path.strip().strip("<>") for path in recipients)))


async def _resolve(services: Services, envelope: Envelope) -> tuple[list[tuple[str, Target]], list[str]]:
    """The forward-paths that are ours, and those that are not. Raises BadValue when none is."""
    known: list[tuple[str, Target]] = []
    unknown: list[str] = []
    for path in envelope.forward_paths:
        try:
            known.append((path, await services.acceptor.resolve(path)))
        except UnknownRecipient:
            unknown.append(path)
    if not known:
        errors = [
            FieldError(f"#/rcpt/{index}", f"{path} is not an address of ours")
            for index, path in enumerate(unknown)
        ]
        raise BadValue("no recipient is ours", errors)
    return known, unknown


def _refuse_others(
    services: Services, caller: Caller, envelope: Envelope, known: list[tuple[str, Target]]
) -> None:
    """A token of some record types brings mail for those only. Raises Forbidden."""
    ids = [target.thread_id for _, target in known if isinstance(target, Reply | Leave)]
    named = services.read(lambda session: threads.names(session, ids))
    errors = []
    for path, target in known:
        if isinstance(target, AliasTarget):
            record_type = target.record_type
        else:
            record_type = named.get(getattr(target, "thread_id", 0), ("", ""))[0]
        if not caller.may("ingest", record_type):
            place = envelope.forward_paths.index(path)
            errors.append(FieldError(f"#/rcpt/{place}", f"the token does not cover what {path} leads to"))
    if errors:
        raise Forbidden(errors[0].detail, errors)


async def _spooled(request: Request[Any, Any, Any], services: Services) -> tuple[Spool, str, bytes]:
    """The mail as it comes in, its SHA-256 and its beginning. Raises TooLarge, BadShape for an empty one."""
    spool, digest, head = services.acceptor.spool(), hashlib.sha256(), b""
    try:
        async for chunk in request.stream():
            if spool.size + len(chunk) > services.max_mail:
                raise TooLarge(f"a mail has at most {services.max_mail} octets")
            digest.update(chunk)
            head += chunk[: HEAD_OCTETS - len(head)]
            await asyncio.to_thread(spool.write, chunk)
        if not spool.size:
            raise BadShape("the body is the mail; it was empty", [FieldError("#", "empty")])
    except BaseException:
        spool.discard()
        raise
    return spool, digest.hexdigest(), head


def _earlier(request: Request[Any, Any, Any], services: Services, caller: Any, digest: str) -> Any | None:
    """What an earlier call under the same key was answered; its status is 0 if it never came to an end.

    Then the mail is taken once more: twins of a mail are recognised when they are posted.
    """
    key = idempotency.key_of(request)
    if not key:
        return None
    return services.write(lambda s: idempotency.take(s, request, services, caller, key, digest))


def _keep(request: Request[Any, Any, Any], services: Services, caller: Any, receipt: Receipt) -> None:
    key = idempotency.key_of(request)

    def work(session: Session) -> None:
        answers.keep_answer(session, idempotency.caller_name(caller), key, 202, msgspec.json.encode(receipt))

    if key:
        services.write(work)


handlers: list[Any] = [take_mail]
