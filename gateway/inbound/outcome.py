"""How the journey of a mail ends, for one of its targets; and the trace that says why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from store.queries.inbound import WORST_FIRST


@dataclass(frozen=True, slots=True)
class Outcome:
    """state: posted, absorbed, held or refused. thread_id, message_id: where it was posted, else None."""

    state: str
    reason: str = ""
    thread_id: int | None = None
    message_id: int | None = None


@dataclass(slots=True)
class Trace:
    """What each step found, in order."""

    lines: list[dict[str, Any]] = field(default_factory=list)

    def add(self, step: str, finding: str, reason: str = "") -> None:
        """Note one step."""
        self.lines.append({"step": step, "finding": finding, "reason": reason})

    def branch(self) -> Trace:
        """A trace that goes on from here on its own."""
        return Trace(list(self.lines))


def worst(states: Iterable[str]) -> str:
    """The state of an entry whose targets have these states."""
    return min(states, key=WORST_FIRST.index)
