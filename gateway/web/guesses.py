"""Who guesses tokens: bad ones are counted for each client address, as the doors count errors (receive/clients).

A token has 256 random bits, so nobody finds one; what is spared is the store. A good token passes always: a client with
an old one beside others behind the same address costs them nothing. Behind a proxy on this machine the address is that
of the client, as the proxy says it (X-Forwarded-For).
"""

from __future__ import annotations

from datetime import datetime, timedelta


class Guesses:
    """The addresses that gave bad tokens lately. allowed: so many within ``window``, before they are put off.

    most_known: addresses that are remembered; beyond it the oldest are forgotten.
    """

    def __init__(
        self, *, allowed: int = 200, window: timedelta = timedelta(minutes=1), most_known: int = 10_000
    ) -> None:
        self._allowed = allowed
        self._window = window
        self._most_known = most_known
        self._bad: dict[str, tuple[datetime, int]] = {}  # since when, how many; the oldest first

    def wait(self, address: str, now: datetime) -> int:
        """Count a bad token; answers for how many seconds to put its client off, 0 = not yet."""
        since, count = self._bad.pop(address, (now, 0))
        if now - since >= self._window or now < since:
            since, count = now, 0
        self._bad[address] = (since, count + 1)
        if len(self._bad) > self._most_known:
            del self._bad[next(iter(self._bad))]
        return max(1, int((since + self._window - now).total_seconds())) if count >= self._allowed else 0
