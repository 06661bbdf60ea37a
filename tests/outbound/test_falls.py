"""A dispatcher that is killed in the middle loses no mail and doubles at most one for each connection."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter

from gateway.outbound.channels.email import Email, Relay
from tests.outbound.a_house import (
    a_delivery,
    a_dispatcher,
    a_follower,
    a_message,
    a_partner,
    a_thread,
    states,
)
from tests.outbound.conftest import NextHop

MAILS = 150


async def test_kill_9_in_the_middle(database, next_hop: NextHop):
    with database.write() as session:
        thread_id = a_thread(session)
        message_id = a_message(session, thread_id, a_partner(session, "Alice Adams", internal=True))
        for number in range(MAILS):
            a_delivery(session, message_id, thread_id, a_follower(session, thread_id, f"reader{number}"))
    url = database.url.render_as_string(hide_password=False)

    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.outbound.a_sender", url, str(next_hop.port)
    )
    while len(next_hop.envelopes) < MAILS // 3:
        await asyncio.sleep(0.005)
    victim.kill()
    await victim.wait()
    before = len(next_hop.envelopes)
    heir = a_dispatcher(database, Email(Relay.of(f"smtp://127.0.0.1:{next_hop.port}"), width=4), owner="heir")
    await heir.start(free_leases=True)
    while any(state == "queued" for state, _, _ in states(database).values()):
        await asyncio.sleep(0.02)
    await heir.stop()

    copies = Counter(envelope.rcpt_tos[0] for envelope in next_hop.envelopes)
    assert before < MAILS, "the victim was too fast to be killed in the middle"
    assert len(copies) == MAILS, "a mail was lost"
    assert sum(copies.values()) - MAILS <= 4, "more than one mail in doubt for each connection"
    assert max(copies.values()) <= 2
