"""Addresses that get no mail (suppressions), and those from which none is taken (blocks)."""

from __future__ import annotations

from gateway.client.calls import Call, Cursor, asked, given, step
from gateway.client.shapes.addresses import Block, Suppression
from gateway.client.shapes.common import Page


def suppressions(
    *, before: Cursor = None, after: Cursor = None, around: Cursor = None, limit: int = 200
) -> Call[Page[Suppression]]:
    """Addresses that get no mail, by address."""
    return Call(
        "GET",
        "/suppressions",
        Page[Suppression],
        query=asked(before=before, after=after, around=around, limit=limit),
    )


def suppression(address: str) -> Call[Suppression]:
    """Why an address gets no mail; a ProblemError of 404 when it does."""
    return Call("GET", f"/suppressions/{step(address)}", Suppression)


def put_suppression(
    address: str,
    *,
    reason: str | None = None,
    status: str | None = None,
    until: str | None = None,
    source: str | None = None,
    actor: str | None = None,
) -> Call[Suppression]:
    """Send no more mail to an address. until: a time in the future (RFC 3339), None = for good.

    status: an enhanced status (RFC 3463), None = none. source: who says so, None = the actor.
    """
    body = given(reason=reason, status=status, until=until, source=source, actor=actor)
    return Call("PUT", f"/suppressions/{step(address)}", Suppression, body)


def delete_suppression(address: str, *, actor: str = "") -> Call[None]:
    """Let mail go to an address again."""
    return Call("DELETE", f"/suppressions/{step(address)}", None, query=asked(actor=actor))


def blocks(
    *, before: Cursor = None, after: Cursor = None, around: Cursor = None, limit: int = 200
) -> Call[Page[Block]]:
    """Reverse-paths that are refused at the door, by pattern."""
    return Call(
        "GET", "/blocks", Page[Block], query=asked(before=before, after=after, around=around, limit=limit)
    )


def put_block(pattern: str, *, reason: str | None = None, actor: str | None = None) -> Call[Block]:
    """Refuse mail whose reverse-path is this address, or is of this ``@domain``."""
    return Call("PUT", f"/blocks/{step(pattern)}", Block, given(reason=reason, actor=actor))


def delete_block(pattern: str, *, actor: str = "") -> Call[None]:
    """Take mail from there again."""
    return Call("DELETE", f"/blocks/{step(pattern)}", None, query=asked(actor=actor))
