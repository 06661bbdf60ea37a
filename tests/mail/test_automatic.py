"""The rules for automatic mail, where a whole mail would say no more than a header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.automatic import automatic_reason, deciding, kind
from gateway.mail.message import Address, ParsedMail


def a_mail(
    *headers: tuple[str, str], subject: str = "Order 12", author: str = "ann@vale.example"
) -> ParsedMail:
    return ParsedMail(headers=headers, subject=subject, author=Address("", author))


def test_a_strong_signal_decides_alone_and_is_named():
    mail = a_mail(("auto-submitted", "auto-replied"))

    assert automatic_reason(mail, "ann@vale.example") == "auto-submitted: auto-replied"


def test_all_signals_are_told():
    mail = a_mail(("precedence", "bulk"), ("list-unsubscribe", "<https://shop.example/u>"))

    assert automatic_reason(mail, "") == "precedence: bulk; null reverse-path; list-unsubscribe"


def test_an_unknown_reverse_path_is_not_the_null_path():
    assert automatic_reason(a_mail(), None) is None
    assert automatic_reason(a_mail(), "") == "null reverse-path"


def test_one_weak_signal_is_not_enough_and_two_are():
    assert automatic_reason(a_mail(author="no-reply@shop.example"), None) is None
    assert kind(a_mail(("list-unsubscribe", "<x>"), author="no-reply@shop.example"), None) == "bulk"


def test_a_list_counts_once_however_many_fields_it_adds():
    mail = a_mail(("list-id", "<a.example>"), ("list-unsubscribe", "<x>"))

    assert automatic_reason(mail, None) is None


@pytest.mark.parametrize(
    "author", ["noreply", "no-reply", "no.reply", "do-not-reply", "donotreply", "no_reply+7"]
)
def test_addresses_that_take_no_answer_are_a_weak_signal(author):
    signals = deciding(a_mail(("x-loop", "a"), author=f"{author}@shop.example"), None)

    assert {s.reason for s in signals} == {f"from: {author}", "x-loop"}


@given(
    st.lists(st.tuples(st.sampled_from(["auto-submitted", "precedence", "x-loop", "subject"]), st.text())),
    st.text(),
)
def test_any_header_can_be_judged(headers, subject):
    mail = a_mail(*headers, subject=subject)

    reason = automatic_reason(mail, None)

    assert (reason is None) == (kind(mail, None) is None)
