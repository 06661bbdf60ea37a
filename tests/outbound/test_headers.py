"""No value, whoever wrote it, becomes more than the value of its field."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from gateway.outbound import headers
from gateway.outbound.channels.email import _stuffed
from gateway.outbound.render import Body
from tests.outbound.a_house import a_house

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
nasty = st.text(st.sampled_from('ab@.<>"\\,;: \r\n\0\x0b\x85\u2028\u202eé日😀=?'), max_size=60) | st.text(
    max_size=60
)
BODY = Body("", (b"Content-Type: text/plain\r\n",), b"", "")


@given(
    name=nasty,
    subject=nasty,
    key=nasty,
    kind=nasty,
    address=nasty,
    reason=nasty,
    ids=st.lists(nasty, max_size=5),
    follower_id=st.none() | st.just(3),
)
def test_a_header_holds_our_fields_once_each_whatever_the_values(
    name, subject, key, kind, address, reason, ids, follower_id
):
    house = a_house(brand=name)
    thread = SimpleNamespace(id=7, key=key, record_type=kind)
    message = SimpleNamespace(
        id=99, kind="message", parent_id=None, author_name=name, partner_name=None, author_email=address,
        confidence="claimed", generated=False, author_id=1, internal=False, addressees=[
            {"partner_id": 2, "name": "Reader", "email": address, "how": "to"},
            *({"partner_id": 5, "name": one, "email": f"{one}@x.test", "how": "cc"} for one in ids),
        ],
    )  # fmt: skip
    row = SimpleNamespace(
        id=1, kind="message", internal=False, partner_id=2, generation=0, address=address, reason=reason,
        header_id=ids[0] if ids else "", payload=None, follower_id=follower_id,
    )  # fmt: skip
    history = [
        SimpleNamespace(id=n, internal=False, header_id=one, foreign_id=one) for n, one in enumerate(ids)
    ]
    body = Body(subject, BODY.fields, BODY.content, BODY.hash)

    fields = headers.own(row, message, thread, house=house, domain=house.domains[0], now=NOW)
    fields += headers.shared(
        row, message, thread, history, body, house=house, domain=house.domains[0], now=NOW
    )

    octets = b"".join(fields) + b"\r\n"
    mail = email.message_from_bytes(octets, policy=email.policy.compat32)
    allowed = {
        "To", "Cc", "Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post", "NotificationReason", "From", "Subject", "Date",
        "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type", "List-Id",
        "X-Auto-Response-Suppress", "Feedback-ID",
    }  # fmt: skip
    assert b"".join(fields[1:]).isascii() and (octets.isascii() or not address.isascii())
    assert len(mail.keys()) == len(set(mail.keys())) == len(fields) and set(mail.keys()) <= allowed
    assert ("List-Unsubscribe" in mail) is (follower_id is not None)
    assert mail["From"].removesuffix(">").endswith("notifications@threads.acme.test")
    assert mail["From"].count("<") <= 1 or '"' in mail["From"]
    assert not mail.defects and not mail.get_payload()
    assert max(map(len, octets.split(b"\r\n"))) <= 998


@given(st.lists(st.sampled_from([b"a", b".", b"..", b"\r\n", b".\r\n"]), max_size=30).map(b"".join))
def test_what_is_stuffed_holds_no_end_of_data(content: bytes):
    octets = b"Subject: x\r\n\r\n" + content + b"\r\n"

    stuffed = _stuffed(octets)

    assert b"\r\n.\r\n" not in stuffed
    assert b"\r\n".join(line[1:] if line[:1] == b"." else line for line in stuffed.split(b"\r\n")) == octets
