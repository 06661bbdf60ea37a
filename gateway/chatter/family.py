"""Parent and child records: which parent a record has, and which of the parent's followers follow it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gateway.chatter.plan import Faults, Plan
from gateway.rules.subscription import inherited
from store.models.views import ThreadView
from store.queries import follower as followers
from store.queries import thread as threads
from store.session import Session


def set_parents(session: Session, plans: Sequence[Plan], faults: Faults) -> None:
    """Note the parent on the plans that name one; a fault where there is none. One statement for each type.

    A parent must be there already: a batch does not bring a parent and its children at once.
    """
    given = [(index, plan) for index, plan in enumerate(plans) if "parent" in plan.change.values]
    names = {(parent.type, parent.key) for _, plan in given if (parent := plan.change.values["parent"])}
    found = threads.by_keys(session, names) if names else {}
    for index, plan in given:
        parent = plan.change.values["parent"]
        thread = found.get((parent.type, parent.key)) if parent else None
        if parent and thread is None:
            faults.add(index, "parent", f"there is no {parent.type} {parent.key}")
        elif thread is not None and plan.thread is not None and thread.id == plan.thread.id:
            faults.add(index, "parent", "a record is not its own parent")
        elif (thread.id if thread else None) != (plan.thread.parent_id if plan.thread else None):
            plan.columns["parent_id"] = thread.id if thread else None


def heirs(session: Session, done: Sequence[tuple[Plan, ThreadView]], now: datetime) -> list[dict[str, Any]]:
    """The followers of the new parents who follow their children from now on: rows of Follower."""
    adopted = [(plan, thread) for plan, thread in done if plan.columns.get("parent_id")]
    if not adopted:
        return []
    of_parent = followers.audiences(session, sorted({plan.columns["parent_id"] for plan, _ in adopted}), now)
    rows = []
    for plan, thread in adopted:
        for partner in of_parent[plan.columns["parent_id"]]:
            subtypes = inherited(plan.rules.subtypes, partner.subtypes or (), internal=partner.internal)
            if subtypes and partner.active:
                rows.append(
                    {"thread_id": thread.id, "partner_id": partner.partner_id, "subtypes": subtypes,
                     "reason": "parent", "created_at": now}
                )  # fmt: skip
    return rows


def united(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each follower: who follows for two reasons gets what both give him, under the first.

    Being assigned is the weakest reason, for it ends with the assignment.
    """
    merged: dict[tuple[int, int], dict[str, Any]] = {}
    for row in rows:
        first = merged.setdefault((row["thread_id"], row["partner_id"]), row)
        if first is not row:
            first["subtypes"] = first["subtypes"] | row["subtypes"]
            if first["reason"] == followers.ASSIGNED:
                first["reason"] = row["reason"]
    return list(merged.values())
