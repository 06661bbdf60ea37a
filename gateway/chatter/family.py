"""Parent and child records: which parent a record has, and which of the parent's followers follow it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from gateway.chatter.plan import Faults, Plan
from gateway.rules.subscription import Subtype, defaults, inherited
from store.models.views import PartnerView, ThreadView
from store.queries import audience as considered
from store.queries import follower as followers
from store.queries import lives
from store.queries import thread as threads
from store.queries.access_filter import EVERYTHING, Reader
from store.session import Session

MOST_GENERATIONS = 100


def set_parents(
    session: Session, plans: Sequence[Plan], faults: Faults, reader: Callable[[PartnerView | None], Reader]
) -> dict[int, int]:
    """Note the parents on the plans that name one; answers those that the batch itself enters: child -> parent.

    reader: what an actor may see; to name a parent is to read who follows it. A fault where there is none
    for him, and where a record would be above itself. One statement for each type and each actor.
    """
    given = [(index, plan) for index, plan in enumerate(plans) if "parent" in plan.change.values]
    if not given:
        return {}
    found = threads.by_keys(session, {(one.type, one.key) for _, plan in given if (one := _parent(plan))})
    hidden = _hidden(session, [plan for _, plan in given], found, reader)
    inside = {(plan.change.record_type, plan.change.key): index for index, plan in enumerate(plans)}
    above: dict[int, int | None] = dict(lives.ancestry(session, [thread.id for thread in found.values()]))
    born: dict[int, int] = {}
    for index, plan in given:
        parent = _parent(plan)
        name = (parent.type, parent.key) if parent else ("", "")
        thread, brother = found.get(name), inside.get(name)
        if parent is None:
            _note(plan, None)
            above[_node(plans, index)] = None
        elif thread is not None and (plan.actor.id if plan.actor else 0, thread.id) not in hidden:
            _note(plan, thread.id)
            above[_node(plans, index)] = thread.id
        elif thread is None and brother is not None:
            above[_node(plans, index)] = _node(plans, brother)
        else:
            faults.add(index, "parent", f"there is no {parent.type} {parent.key}")
            continue
        if brother is not None:
            born[index] = brother
    for index, _ in given:
        if trouble := _trouble(_node(plans, index), above):
            faults.add(index, "parent", trouble)
    return born


def bind(
    session: Session, plans: Sequence[Plan], written: list[ThreadView], born: Mapping[int, int], now: datetime
) -> None:
    """Write the parents that had no id before; ``written`` is brought in step."""
    late = [(child, parent) for child, parent in born.items() if plans[parent].thread is None]
    threads.change_all(
        session, [(written[child], {"parent_id": written[parent].id}) for child, parent in late], now
    )
    for child, parent in late:
        plans[child].columns["parent_id"] = written[parent].id
        written[child] = written[child]._replace(parent_id=written[parent].id)


def generations(count: int, born: Mapping[int, int]) -> list[list[int]]:
    """The indices below ``count``, parents before their children. born: child -> parent, without loops.

    >>> generations(4, {0: 3, 3: 1})
    [[1, 2], [3], [0]]
    """
    depths: dict[int, int] = {}
    for index in range(count):
        chain, top = [], index
        while top not in depths and top in born:
            chain.append(top)
            top = born[top]
        depth = depths.setdefault(top, 0)
        depths |= {child: depth + number for number, child in enumerate(reversed(chain), 1)}
    levels: list[list[int]] = [[] for _ in range(max(depths.values(), default=-1) + 1)]
    for index in range(count):
        levels[depths[index]].append(index)
    return levels


def _parent(plan: Plan) -> Any:
    """The record that a change names as the parent, None for none."""
    return plan.change.values["parent"]


def _note(plan: Plan, parent_id: int | None) -> None:
    if parent_id != (plan.thread.parent_id if plan.thread else None):
        plan.columns["parent_id"] = parent_id


def _node(plans: Sequence[Plan], index: int) -> int:
    """A record in the family: its id, or a negative number while it has none."""
    thread = plans[index].thread
    return thread.id if thread else -index - 1


def _trouble(node: int, above: Mapping[int, int | None]) -> str:
    """What is wrong with the family above a record, "" if nothing is."""
    parent, seen = above.get(node), 0
    while parent is not None:
        seen += 1
        if parent == node:
            return "a record is not its own parent" if seen == 1 else "a record is not above its own parent"
        if seen > MOST_GENERATIONS:
            return f"records are nested {MOST_GENERATIONS} deep at most"
        parent = above.get(parent)
    return ""


def _hidden(
    session: Session, given: Sequence[Plan], found: Mapping[tuple[str, str], ThreadView],
    reader: Callable[[PartnerView | None], Reader],
) -> set[tuple[int, int]]:  # fmt: skip
    """The parents that those who name them may not see: (actor's id or 0, thread id)."""
    wanted: dict[int, set[int]] = defaultdict(set)
    actors: dict[int, PartnerView | None] = {}
    for plan in given:
        parent = _parent(plan)
        thread = found.get((parent.type, parent.key)) if parent else None
        if thread is not None:
            who = plan.actor.id if plan.actor else 0
            actors[who] = plan.actor
            wanted[who].add(thread.id)
    hidden = set()
    for who, ids in wanted.items():
        asks = reader(actors[who])
        seen = ids if asks == EVERYTHING else threads.readable(session, asks, ids)
        hidden |= {(who, thread_id) for thread_id in ids - seen}
    return hidden


class Adopted(NamedTuple):
    """A record that has a new parent. subtypes: of its type."""

    thread: ThreadView
    subtypes: Sequence[Subtype]
    parent_id: int


def heirs(session: Session, adopted: Sequence[Adopted], now: datetime) -> list[dict[str, Any]]:
    """The followers of the new parents who follow their children from now on: rows of Follower."""
    if not adopted:
        return []
    of_parent = considered.audiences(session, sorted({one.parent_id for one in adopted}), now)
    rows = []
    for thread, offered, parent_id in adopted:
        for partner in of_parent[parent_id]:
            subtypes = inherited(offered, partner.subtypes or (), internal=partner.internal)
            if subtypes and partner.active:
                rows.append(followers.row(thread.id, partner.partner_id, subtypes, reason="parent", now=now))
    return rows


def follower(
    thread: ThreadView, partner: PartnerView, offered: Sequence[Subtype], reason: str, now: datetime
) -> dict[str, Any]:
    """A follower with the default subtypes of a type, as a row of Follower."""
    wanted = defaults(offered, internal=partner.internal)
    return followers.row(thread.id, partner.id, wanted, reason=reason, now=now)


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
