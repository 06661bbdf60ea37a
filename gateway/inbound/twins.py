"""A held mail that comes again, such as after a lost 250 (RFC 1047), waits on the desk once.

Only a copy that is held for the very same reason goes: whoever sends a forged copy of a mail first must not
take the true one off the desk. Targets that lead to one place go together or stay together: what is left of
a mail to a note's address and a public one would be public.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.inbound.outcome import Outcome, Trace
from gateway.rules.routing import Target, to_row
from store.queries.twins import held_twin
from store.session import Session

End = tuple[Outcome, Trace]


def wait_once(
    session: Session, mail_id: int, fingerprint: str, targets: Sequence[Target], ends: Sequence[End]
) -> list[End]:
    """The ends of the targets of a mail: absorbed where it is held already, else as they were."""
    found = list(ends)
    places: dict[int, list[int]] = {}
    for index, (outcome, trace) in enumerate(ends):
        if outcome.state == "held":
            places.setdefault(id(trace), []).append(index)  # the targets of one place share its trace
    for indices in places.values():
        outcome, trace = ends[indices[0]]
        twins = [_twin(session, mail_id, fingerprint, targets[index], outcome.reason) for index in indices]
        if None in twins:
            continue
        words = f"duplicate of {twins[0]}, which is held"
        trace.add("hold", "absorbed", words)
        for index in indices:
            found[index] = Outcome("absorbed", words, thread_id=outcome.thread_id), trace
    return found


def _twin(session: Session, mail_id: int, fingerprint: str, target: Target, reason: str) -> int | None:
    kind, values = to_row(target)
    return held_twin(session, mail_id, fingerprint, kind=kind, values=values, reason=reason)
