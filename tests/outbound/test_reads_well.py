"""The mails as a reader sees them: where things stand, and what is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.outbound.channels.maildir import Maildir, Written, outbox
from gateway.outbound.house import MARKER
from store.session import Database
from tests.outbound.a_house import (
    a_delivery,
    a_dispatcher,
    a_follower,
    a_message,
    a_partner,
    a_thread,
)


async def the_mail(database: Database, tmp_path: Path, *, language: str = "", **message: Any) -> Written:
    """The mail of one message to one colleague."""
    with database.write() as session:
        thread_id = a_thread(session)
        message_id = a_message(
            session, thread_id, a_partner(session, "Alice Adams", internal=True), **message
        )
        bob = a_follower(session, thread_id, "Bob", internal=True, language=language)
        a_delivery(session, message_id, thread_id, bob)
    return await sent(database, tmp_path)


async def sent(database: Database, tmp_path: Path) -> Written:
    dispatcher = a_dispatcher(database, Maildir(tmp_path / "outbox"))
    await dispatcher.drain()
    await dispatcher.stop()
    [written] = outbox(tmp_path / "outbox")
    return written


async def test_d14_the_signature_stands_at_the_end_once_and_nothing_but_our_footer_below_it(
    database, tmp_path
):
    text = "Here it is.\n\n-- \nAlice Adams\nAcme Pumps"

    written = await the_mail(database, tmp_path, body_text=text, body_html="<p>Here it is.</p>")

    lines = written.text.replace("\r\n", "\n")
    assert lines.count("\n-- \n") == 1
    above, _, below = lines.partition("\n-- \n")
    assert "Here it is.\n\nOpen the conversation: https://desk.acme.test/r/ticket/42\n" in above
    assert below.startswith("Alice Adams\nAcme Pumps\n\nYou get this mail from Acme because")


@pytest.mark.parametrize("text", ["One\n--\nTwo", "One -- two", "One\n-- \n" + "a line\n" * 40])
async def test_what_is_no_signature_stays_where_it_stands(database, tmp_path, text: str):
    written = await the_mail(database, tmp_path, body_text=text, body_html="<p>x</p>")

    assert text.strip() + "\n\nOpen the conversation" in written.text.replace("\r\n", "\n")


async def test_a_value_that_was_or_becomes_empty_is_shown_as_a_dash(database, tmp_path):
    changes = [
        {"field": "owner", "label": "Owner", "old": "", "new": "Bob"},
        {"field": "due", "label": "Due", "old": "Monday", "new": ""},
    ]

    written = await the_mail(database, tmp_path, kind="log", tracking=changes, body_html="", body_text="")

    assert "Owner: - -> Bob" in written.text and "Due: Monday -> -" in written.text
    assert ">–</span> → <strong>Bob</strong>" in written.html and "→ <strong>–</strong>" in written.html


@pytest.mark.parametrize(
    ("language", "shown"), [("en", "Nov 23, 2026, 9:30 AM UTC"), ("it", "23 nov 2026, 09:30 UTC")]
)
async def test_the_moment_is_told_to_the_minute_in_the_reader_s_language(database, tmp_path, language, shown):
    written = await the_mail(database, tmp_path, language=language)

    assert f"The pump leaks · {shown}\n" in written.text.replace("\r\n", "\n").replace("\u202f", " ")


@pytest.mark.parametrize("kind", ["confirm", "login", "refusal"])
async def test_a_mail_that_nobody_should_answer_does_not_ask_for_an_answer(database, tmp_path, kind: str):
    with database.write() as session:
        payload = {"subject": "Re: <b>", "url": "https://desk.acme.test/x", "reason": "for staff only"}
        reader = a_partner(session, "Bob", internal=True)
        a_delivery(session, None, None, reader, kind=kind, reason=kind, payload=payload)

    written = await sent(database, tmp_path)

    assert MARKER not in written.text and MARKER not in written.html
    assert "<b>" not in written.html
    assert dict(written.headers)["X-Auto-Response-Suppress"] == "OOF, AutoReply, DR, RN, NRN"
    assert not {"Reply-To", "List-Unsubscribe"} & set(dict(written.headers))


@pytest.mark.parametrize(
    ("language", "when"), [("", "Nov 23, 2026, 9:05\u202fAM UTC"), ("it", "23 nov 2026, 09:05 UTC")]
)
async def test_the_question_was_that_you_tells_the_time_as_its_reader_writes_it(
    database, tmp_path, language: str, when: str
):
    payload = {
        "subject": "A rise",
        "received": "2026-11-23T09:05:12.345678+00:00",
        "url": "https://x.test/confirm/1",
    }
    with database.write() as session:
        alice = a_partner(session, "Alice Adams", internal=True, language=language)
        a_delivery(session, None, None, alice, kind="confirm", reason="confirm", payload=payload)

    written = await sent(database, tmp_path)

    assert when in written.text and when in written.html
    assert "2026-11-23T" not in written.text + written.html


QUOTED = {"body_text": "", "body_html": "", "quoted_html": "<blockquote>did it?</blockquote>"}


@pytest.mark.parametrize(("language", "words"), [
    ("en", "No new text; the quoted text is on the page."), ("it", "Nessun testo nuovo; il testo citato è nella pagina."),
])  # fmt: skip
async def test_an_answer_that_is_only_a_quotation_says_so(database, tmp_path, language: str, words: str):
    written = await the_mail(database, tmp_path, language=language, **QUOTED)

    assert written.text.count(words) == 1 and written.html.count(words) == 1
    assert "did it?" not in written.text


@pytest.mark.parametrize("said", [
    {"body_text": "Yes.", "body_html": "<p>Yes.</p>"}, {"quoted_html": None},
    {"body_html": '<p><img src="cid:x" alt=""></p>'},
])  # fmt: skip
async def test_what_says_anything_or_quotes_nothing_is_not_called_a_quotation(database, tmp_path, said):
    written = await the_mail(database, tmp_path, **{**QUOTED, **said})

    assert "No new text" not in written.text + written.html


async def test_a_record_without_a_title_is_called_as_its_mails_are(database, tmp_path):
    with database.write() as session:
        thread_id = a_thread(session, title="", subject="Ticket 42")
        message_id = a_message(session, thread_id, a_partner(session, "Alice Adams", internal=True))
        a_delivery(session, message_id, thread_id, a_follower(session, thread_id, "Bob", internal=True))

    written = await sent(database, tmp_path)

    assert "\nTicket 42 · " in written.text.replace("\r\n", "\n")
    assert ">Ticket 42 · " in written.html and "<title>Ticket 42</title>" in written.html


@pytest.mark.parametrize(("kind", "words"), [("log", "Something changed:"), ("message", "Acme wrote:")])
async def test_what_no_person_did_is_the_house_s(database, tmp_path, kind: str, words: str):
    system = {"author_id": None, "author_name": "Threadpost", "author_email": ""}
    with database.write() as session:
        thread_id = a_thread(session)
        values = {"kind": kind, "body_text": "Sold.", **system}
        message_id = a_message(session, thread_id, **{"author_id": None, **values})
        a_delivery(session, message_id, thread_id, a_follower(session, thread_id, "Bob"))

    written = await sent(database, tmp_path)

    assert words in written.text and words in written.html
    assert "Threadpost" not in written.text + written.html
    assert dict(written.headers)["From"].startswith("Acme <")
