"""What a report about a delivery of ours changes."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from gateway.chatter.deliveries import bounce
from gateway.mail.report_values import Report, ReportedRecipient
from store.models import Delivery, Suppression
from store.session import Database
from tests.outbound.a_house import NOW, a_delivery, a_follower, a_message, a_partner, a_thread, states


def a_sent_delivery(database: Database) -> int:
    with database.write() as session:
        thread_id = a_thread(session)
        message_id = a_message(session, thread_id, a_partner(session, "Alice Adams", internal=True))
        return a_delivery(
            session, message_id, thread_id, a_follower(session, thread_id, "Bob Bell"), state="sent"
        )


def a_bounce(status: str, address: str = "Bob.Bell@People.test", *, hard: bool = False) -> Report:
    return Report(
        "bounce",
        (ReportedRecipient(address, status, "failed", "550 no"),),
        status=status,
        hard=hard,
        reason="refused",
    )


def suppressed(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.execute(select(Suppression.table().c.address)).scalars())


@pytest.mark.parametrize(
    ("report", "state", "dead"),
    [
        (a_bounce("5.1.1", hard=True), "bounced", True),
        (a_bounce("5.2.1"), "bounced", True),
        (a_bounce("5.7.1"), "bounced", False),
        (a_bounce("5.2.2"), "bounced", False),
        (a_bounce("5.1.1", "eve@people.test", hard=True), "sent", False),
        (a_bounce("5.1.1", "", hard=True), "bounced", False),
        (
            Report("delay", (ReportedRecipient("bob.bell@people.test", "4.4.1", "delayed"),), reason="later"),
            "sent",
            False,
        ),
        (
            Report("complaint", (ReportedRecipient("bob.bell@people.test"),), reason="spam"),
            "complained",
            True,
        ),
    ],
    ids=["dead", "disabled", "policy", "full", "another recipient", "nobody named", "delay", "complaint"],
)
def test_a_report_changes_its_own_delivery_and_gives_up_only_dead_addresses(
    database, report: Report, state: str, dead: bool
):
    delivery_id = a_sent_delivery(database)

    with database.write() as session:
        found = bounce(session, delivery_id, report, NOW)

    assert states(database)[delivery_id][0] == state
    assert suppressed(database) == (["bob.bell@people.test"] if dead else [])
    assert found.changed is (state != "sent") and found.suppressed is dead


def test_the_same_bounce_twice_changes_nothing_more(database):
    delivery_id = a_sent_delivery(database)

    with database.write() as session:
        assert bounce(session, delivery_id, a_bounce("5.7.1"), NOW).changed
        assert not bounce(session, delivery_id, a_bounce("5.7.1"), NOW).changed
        assert not bounce(session, 999, a_bounce("5.7.1"), NOW).changed


def test_when_a_whole_next_hop_refuses_nobody_is_given_up(database):
    delivery_id = a_sent_delivery(database)
    rows = [
        {"kind": "message", "channel": "email", "address": f"p{n}@people.test", "reason": "follower", "header_id": "",
         "state": "failed" if n % 2 else "sent", "status": "5.1.1" if n % 2 else "", "created_at": NOW, "due_at": NOW}
        for n in range(40)
    ]  # fmt: skip
    with database.write() as session:
        session.execute(insert(Delivery.table()), rows)
        found = bounce(session, delivery_id, a_bounce("5.1.1", hard=True), NOW)

    assert found.changed and not found.suppressed
    assert suppressed(database) == []
