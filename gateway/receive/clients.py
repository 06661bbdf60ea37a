"""What one client may take of a door while a hop speaks for him (XFORWARD); the hop and its other clients go on.

His mails are put off with 450, never refused and never at the cost of the session, which is the hop's: so
says Postfix itself to a client over its limits ("too much mail from").
"""

from __future__ import annotations

from collections import Counter

from gateway.receive import reply
from gateway.receive.limits import Limits


class Clients:
    """The clients behind the hops of one door, by address. Times are of the loop, in seconds.

    connections_per_client of the limits counts their open transactions here, and errors their 5xx replies
    within client_seconds, whichever of the hop's sessions they came by. most_known: addresses that are remembered
    with their errors; beyond it the oldest are forgotten.
    """

    def __init__(self, limits: Limits, *, most_known: int = 10_000) -> None:
        self._limits = limits
        self._most_known = most_known
        self._open: Counter[str] = Counter()
        self._errors: dict[str, tuple[float, int]] = {}  # since when, how many; the oldest first

    def enter(self, address: str) -> bool:
        """Begin a transaction; False when he has too many open, and then it does not count."""
        if self._open[address] >= self._limits.connections_per_client:
            return False
        self._open[address] += 1
        return True

    def leave(self, address: str) -> None:
        """End a transaction that was begun."""
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]

    def blame(self, address: str, now: float) -> None:
        """Count an error of his."""
        since, count = self._errors.get(address, (now, 0))
        if now - since >= self._limits.client_seconds:
            since, count = now, 0
        if not count:
            self._errors.pop(address, None)  # to its place among the youngest
        self._errors[address] = (since, count + 1)
        if len(self._errors) > self._most_known:
            del self._errors[next(iter(self._errors))]

    def deferral(self, address: str, now: float) -> str:
        """The reply to a recipient of his while he has made too many errors, "" if he has not."""
        since, count = self._errors.get(address, (now, 0))
        is_over = count >= self._limits.errors and now - since < self._limits.client_seconds
        return reply.CLIENT_TOO_MANY_ERRORS if is_over else ""
