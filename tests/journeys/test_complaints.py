"""A reader calls our mail spam: his address gets no more, wherever and however his provider says so."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.rules.token import Kind, Token, mint
from tests.builders import DOMAIN, KEYS, World, a_mail

CAROL = "carol@customer.example"


def a_delivery(world: World) -> tuple[int, str]:
    """Carol is told of a message: the delivery and its reverse-path (VERP)."""
    alice = world.partner("alice@corp.example", internal=True)
    carol = world.partner(CAROL)
    thread = world.ticket(followers=[carol])
    dora = world.partner("dora@stranger.example")
    world.follow(thread, dora)
    world.receive(a_mail(dora.email), world.reply_address(thread, dora))
    assert alice.internal
    rows = rows_of(world, "SELECT id FROM delivery WHERE partner_id = " + str(carol.id))
    token = Token(Kind.BOUNCE, rows[0][0], carol.id)
    return rows[0][0], f"bounce+{mint(token, KEYS)}@{DOMAIN}"


def rows_of(world: World, statement: str) -> list[Any]:
    with world.database.read() as session:
        return list(session.exec_driver_sql(statement).all())


def feedback(
    original_mail_from: str = "", *, return_path: str = "", complainer: str = CAROL, kind: str = "abuse"
) -> bytes:
    """A complaint in the abuse reporting format (RFC 5965)."""
    machine = f"Feedback-Type: {kind}\r\nUser-Agent: Feedback/1\r\nVersion: 1\r\n"
    machine += f"Original-Mail-From: <{original_mail_from}>\r\n" if original_mail_from else ""
    machine += f"Original-Rcpt-To: <{complainer}>\r\n" if complainer else ""
    returned = f"Return-Path: <{return_path}>\r\n" if return_path else ""
    return (
        "From: feedback@provider.example\r\nTo: abuse@x.example\r\nSubject: complaint\r\nMIME-Version: 1.0\r\n"
        "Message-ID: <arf@provider.example>\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSomebody complained.\r\n"
        f"--b\r\nContent-Type: message/feedback-report\r\n\r\n{machine}\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\n{returned}From: notifications@{DOMAIN}\r\n"
        "Subject: x\r\nMessage-ID: <m1@x.example>\r\n\r\nHello\r\n--b--\r\n"
    ).encode()


def outcome(world: World, delivery_id: int) -> tuple[str, list[str]]:
    """The state of the delivery, and the suppressed addresses."""
    [state] = rows_of(world, f"SELECT state FROM delivery WHERE id = {delivery_id}")
    return state[0], [row[0] for row in rows_of(world, "SELECT address FROM suppression")]


@pytest.mark.parametrize("says", ["Original-Mail-From", "Return-Path", "where it is sent"])
@pytest.mark.parametrize("reverse_path", ["", "feedback@provider.example"])
def test_a_complaint_that_names_our_delivery_and_its_reader_counts(
    world: World, says: str, reverse_path: str
):
    delivery_id, verp = a_delivery(world)
    raw, to = {
        "Original-Mail-From": (feedback(verp), f"abuse@{DOMAIN}"),
        "Return-Path": (feedback(return_path=verp), f"abuse@{DOMAIN}"),
        "where it is sent": (feedback(), verp),
    }[says]

    mail_id = world.receive(raw, to, reverse_path=reverse_path)

    assert outcome(world, delivery_id) == ("complained", [CAROL])
    assert (world.entry(mail_id).state, world.entry(mail_id).reason) == (
        "absorbed",
        "complaint: nothing more is sent to the address",
    )


@pytest.mark.parametrize(
    "report",
    [
        {"complainer": "eve@elsewhere.example"},
        {"complainer": ""},
        {"kind": "auth-failure"},
        {"original_mail_from": f"bounce+{'a' * 40}@{DOMAIN}"},
        {"original_mail_from": "dora@stranger.example"},
        {"original_mail_from": "a reply address"},
    ],
    ids=lambda report: "-".join(report.values()),
)
@pytest.mark.parametrize("where", ["abuse", "its bounce address"])
def test_a_complaint_about_another_reader_or_without_our_token_changes_nothing(
    world: World, report: dict[str, str], where: str
):
    delivery_id, verp = a_delivery(world)
    if report.get("original_mail_from") == "a reply address":
        report = {"original_mail_from": world.reply_address(world.ticket())}
    is_about_token = "original_mail_from" in report
    raw = feedback(**{"original_mail_from": verp, **report})

    mail_id = world.receive(raw, f"abuse@{DOMAIN}" if where == "abuse" or is_about_token else verp)

    state, suppressed = outcome(world, delivery_id)
    assert (state, suppressed) == ("queued", [])
    assert world.entry(mail_id).state == ("held" if where == "abuse" or is_about_token else "absorbed")


def test_a_bounce_with_a_reverse_path_still_proves_nothing(world: World):
    delivery_id, verp = a_delivery(world)
    raw = (
        f"From: MAILER-DAEMON@x.example\r\nTo: {verp}\r\nSubject: failure\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nno\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; x.example\r\n\r\nFinal-Recipient: rfc822; {CAROL}\r\nAction: failed\r\n"
        "Status: 5.1.1\r\n\r\n--b--\r\n"
    ).encode()

    world.receive(raw, verp, reverse_path="mallory@evil.example")

    assert outcome(world, delivery_id) == ("queued", [])
