"""What a field may hold, when two values are the same, and how a person reads one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.values import FIELD_TYPES, Field, same, show, trouble

STAGE = Field("stage", type="choice", choices={"new": "New", "1": "First"})
PRICE = Field("price", type="money", currency="EUR")


def of(kind: str) -> Field:
    return Field("f", type=kind)


@pytest.mark.parametrize(("rule", "value"), [
    (of("text"), "x"), (of("text"), 3), (of("number"), 2.5), (of("number"), "12.50"), (of("number"), -1),
    (PRICE, 10), (PRICE, "10.20"), (PRICE, {"amount": 5, "currency": "USD"}), (PRICE, {"amount": "5.5"}),
    (of("date"), "2026-11-23"), (of("datetime"), "2026-11-23T12:00:00Z"), (of("datetime"), "2026-11-23T12:00+02:00"),
    (of("datetime"), "2026-11-23 12:00"), (of("boolean"), False), (STAGE, "new"), (STAGE, 1), (of("choice"), "any"),
    (of("reference"), {"id": 7, "label": "Acme"}), (of("reference"), 7), (of("reference"), "Acme"),
    (of("list"), ["a", 1, {"id": 2, "label": "Two"}]),
    *[(of(kind), value) for kind in FIELD_TYPES for value in (None, "", [])],
])  # fmt: skip
def test_what_a_field_may_hold(rule, value):
    assert trouble(rule, value) == ""


@pytest.mark.parametrize(("rule", "value", "why"), [
    (of("text"), ["x"], "lists are not shown as text"), (of("text"), {"a": 1}, "nor objects"),
    (of("text"), "a\0b", "PostgreSQL keeps no NUL"), (of("text"), True, "a boolean is a field type of its own"),
    (of("number"), "many", "no number"), (of("number"), True, "JSON true is no 1"), (of("number"), "1" * 50, "absurdly long"),
    (of("number"), "NaN", "not finite"), (PRICE, "ten", "no amount"), (PRICE, {"currency": "EUR"}, "no amount"),
    (PRICE, {"amount": 1, "currency": "E R"}, "no currency"), (of("date"), "23.11.2026", "not ISO 8601"),
    (of("date"), "2026-02-30", "no such day"), (of("date"), "2026-11-23T10:00", "a time"), (of("date"), 20261123, "a number"),
    (of("datetime"), "2026-11-23", "no time"), (of("datetime"), "soon, very soon!", "no time"),
    (of("datetime"), "0001-01-01T00:00+23:00", "before the first year"), (of("boolean"), "yes", "a word"),
    (of("boolean"), 1, "a number"), (STAGE, "gone", "none of the choices"), (of("choice"), ["new"], "several"),
    (of("date"), "2026-W01-1", "a week"), (of("datetime"), "2026-W01-1T12:00", "a week"), (of("number"), "1_000", "Python's spelling"),
    (of("number"), " 1", "a blank"), (PRICE, {"amount": "1_000"}, "Python's spelling"),
    (of("reference"), {"label": "Acme"}, "without an id"), (of("reference"), [1], "several"),
    (of("list"), "a, b", "a text"), (of("list"), [["a"]], "a list of lists"),
])  # fmt: skip
def test_what_it_may_not(rule, value, why):
    assert trouble(rule, value), why


@pytest.mark.parametrize(("rule", "one", "other", "equal"), [
    (of("number"), 3, 3.0, True), (of("number"), "3.00", 3, True), (of("number"), 3, 4, False),
    (PRICE, 10, {"amount": 10, "currency": "EUR"}, True), (PRICE, 10, {"amount": 10, "currency": "USD"}, False),
    (of("datetime"), "2026-11-23T12:00Z", "2026-11-23T13:00+01:00", True),
    (of("reference"), {"id": 7, "label": "Acme"}, {"id": 7, "label": "Acme Ltd"}, True),
    (of("reference"), {"id": 7}, {"id": 8}, False), (of("list"), ["a", "b"], ["b", "a"], True),
    (of("list"), ["a"], ["a", "b"], False), (of("text"), None, "", True), (of("list"), None, [], True),
    (of("boolean"), None, False, False), (of("text"), "a", "A", False),
])  # fmt: skip
def test_two_values_are_the_same_when_they_mean_the_same(rule, one, other, equal):
    assert same(rule, one, other) is equal
    assert same(rule, other, one) is equal


@pytest.mark.parametrize(("rule", "value", "text"), [
    (PRICE, {"amount": 12.0, "currency": "USD"}, "12 USD"), (PRICE, "12.50", "12.50 EUR"), (of("money"), 3, "3"),
    (of("datetime"), "2026-11-23T13:00+01:00", "2026-11-23 12:00 UTC"),
    (of("datetime"), "2026-11-23T12:00:05", "2026-11-23 12:00:05 UTC"), (of("datetime"), "long ago", "long ago"),
    (of("list"), [{"id": 1, "label": "Red"}, "blue"], "Red, blue"), (STAGE, 1, "First"), (STAGE, "gone", "gone"),
    (PRICE, ["odd"], "['odd']"), (of("boolean"), "odd", "odd"), (of("reference"), {"id": 7}, "7"),
])  # fmt: skip
def test_a_value_reads_as_a_person_reads_it_and_an_older_odd_one_as_it_is(rule, value, text):
    assert show(rule, value) == text


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "label", "amount", "currency", "x"]), inner)
    ),
    max_leaves=5,
)


@given(st.sampled_from([*map(of, FIELD_TYPES), STAGE, PRICE]), json, json)
def test_no_value_of_a_request_breaks_the_log(rule, one, other):
    assert isinstance(show(rule, one), str)
    assert isinstance(trouble(rule, one), str)
    if not trouble(rule, one) and not trouble(rule, other):
        assert same(rule, one, other) == same(rule, other, one)
        assert same(rule, one, one) or one != one
