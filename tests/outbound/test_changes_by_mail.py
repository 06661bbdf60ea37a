"""Tracked changes as they are read in mail: T186 by mail, and the words of the reader's language."""

from __future__ import annotations

from pathlib import Path

from gateway.outbound.channels.maildir import Maildir, outbox
from tests.outbound.a_house import (
    a_delivery,
    a_dispatcher,
    a_follower,
    a_message,
    a_partner,
    a_thread,
)

LINES = [
    {"field": "paid", "label": "Paid", "old": "no", "new": "yes", "type": "boolean"},
    {"field": "stage", "label": "Stage", "old": "no", "new": "done"},
    {"field": "margin", "label": "Margin", "old": "10", "new": "33", "internal": True},
]


async def test_t186_an_internal_line_is_in_the_mail_of_staff_only_and_yes_is_said_in_the_reader_s_language(
    database, tmp_path: Path
):
    with database.write() as session:
        thread_id = a_thread(session)
        author_id = a_partner(session, "Alice Adams", internal=True)
        message_id = a_message(
            session, thread_id, author_id, kind="log", tracking=LINES, body_html="", body_text="Paid: no"
        )
        for name, values in (("Bob", {"internal": True}), ("Carla", {"language": "it"})):
            a_delivery(session, message_id, thread_id, a_follower(session, thread_id, name, **values))
    dispatcher = a_dispatcher(database, Maildir(tmp_path / "outbox"))

    await dispatcher.drain()
    await dispatcher.stop()

    mails = {dict(mail.headers)["To"]: mail for mail in outbox(tmp_path / "outbox")}
    [inside] = [mail for to, mail in mails.items() if "bob" in to.lower()]
    [outside] = [mail for to, mail in mails.items() if "carla" in to.lower()]
    assert "Margin: 10 -> 33" in inside.text and "Paid: no -> yes" in inside.text
    assert "Paid: no -> sì" in outside.text and "Stage: no -> done" in outside.text
    for shown in (outside.text, outside.html):
        assert "Margin" not in shown and "33" not in shown
