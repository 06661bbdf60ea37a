"""How reports are read, beyond what the corpus shows: causes, gates, hostile input, speed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.message import Address, Attachment, ParsedMail, ReportPart
from gateway.mail.report import read_report
from gateway.mail.report_cause import cause_of

BOB = "bob@hill.example"


def a_notice(diagnostic: str, status: str = "") -> ParsedMail:
    fields = f"Reporting-MTA: dns; hill.example\n\nFinal-Recipient: rfc822; {BOB}\nAction: failed\n"
    fields += f"Status: {status}\n" if status else ""
    return ParsedMail(
        content_type="multipart/report",
        report_parts=(
            ReportPart("message/delivery-status", f"{fields}Diagnostic-Code: smtp; {diagnostic}\n"),
        ),
    )


CAUSES = [
    ("550 Unknown user bob", "dead mailbox"),
    ("550 User unknown in virtual alias table", "dead mailbox"),
    ("550 no such recipient", "dead mailbox"),
    ("The email account that you tried to reach does not exist", "dead mailbox"),
    ("user has moved to another host", "moved"),
    ("Host or domain name not found. Name service error", "dead domain"),
    ("Domain hill.example does not exist", "dead domain"),
    ("552 Mailbox is full", "full"),
    ("452 over quota", "full"),
    ("550 Message size exceeds fixed limit", "too big"),
    ("554 Too many hops", "loop"),
    ("550 relaying denied", "relay"),
    ("554 listed at a DNSBL", "policy"),
    ("550 SPF check failed; policy", "policy"),
    ("550 This account has been disabled", "disabled"),
    ("connect to hill.example: Connection refused", "unreachable"),
    ("retry timeout exceeded", "expired"),
    ("hello", None),
]


@pytest.mark.parametrize(("words", "name"), CAUSES)
def test_the_words_tell_the_cause(words, name):
    cause = cause_of(words)

    assert (cause.name if cause else None) == name


HARD = [
    ("550 5.1.1 user unknown", "", True, "status and words"),
    ("550 user unknown", "5.0.0", True, "words under a general status"),
    ("550 user unknown", "5.5.0", True, "a protocol status is general too"),
    ("550 user unknown", "5.3.0", False, "the mail system is to blame"),
    ("550 user unknown", "5.7.1", False, "a policy is to blame"),
    ("550 5.1.1 user unknown: rejected as spam", "", True, "what is told first is the cause"),
    ("550 5.1.1 rejected as spam: user unknown", "", False, "what is told first is the cause"),
    ("550 5.1.1 mailbox unavailable", "", True, "neutral words leave the status alone"),
    ("550 mailbox unavailable", "", False, "neutral words kill nobody"),
    ("450 4.1.1 user unknown, try again later", "", False, "not permanent"),
]


@pytest.mark.parametrize(("diagnostic", "status", "hard", "why"), HARD, ids=lambda v: None)
def test_only_a_dead_address_is_given_up(diagnostic, status, hard, why):
    report = read_report(a_notice(diagnostic, status), "")

    assert report is not None
    assert report.hard is hard, (why, report)


def test_ses_tells_by_json():
    told = (
        '{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":'
        f'"{BOB}","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 unknown"}}]}},"mail":{{"messageId":"0-1"}}}}\n--\nfooter'
    )

    report = read_report(
        ParsedMail(author=Address("", "no-reply@sns.amazonaws.com"), text=told), "x@amazonses.com"
    )

    assert report is not None
    assert (report.kind, report.recipients[0].address, report.hard) == ("bounce", BOB, True)
    assert report.original_message_id == "<0-1@email.amazonses.com>"


def test_a_provider_may_complain_without_a_machine_part():
    returned = ReportPart(
        "message/rfc822", f"X-HmXmrOriginalRecipient: {BOB}\nMessage-ID: <m7@threads.example>\n"
    )
    mail = ParsedMail(subject="complaint about message from 192.0.2.1", report_parts=(returned,))

    report = read_report(mail, "x@provider.example")

    assert report is not None
    assert (report.kind, report.recipients[0].address) == ("complaint", BOB)
    assert report.original_message_id == "<m7@threads.example>"


def test_an_unreadable_from_stops_no_detector():
    mail = ParsedMail(
        headers=(("from", ""), ("subject", "x")), text="Mail to bob failed: 550 5.1.1 unknown\n", subject="x"
    )

    read_report(mail, "")


UNITS = [
    "\n",
    "\n>",
    "<a@",
    "a@a.",
    "deliver ",
    "Final-Recipient: ",
    "\nTo: ",
    "5.1.1 ",
    "Received: ",
    '"',
    "mail ",
]


@pytest.mark.parametrize("unit", UNITS)
def test_reading_takes_linear_time(unit):
    text = unit * (1_000_000 // len(unit))
    parts = (ReportPart("message/delivery-status", text), ReportPart("message/rfc822", text))
    mail = ParsedMail(subject="Undelivered", text=text, report_parts=parts, content_type="multipart/report")

    started = time.process_time()
    read_report(mail, "")

    assert time.process_time() - started < 1.5


kinds = st.sampled_from(
    [
        "message/delivery-status",
        "message/feedback-report",
        "message/rfc822",
        "message/disposition-notification",
    ]
)


@given(
    st.text(),
    st.text(),
    st.lists(st.builds(ReportPart, kinds, st.text()), max_size=3).map(tuple),
    st.sampled_from(["", None, BOB]),
    st.binary(),
)
def test_any_mail_can_be_read(subject, text, parts, reverse_path, calendar):
    mail = ParsedMail(
        headers=(("from", "MAILER-DAEMON <>"), ("subject", subject)),
        subject=subject,
        text=text,
        report_parts=parts,
        attachments=(Attachment("a.ics", "text/calendar", calendar),),
    )

    report = read_report(mail, reverse_path)

    assert report is None or (report.reason and report.kind)
