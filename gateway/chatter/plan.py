"""What a set of changes means for each record, before anything is written: columns, log lines, faults.

All records of a batch are planned together, so that the store is asked a constant number of times; every
fault is found before the first row is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from gateway.chatter.types import TypeRules
from gateway.errors import BadValue, FieldError
from gateway.mail.address import normalise
from gateway.rules.sentences import ASSIGNED_TO, IS_ACTIVE
from gateway.rules.tracking import ACTIVE, ASSIGNEE, Change, changes, wrong_values
from gateway.rules.visibility import may_access
from store.models.views import PartnerView, ThreadView
from store.queries import partner as partners
from store.session import Session

KEY_OCTETS = 255


@dataclass(frozen=True, slots=True)
class RecordChange:
    """What a host application says about a record. A name that is not in ``values`` stays as it is.

    values: title, url, fields (None = all are cleared), assignee (e-mail or None), domain, parent (RecordName or None), active (False = archived: mail to it is
    held), members (e-mails of the colleagues who may work on it, None = all). actor: e-mail, None = the system.
    words: free text for the log entry, "" = none. silent: nothing is logged, nobody follows or is told.
    untracked: no change is logged but the assignment of which somebody is told. afresh: fields that are
    not in ``values`` are cleared.
    """

    record_type: str
    key: str
    values: Mapping[str, Any]
    actor: str | None = None
    words: str = ""
    silent: bool = False
    untracked: bool = False
    afresh: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done to one record. thread: as it was, None = it is new. columns: those that change.

    assignee: who is newly assigned, None = nobody. former: who was assigned until now, 0 = nobody. unlogged: lines
    that the log does not get.
    """

    change: RecordChange
    rules: TypeRules
    thread: ThreadView | None
    columns: dict[str, Any]
    lines: tuple[Change, ...]
    actor: PartnerView | None
    assignee: PartnerView | None = None
    former: int = 0
    unlogged: tuple[Change, ...] = ()


@dataclass(slots=True)
class Faults:
    """The wrong places of a batch. place: index of a change -> pointer of its item, "" for a single one."""

    place: Callable[[int], str] = lambda _: ""
    found: list[FieldError] = field(default_factory=list)

    def add(self, index: int, name: str, detail: str) -> None:
        """Note that a field of an item is wrong."""
        self.found.append(FieldError(f"#/{self.place(index)}{name}", detail))

    def raise_any(self) -> None:
        """Raise BadValue with every fault, in the order of the items, if there is one."""
        if self.found:
            self.found.sort(key=_item)
            more = f" (and {len(self.found) - 1} more)" if len(self.found) > 1 else ""
            raise BadValue(self.found[0].detail + more, self.found)


def _item(fault: FieldError) -> int:
    """The number of the item that a pointer names, 0 for none."""
    steps = fault.pointer.split("/")
    return int(steps[2]) if steps[1:2] == ["items"] and steps[2:] and steps[2].isdecimal() else 0


class People:
    """The partners whom a batch names, by e-mail: two statements, however many."""

    def __init__(
        self, session: Session, wanted: Sequence[RecordChange], threads: Sequence[ThreadView]
    ) -> None:
        texts = {text for change in wanted for text in _emails(change)}
        self._addresses = {text: normalise(text) for text in texts}
        found = sorted({address for address in self._addresses.values() if address})
        self._partners: dict[str, PartnerView] = {}
        for start in range(0, len(found), 500):
            self._partners |= partners.by_addresses(session, found[start : start + 500])
        assigned = sorted({thread.assignee_id for thread in threads if thread.assignee_id})
        self._former: dict[int, PartnerView] = {}
        for start in range(0, len(assigned), 500):
            self._former |= partners.by_ids(session, assigned[start : start + 500])

    def find(self, text: str, faults: Faults, index: int, name: str) -> PartnerView | None:
        """The partner of an address; a fault where nobody has it."""
        partner = self._partners.get(self._addresses[text])
        if not self._addresses[text]:
            faults.add(index, name, f"{text!r} is not an e-mail address")
        elif partner is None:
            faults.add(index, name, f"{text} is not a known partner")
        return partner

    def name_of(self, partner_id: int | None) -> str:
        """How somebody who was assigned is called, "" for nobody."""
        partner = self._former.get(partner_id or 0)
        return _shown(partner)


def plan(
    index: int, change: RecordChange, thread: ThreadView | None, rules: TypeRules, people: People, faults: Faults,
    domains: Sequence[str],
) -> Plan:  # fmt: skip
    """What a change means for its record; what is wrong with it is noted in ``faults``."""
    _check(index, change, rules, faults, domains)
    values = change.values
    actor = people.find(change.actor, faults, index, "actor") if change.actor else None
    if actor is not None and actor_trouble(actor, is_new=thread is None):
        faults.add(index, "actor", actor_trouble(actor, is_new=thread is None))
    assignee = people.find(values["assignee"], faults, index, "assignee") if values.get("assignee") else None
    columns = _plain_columns(values)
    if values.get("members") is not None:
        columns["members"] = _members(index, values["members"], people, faults)
    if "fields" in values:
        kept = thread.fields if thread and values["fields"] is not None and not change.afresh else {}
        columns["fields"] = without_null({**kept, **(values["fields"] or {})})
    is_reassigned = "assignee" in values and _id(assignee) != (thread.assignee_id if thread else None)
    if is_reassigned:
        columns["assignee_id"] = _id(assignee)
        if assignee is not None:
            members = columns.get("members", thread.members if thread else None)
            if trouble := assignee_trouble(assignee, members, rules):
                faults.add(index, "assignee", trouble)
    lines = (
        () if thread is None else _lines(thread, columns, rules, people.name_of(thread.assignee_id), assignee)
    )
    unlogged = lines if change.silent or change.untracked else ()
    if change.untracked:
        is_told = is_reassigned and assignee is not None and _id(assignee) != _id(actor)
        former = people.name_of(thread.assignee_id) if thread else ""
        lines = (Change(ASSIGNEE, ASSIGNED_TO, former, _shown(assignee)),) if is_told else ()
    return Plan(
        change, rules, thread, columns, lines, actor, assignee if is_reassigned else None,
        (thread.assignee_id or 0) if thread and is_reassigned else 0, unlogged,
    )  # fmt: skip


def _plain_columns(values: Mapping[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {name: values[name] or "" for name in ("title", "domain") if name in values}
    if "url" in values:
        columns["url"] = values["url"]
    if "active" in values:
        columns["active"] = values["active"] is not False
    if "members" in values:
        columns["members"] = None
    return columns


def _lines(
    thread: ThreadView,
    columns: Mapping[str, Any],
    rules: TypeRules,
    former: str,
    assignee: PartnerView | None,
) -> tuple[Change, ...]:
    lines = changes(rules.fields, thread.fields, columns.get("fields", thread.fields))
    if "assignee_id" in columns:
        lines.append(Change(ASSIGNEE, ASSIGNED_TO, former, _shown(assignee)))
    if columns.get("active", thread.active) != thread.active:
        words = ("yes", "no") if thread.active else ("no", "yes")
        lines.append(Change(ACTIVE, IS_ACTIVE, *words, type="boolean"))
    return tuple(lines)


def _check(
    index: int, change: RecordChange, rules: TypeRules, faults: Faults, domains: Sequence[str]
) -> None:
    if key_trouble(change.key):
        faults.add(index, "key", key_trouble(change.key))
    domain = change.values.get("domain")
    if domain and domain not in domains:
        faults.add(index, "domain", f"{domain!r} is not one of our domains")
    if change.values.get("url") and not is_web_address(change.values["url"]):
        faults.add(index, "url", "a url begins with http:// or https:// and names a host")
    for name, words in wrong_values(rules.fields, change.values.get("fields") or {}).items():
        faults.add(index, f"fields/{pointed(name)}", words)


def actor_trouble(actor: PartnerView, *, is_new: bool = False) -> str:
    """Why a person may not do anything to a record, "" if he may. is_new: he enters it.

    A customer may be named as who opened a record; what a host application changes for him it changes itself.
    """
    if not actor.active:
        return f"{actor.email} is deactivated"
    return "" if actor.internal or is_new else f"{actor.email} is not a colleague"


def assignee_trouble(assignee: PartnerView, members: Sequence[int] | None, rules: TypeRules) -> str:
    """Why a partner is not given a record, "" if he is: only a colleague who may work on it is.

    members: as they will be, None = it names none. He will follow it, so a record that is open to its followers is
    open to him.
    """
    if not assignee.active:
        return f"{assignee.email} is deactivated"
    if not assignee.internal:
        return f"{assignee.email} is not a colleague"
    open_to_him = may_access(
        internal=True, active=True, partner_id=assignee.id, members=members, access=rules.access, follows=True
    )
    return "" if open_to_him else f"{assignee.email} has no access to the record"


def is_web_address(url: str) -> bool:
    """A page can link to it: other schemes run programs in the reader's browser (javascript:)."""
    if any(letter.isspace() or ord(letter) < 32 for letter in url):
        return False  # browsers leave them out: "java\nscript:"
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def key_trouble(key: str) -> str:
    """What is wrong with the key of a record, "" if nothing is."""
    if not key or len(key.encode("utf-8", "replace")) > KEY_OCTETS or any(ord(letter) < 32 for letter in key):
        return f"a key has 1 to {KEY_OCTETS} octets and no control characters"
    return ""


def _members(index: int, emails: Sequence[str], people: People, faults: Faults) -> list[int]:
    found = [people.find(email, faults, index, f"members/{place}") for place, email in enumerate(emails)]
    for place, partner in enumerate(found):
        if partner is not None and not partner.internal:
            faults.add(index, f"members/{place}", f"{partner.email} is not a colleague")
    return sorted({partner.id for partner in found if partner is not None})


def _emails(change: RecordChange) -> list[str]:
    named = [change.actor, change.values.get("assignee"), *(change.values.get("members") or ())]
    return [text for text in named if text]


def pointed(name: str) -> str:
    """A name as a step of a JSON pointer (RFC 6901 section 3)."""
    return name.replace("~", "~0").replace("/", "~1")


def without_null(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that hold something; null clears one."""
    return {name: value for name, value in fields.items() if value is not None}


def _id(partner: PartnerView | None) -> int | None:
    return partner.id if partner else None


def _shown(partner: PartnerView | None) -> str:
    return "" if partner is None else partner.name or partner.email
