"""What a log entry says about a change."""

from __future__ import annotations

import pytest

from gateway.rules.tracking import Change, Field, changes, show, subtype_of

STAGE = Field("stage", "Stage", "choice", 10, choices={"new": "New", "won": "Won"}, subtype="stage_changed")
AMOUNT = Field("amount", "Amount", "money", 20, currency="EUR")
QUIET = Field("secret", tracked=False)


@pytest.mark.parametrize(("rule", "value", "text"), [
    (Field("a"), None, ""), (Field("a"), "x", "x"), (Field("a", type="number"), 3.0, "3"), (Field("a", type="number"), 2.5, "2.5"),
    (AMOUNT, 10, "10 EUR"), (Field("a", type="boolean"), True, "yes"), (Field("a", type="boolean"), False, "no"),
    (STAGE, "won", "Won"), (STAGE, "gone", "gone"), (Field("a", type="reference"), {"id": 7, "label": "Acme"}, "Acme"),
    (Field("a", type="list"), ["x", "y"], "x, y"), (Field("a", type="date"), "2026-11-23", "2026-11-23"),
])  # fmt: skip
def test_values_read_as_a_person_reads_them(rule, value, text):
    assert show(rule, value) == text


def test_changes_come_in_the_order_of_the_type_and_only_of_tracked_fields():
    found = changes(
        [AMOUNT, STAGE, QUIET], {"stage": "new", "secret": 1}, {"stage": "won", "amount": 5, "secret": 2}
    )

    assert found == [
        Change("stage", "Stage", "New", "Won", old_value="new", new_value="won"),
        Change("amount", "Amount", "", "5 EUR", kind="money"),
    ]
    assert subtype_of([STAGE, AMOUNT], found) == "stage_changed"


def test_no_net_change_and_nothing_to_nothing_write_nothing():
    assert changes([STAGE, AMOUNT], {"stage": "new", "amount": None}, {"stage": "new", "amount": ""}) == []
