"""What an alias gives the records that it opens: values of fields, a title, an assignee, a parent.

They are checked when they are written, and again when a record is opened: by then a colleague may have left and a
parent be gone, and the customer's mail opens its record all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from gateway.chatter.plan import assignee_trouble
from gateway.chatter.types import TypeRules
from gateway.errors import step
from gateway.mail.address import normalise
from gateway.rules.tracking import wrong_values
from store.models.views import PartnerView, ThreadView
from store.queries import partner as partners
from store.queries import thread as threads
from store.session import Session

_OWN = ("title", "assignee", "parent")  # of the record itself: no field is called so


class Defaults(NamedTuple):
    """What a new record has from its alias. title: "" = the mail's subject."""

    fields: dict[str, Any]
    title: str = ""
    assignee: PartnerView | None = None
    parent: ThreadView | None = None


def read(session: Session, rules: TypeRules, declared: Mapping[str, Any]) -> tuple[Defaults, dict[str, str]]:
    """The defaults that an alias declares, and what is wrong with them by its place, such as ``parent/key``.

    A field that the type does not declare may hold anything, as in a record.
    """
    fields = {name: value for name, value in declared.items() if name not in _OWN}
    faults = {step(name): words for name, words in wrong_values(rules.fields, fields).items()}
    title = declared.get("title")
    if not isinstance(title or "", str):
        faults["title"] = "a title is text"
    assignee = _assignee(session, rules, declared.get("assignee"), faults)
    parent = _parent(session, declared.get("parent"), faults)
    return Defaults(fields, title if isinstance(title, str) else "", assignee, parent), faults


def _assignee(session: Session, rules: TypeRules, email: Any, faults: dict[str, str]) -> PartnerView | None:
    if email is None:
        return None
    found = partners.by_address(session, normalise(email)) if isinstance(email, str) else None
    trouble = assignee_trouble(found, None, rules) if found else f"{email} is not a known partner"
    if trouble:
        faults["assignee"] = trouble
    return None if trouble else found


def _parent(session: Session, name: Any, faults: dict[str, str]) -> ThreadView | None:
    if name is None:
        return None
    if not isinstance(name, Mapping) or not all(isinstance(name.get(one), str) for one in ("type", "key")):
        faults["parent"] = "a parent is named by type and key"
        return None
    found = threads.by_key(session, name["type"], name["key"])
    if found is None:
        faults["parent"] = f"there is no {name['type']} {name['key']}"
    return found
