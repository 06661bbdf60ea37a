"""What a subject is about, behind the prefixes of mail programs in many languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.subject import base_subject, reply_subject


@pytest.mark.parametrize(
    "subject",
    [
        "Order 12",
        "Re: Order 12",
        "RE: re: Re : Order 12",
        "AW: WG: Order 12",
        "Re[2]: Order 12",
        "Re (3): Order 12",
        "Antw.: Order 12",
        "SV: VS: Order 12",
        "Rép : Order 12",
        "RIF: R: I: Order 12",
        "Odp: Order 12",
        "回复：Order 12",
        "答复: 转发: Order 12",
        "Ответ: Order 12",
        "رد: Order 12",
        "ตอบกลับ: Order 12",
        "Trả lời: Order 12",
        "[helpdesk] Re: Order 12",
        "Re: [helpdesk] Order 12",
        "[Fwd: Order 12]",
        "Order   12 (fwd)",
    ],
)
def test_prefixes_of_programs_say_nothing(subject: str) -> None:
    assert base_subject(subject) == "Order 12"


@pytest.mark.parametrize("subject", ["Note: keep", "Project X: plan", "12: x", "Invoice 4: paid", "Report"])
def test_words_of_people_stay(subject: str) -> None:
    assert base_subject(subject) == subject


def test_an_answer_has_one_prefix() -> None:
    assert reply_subject("AW: RE[4]: Order 12") == "Re: Order 12"
    assert reply_subject("Order 12") == "Re: Order 12"
    assert reply_subject("Fwd: Order 12") == "Re: Fwd: Order 12"
    assert reply_subject("") == "Re:"


@given(st.text())
def test_an_answer_to_an_answer_keeps_its_subject(subject: str) -> None:
    once = reply_subject(subject)

    assert reply_subject(once) == once
