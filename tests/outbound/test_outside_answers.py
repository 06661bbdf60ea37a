"""What a colleague reads of an outsider's answer to a note: who answered, why he is told, and where his answer goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.outbound.channels.maildir import Maildir, Written, outbox
from store.session import Database
from tests.outbound.a_house import a_delivery, a_dispatcher, a_message, a_partner, a_thread

STAYS = {
    "en": "An answer to this mail stays inside: Yuri gets it only if mentioned in it.",
    "it": "Una risposta a questo messaggio resta interna: Yuri la riceve solo se vi è menzionato.",
}
WHY = {
    ("answer", "en"): "You get this mail from Acme because it answers what you wrote.",
    ("answer", "it"): "Ricevi questo messaggio da Acme perché risponde a ciò che hai scritto.",
    ("charge", "en"): "You get this mail from Acme because somebody outside answered and you look after this conversation.",
    ("charge", "it"): "Ricevi questo messaggio da Acme perché una persona esterna ha risposto e questa conversazione è "
    "affidata a te.",
}  # fmt: skip


async def told(
    database: Database, tmp_path: Path, *, language: str, reason: str, staff: bool = False
) -> Written:
    """Alice's mail about a note of Yuri's. staff: Yuri is a colleague."""
    with database.write() as session:
        thread_id = a_thread(session)
        yuri = a_partner(session, "Yuri", internal=staff)
        note = a_message(
            session, thread_id, yuri, kind="note", subtype="note", internal=True, author_name="Yuri"
        )
        alice = a_partner(session, "Alice Adams", internal=True, language=language)
        a_delivery(session, note, thread_id, alice, reason=reason)
    dispatcher = a_dispatcher(database, Maildir(tmp_path / "outbox"))
    await dispatcher.drain()
    await dispatcher.stop()
    [written] = outbox(tmp_path / "outbox")
    return written


@pytest.mark.parametrize(("reason", "language"), WHY)
async def test_c05_the_mail_about_an_outsider_s_answer_says_why_and_that_an_answer_stays_inside(
    database, tmp_path, reason: str, language: str
):
    written = await told(database, tmp_path, language=language, reason=reason)

    did = {"en": "Yuri answered:", "it": "Yuri ha risposto:"}[language]
    for shown in (written.text, written.html):
        words = " ".join(shown.split())
        assert did in words and STAYS[language] in words and WHY[reason, language] in words
        assert "logged a note" not in words and "ha registrato" not in words


async def test_a_colleague_s_note_is_a_note_and_says_nothing_of_the_sort(database, tmp_path):
    written = await told(database, tmp_path, language="en", reason="recipient", staff=True)

    assert "Yuri logged a note:" in written.text
    assert "stays inside" not in written.text + written.html
