"""Two reports about one delivery: the one that says the address is dead counts, whichever comes first."""

from __future__ import annotations

import pytest

from gateway.chatter.deliveries import bounce
from store.session import Database
from tests.outbound.a_house import NOW, states
from tests.outbound.test_reports import a_bounce, a_sent_delivery, suppressed


@pytest.mark.parametrize(
    ("statuses", "dead"),
    [
        (("5.2.2", "5.1.1"), True),
        (("5.7.1", "5.1.1"), True),
        (("5.1.1", "5.2.2"), True),
        (("5.2.2", "5.7.1"), False),
    ],
)
def test_the_hard_report_counts(database: Database, statuses: tuple[str, str], dead: bool):
    delivery = a_sent_delivery(database)

    for status in statuses:
        with database.write() as session:
            bounce(session, delivery, a_bounce(status), NOW)

    assert states(database)[delivery][0] == "bounced"
    assert bool(suppressed(database)) is dead
