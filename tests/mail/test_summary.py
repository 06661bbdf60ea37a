"""The summary of a mail has the keys that scripts rely on."""

from __future__ import annotations

import json

from gateway.mail.summary import summarise

KEYS = (
    "file subject from date message_id text html reply_text quoted_text signature_text attachments is_bounce recipients"
    " status hard is_auto auto_reason is_feedback is_receipt defects"
)


def test_a_summary_tells_all_that_was_read() -> None:
    raw = (
        b"From: Ann Lee <ann@example.com>\nTo: desk@example.org\nSubject: Pump 7\nMessage-ID: <1@example.com>\n"
        b"Date: Mon, 23 Nov 2026 10:00:00 +0100\n\nPlease call me.\n"
    )

    told = summarise(raw, "a.eml")

    assert set(told) == set(KEYS.split())
    assert (told["file"], told["from"], told["subject"]) == ("a.eml", "Ann Lee <ann@example.com>", "Pump 7")
    assert (told["date"], told["message_id"]) == ("2026-11-23T09:00:00+00:00", "<1@example.com>")
    assert told["reply_text"].strip() == "Please call me."
    assert not (told["is_bounce"] or told["is_auto"] or told["is_feedback"] or told["is_receipt"])


def test_any_octets_have_a_summary_that_json_can_hold() -> None:
    for raw in (b"", b"\0\xff", b"From:\n\n", b"Content-Type: multipart/mixed; boundary=a\n\n--a\n"):
        assert json.loads(json.dumps(summarise(raw, "x")))["file"] == "x"
