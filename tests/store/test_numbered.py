"""Rows entered many at a time have their ids in order, beside those that are entered one by one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from store.models import Partner
from store.queries import partner as partners
from store.queries.numbered import Numbered
from store.session import Database
from tests.builders import NOW

_partner = Partner.table()


def _rows(*names: str) -> list[dict[str, Any]]:
    shared = {"internal": False, "active": True, "role": "member", "notify": {}, "created_at": NOW}
    return [{"email": f"{name}@customer.example", "name": name, **shared} for name in names]


def _names(database: Database) -> dict[int, str]:
    with database.read() as session:
        return {row.id: row.name for row in session.execute(select(_partner))}


def test_each_id_is_that_of_its_row_whatever_the_order_of_names(database: Database):
    with database.write() as session:
        ids = Numbered(_partner).add(session, _rows("zoe", "adam", "mia"))

    assert [_names(database)[id_] for id_ in ids] == ["zoe", "adam", "mia"]
    assert ids == sorted(ids)


def test_a_row_that_is_entered_alone_afterwards_has_a_number_of_its_own(database: Database):
    with database.write() as session:
        many = Numbered(_partner).add(session, _rows("zoe", "adam"))
        alone = partners.add(
            session, email="olga@outside.example", name="olga", internal=False, role="member", now=NOW
        )
        more = Numbered(_partner).add(session, _rows("mia"))

    assert max(many) < alone < more[0]
    assert set(_names(database).values()) >= {"zoe", "adam", "olga", "mia"}


def test_no_rows_are_no_statement(database: Database):
    with database.write() as session:
        assert Numbered(_partner).add(session, []) == []
