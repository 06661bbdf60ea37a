"""What counts as a machine's mail beyond what the mail says of itself: by where it goes, and who we are."""

from __future__ import annotations

import pytest

from gateway.mail.parse import parse
from gateway.rules.disposition import Automatic, Ordinary, disposition, on_its_way
from tests.builders import DOMAIN, a_mail

OURS = frozenset({DOMAIN})

TABLE = [
    # header, to a thread, to an alias
    ("Subject-Only: x", Ordinary, Ordinary),
    (f"X-Loop: {DOMAIN}", Automatic, Automatic),
    (f"X-Loop: yes, seen by <reply@{DOMAIN}>", Automatic, Automatic),
    (f"X-Loop: not{DOMAIN}", Automatic, Ordinary),
    ("X-Loop: other.example", Automatic, Ordinary),
    ("List-Id: <a.list.example>", Automatic, Ordinary),
    ("List-Unsubscribe: <mailto:x@y.example>", Ordinary, Ordinary),
    ("X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent", Automatic, Automatic),
    ("X-MS-Exchange-Inbox-Rules-Loop: carol@customer.example", Ordinary, Ordinary),
    ("Auto-Submitted: auto-replied", Automatic, Automatic),
]


@pytest.mark.parametrize(("line", "to_thread", "to_alias"), TABLE)
def test_where_a_mail_goes_decides_with_what_it_says(line, to_thread, to_alias):
    mail = parse(a_mail("carol@customer.example", extra=f"{line}\r\n"))
    found = disposition(mail, "carol@customer.example")

    assert isinstance(on_its_way(mail, found, own_domains=OURS, to_thread=True), to_thread)
    assert isinstance(on_its_way(mail, found, own_domains=OURS, to_thread=False), to_alias)
