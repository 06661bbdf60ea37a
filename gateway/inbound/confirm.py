"""Ask a colleague at his true address: was that you? (DESIGN section 5).

At most one open question per partner and hour; mail that is held later joins it. The question carries
subject and time, never the text, because nobody has proven who wrote it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from gateway.chatter import access
from gateway.chatter.post import delivery_row
from store.models.views import ParticipantView
from store.queries import access as store
from store.queries import message as messages
from store.session import Session

PURPOSE = "confirm"
LIVES = timedelta(days=14)
_ONE_PER = timedelta(hours=1)


class Confirmation:
    """Queues confirm mails. base_url: of the web pages; new_header_id: mints a Message-ID."""

    def __init__(self, *, base_url: str, domain: str, new_header_id: Callable[[str], str]) -> None:
        self._base_url = base_url.rstrip("/")
        self._domain = domain
        self._new_header_id = new_header_id

    def ask(
        self, session: Session, colleague: ParticipantView, mail_id: int, subject: str, now: datetime, *,
        received_at: datetime,
    ) -> bool:  # fmt: skip
        """Ask about one held mail; False when it joined a question that is open already."""
        open_ones = store.open_secrets(session, PURPOSE, colleague.partner_id, now - _ONE_PER)
        if open_ones:
            waiting = open_ones[0]
            mails = [*waiting.payload.get("mails", []), mail_id]
            store.change_secret(session, waiting.hash, {**waiting.payload, "mails": mails})
            return False
        secret = access.make_link_secret(
            session,
            PURPOSE,
            partner_id=colleague.partner_id,
            payload={"mails": [mail_id]},
            lives=LIVES,
            now=now,
        )
        payload = {
            "subject": subject,
            "received": received_at.isoformat(),
            "url": f"{self._base_url}/confirm/{secret}",
        }
        row = delivery_row(
            "confirm", address=colleague.email, reason="confirm", header_id=self._new_header_id(self._domain), now=now,
            partner_id=colleague.partner_id, payload=payload,
        )  # fmt: skip
        messages.add_deliveries(session, [row])
        return True
