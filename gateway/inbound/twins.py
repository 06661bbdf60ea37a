"""A held mail that comes again, such as after a lost 250 (RFC 1047), waits on the desk once.

Only a copy that is held for the very same reason goes: whoever sends a forged copy of a mail first must not
take the true one off the desk.
"""

from __future__ import annotations

from gateway.inbound.outcome import Outcome, Trace
from gateway.rules.routing import Target, to_row
from store.queries.twins import held_twin
from store.session import Session


def waits_once(
    session: Session, mail_id: int, fingerprint: str, target: Target, end: tuple[Outcome, Trace]
) -> tuple[Outcome, Trace]:
    """The end of a target: absorbed where the mail is held already, else as it was."""
    outcome, trace = end
    if outcome.state != "held":
        return end
    kind, values = to_row(target)
    twin = held_twin(session, mail_id, fingerprint, kind=kind, values=values, reason=outcome.reason)
    if twin is None:
        return end
    trace.add("hold", "absorbed", f"duplicate of {twin}, which is held")
    return Outcome("absorbed", f"duplicate of {twin}, which is held", thread_id=outcome.thread_id), trace
