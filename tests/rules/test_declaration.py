"""What a record type may declare."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.rules.declaration import faults

STAGE = {"name": "stage"}
CASES: list[tuple[list[Any], list[Any], list[str]]] = [
    ([STAGE], [], []),
    ([{**STAGE, "subtype": "note"}], [], []),
    ([{**STAGE, "subtype": "won"}], [{"name": "won", "label": "Won"}], []),
    ([{**STAGE, "subtype": "won"}], [], ["fields/0/subtype"]),
    ([{**STAGE, "trackd": True}], [], ["fields/0/trackd"]),
    ([STAGE, {"label": "No name"}], [], ["fields/1/name"]),
    ([STAGE, {"name": "b", "sequence": "first"}], [], ["fields/1/sequence"]),
    ([{**STAGE, "choices": {"new": 1}}], [], ["fields/0/choices"]),
    (["stage"], ["won"], ["fields/0", "subtypes/0"]),
    ([STAGE, {"name": "b"}, STAGE], [], ["fields/2/name"]),
    (
        [{"name": ""}, {"name": " a"}, {"name": "a\n"}],
        [],
        ["fields/0/name", "fields/1/name", "fields/2/name"],
    ),
    ([{"name": "assignee"}, {"name": "title"}], [], ["fields/0/name", "fields/1/name"]),
    ([{"name": "a", "type": "colour"}], [], ["fields/0/type"]),
    ([], [{"name": "won", "label": "Won", "intern": True}], ["subtypes/0/intern"]),
    ([], [{"name": "won", "label": "Won"}, {"name": "won", "label": "Won"}], ["subtypes/1/name"]),
    ([], [{"name": "a b", "label": ""}, {"name": "", "label": ""}], ["subtypes/0/name", "subtypes/1/name"]),
    ([], [{"name": "won", "label": "Won", "default": "yes"}], ["subtypes/0/default"]),
]


@pytest.mark.parametrize(("fields", "subtypes", "places"), CASES)
def test_each_fault_of_a_declaration_is_named_with_its_place(
    fields: list[Any], subtypes: list[Any], places: list[str]
):
    found = faults(fields, subtypes)

    assert list(found) == places and all(found.values())
