"""What an alias, a record type or the house does with mail of a class of authors (DESIGN section 5). Pure.

A policy is a table such as {"stranger": "reject", "automatic": "hold"}. The alias is asked first, then the record
type, then the house. It can only be stricter than the trust table (rules/authorship): what that holds is not
accepted by any policy. Odoo: alias_contact (everyone, partners, followers, employees).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from gateway.rules.authorship import Admission, Hold
from gateway.rules.visibility import ACCESS
from store.models.views import ParticipantView

CLASSES = ("internal", "follower", "known", "stranger", "automatic")
DECISIONS = ("accept", "hold", "reject", "discard")
_HOUSE_RULES = {"outsiders": ("hold", "same_domain"), "auto_follow": ("verified", "always", "never")}
FOLLOW_NAMED = "auto_follow_recipients"  # yes or no: whom a message names follows the record
_TEXTS = ("refusal_html",)


@dataclass(frozen=True, slots=True)
class Refuse:
    """The mail is refused after it was accepted. html: tell a proven author so in these words, "" = in ours.

    silent: nobody is told.
    """

    reason: str
    html: str = ""
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Discard:
    """The mail is absorbed; nobody is told."""

    reason: str


class Level(NamedTuple):
    """One of those who are asked. name: the alias, the record type or the house, in words."""

    name: str
    policy: Mapping[str, Any]


def author_class(author: ParticipantView | None, *, automatic: bool, opens: bool) -> str:
    """The class of an author: automatic, internal, follower, known or stranger.

    author: None = nobody has his address. A follower takes part in the thread that he writes to (he follows or
    was invited); where a record is opened there is none yet, and he is known.
    """
    if automatic:
        return "automatic"
    if author is None:
        return "stranger"
    if author.internal:
        return "internal"
    return "follower" if not opens and (author.follower or author.invited) else "known"


def decision(author_class: str, levels: Sequence[Level]) -> tuple[str, str]:
    """What the first level that knows the class says, and in words who; ("", "") if none does.

    "open", as an alias says it of automatic mail (DESIGN section 3), is "accept".
    """
    for level in levels:
        said = level.policy.get(author_class)
        if said:
            word = "accept" if said == "open" else str(said)
            return word, f"{level.name}: {author_class} {word}"
    return "", ""


def applied(admitted: Admission, said: tuple[str, str], html: str = "") -> Admission | Refuse | Discard:
    """What becomes of a mail that the trust table would post or hold. html: the refusal's own words, "" = none."""
    word, reason = said
    if word == "reject":
        return Refuse(f"refused by policy ({reason})", html)
    if word == "discard":
        return Discard(f"discarded by policy ({reason})")
    if word == "hold" and not isinstance(admitted, Hold):
        return Hold(f"held by policy ({reason})")
    return admitted


def own_words(levels: Sequence[Level]) -> str:
    """The HTML with which the first level that has any wants to refuse, "" if none has."""
    return next(
        (str(level.policy["refusal_html"]) for level in levels if level.policy.get("refusal_html")), ""
    )


def house_rule(name: str, levels: Sequence[Level], otherwise: str) -> str:
    """``outsiders`` or ``auto_follow`` as the first level says that knows it."""
    return next((str(level.policy[name]) for level in levels if level.policy.get(name)), otherwise)


def problem(policy: Mapping[str, Any], *, of_type: bool) -> tuple[str, str] | None:
    """The first wrong entry of a policy and what is wrong with it, None if all is well. of_type: not of an alias."""
    for name, value in policy.items():
        if name == FOLLOW_NAMED and of_type and isinstance(value, bool | None):
            continue
        allowed = _allowed(name, of_type=of_type)
        if allowed is None:
            return name, f"a policy has no {name!r}; it has {', '.join(_names(of_type=of_type))}"
        if value is not None and not isinstance(value, str):
            return name, f"{value!r} is no text"
        if value and allowed and value not in allowed:
            return name, f"{value!r} is none of {', '.join(allowed)}"
    return None


def _allowed(name: str, *, of_type: bool) -> Sequence[str] | None:
    """The values that an entry may have, () = any text, None = there is no such entry."""
    if name in CLASSES:
        return (*DECISIONS, "open") if name == "automatic" else DECISIONS
    if name in _TEXTS:
        return ()
    if name == "access":
        return ACCESS if of_type else None
    return _HOUSE_RULES.get(name)


def _names(*, of_type: bool) -> list[str]:
    return [*CLASSES, *_HOUSE_RULES, *_TEXTS, *(["access", FOLLOW_NAMED] if of_type else [])]
