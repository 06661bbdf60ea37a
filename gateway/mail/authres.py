"""What did a mail system of ours find out about the author of a mail?

Pure. Source: RFC 8601 and DESIGN's decision "Whom we believe". Authentication-Results count only in
the block that the hop put on top of the mail; whatever stands below it came with the mail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from gateway.mail.authres_field import AuthResults, MethodResult, parse

__all__ = ["AuthResults", "HopVerdict", "MethodResult", "hop_block", "parse", "verdict_of_hop"]

_BY = re.compile(r"(?:^|\s)by\s+\[?([A-Za-z0-9._:-]{1,255})", re.IGNORECASE)

_BLOCK = frozenset(
    {"return-path", "delivered-to", "x-original-to", "received", "received-spf", "authentication-results"}
)
_TROUBLE = frozenset({"temperror", "permerror"})
_DOMAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})\Z")


@dataclass(frozen=True, slots=True)
class HopVerdict:
    """What a hop's results say of the author's domain. result: pass | fail | none; reason in words."""

    result: str
    reason: str


def hop_block(headers: Sequence[tuple[str, str]], authserv_ids: Collection[str]) -> tuple[AuthResults, ...]:
    """List the results that the hop prepended, top first.

    headers: name and raw, unfolded, undecoded value in the order of the mail; names in any case.
    authserv_ids: of the hop; compared without case, exactly. The first field that a hop does not
    prepend ends the block; so does, below results of the hop, a Received of somebody else, and a
    field that names the hop and cannot be read.
    """
    known = frozenset(name.lower() for name in authserv_ids)
    found: list[AuthResults] = []
    for name, value in headers:
        name = name.lower()
        if name not in _BLOCK and not name.startswith("arc-"):
            break
        if name == "received" and found and not _received_by(value, known):
            break
        if name == "authentication-results":
            results = parse(value)
            if results is None and any(one in value.lower() for one in known):
                break  # it may be no hop's at all; what stands above it still counts
            if results is not None and results.authserv_id.lower() in known:
                found.append(results)
    return tuple(found)


def _received_by(value: str, hosts: frozenset[str]) -> bool:
    """Whether a Received field names one of the hosts in its by clause (RFC 5321 section 4.4)."""
    by = _BY.search(value[:2_000])
    return by is not None and by[1].lower().rstrip(".") in hosts


def verdict_of_hop(
    results: Sequence[AuthResults], author_domain: str, aligned: Callable[[str, str], bool]
) -> HopVerdict:
    """Judge the united results of a hop.

    author_domain: of the one From address, A-labels. aligned(domain, author_domain): whether a domain
    that passed SPF or DKIM speaks for the author's (RFC 7489 section 3.1).
    """
    told = [result for one in results for result in one.results]
    if not told:
        return HopVerdict("none", "the hop found nothing")
    if contradiction := _contradiction(told):
        return HopVerdict("fail", contradiction)
    dmarc = min((r for r in told if r.method == "dmarc"), key=_severity, default=None)
    if dmarc is not None and (verdict := _of_dmarc(dmarc, author_domain)):
        return verdict
    return _of_identities(told, author_domain, aligned)


def _of_dmarc(dmarc: MethodResult, author_domain: str) -> HopVerdict | None:
    """What a dmarc result decides, None when it leaves the question to SPF and DKIM."""
    if dmarc.result == "fail":
        if dmarc.properties.get("policy.dmarc", "").lower() == "none":
            return HopVerdict("none", "dmarc=fail under p=none")
        return HopVerdict("fail", "dmarc=fail")
    if dmarc.result in _TROUBLE:
        return HopVerdict("none", f"dmarc={dmarc.result}")
    judged = _domain(dmarc.properties.get("header.from", ""))
    if dmarc.result == "pass" and judged:
        if judged == author_domain.lower().rstrip("."):
            return HopVerdict("pass", f"dmarc=pass for {judged}")
        return HopVerdict("none", f"dmarc=pass is for {judged}, not for the author's domain")
    return None


def _of_identities(
    told: Sequence[MethodResult], author_domain: str, aligned: Callable[[str, str], bool]
) -> HopVerdict:
    """An aligned DKIM or SPF pass, where there is no DMARC result to go by."""
    for result in told:
        domain = _identity(result)
        if result.result == "pass" and domain and aligned(domain, author_domain):
            return HopVerdict("pass", f"{result.method}=pass for {domain}, aligned with the author's domain")
    return HopVerdict("none", "no aligned dkim or spf pass")


def _identity(result: MethodResult) -> str:
    """The domain that a dkim or spf result is about, "" if it names none or is of another method."""
    if result.method == "spf":
        return _domain(result.properties.get("smtp.mailfrom", ""))
    if result.method == "dkim":
        signer = result.properties.get("header.d", "")
        return _domain(signer or result.properties.get("header.i", ""))
    return ""


def _severity(result: MethodResult) -> int:
    """Which of several dmarc results decides: the smallest."""
    order = ("fail", "temperror", "permerror", "pass")
    return order.index(result.result) if result.result in order else len(order)


def _contradiction(told: Sequence[MethodResult]) -> str:
    """Say where a pass is contradicted by another result about the same thing, "" where none is.

    A mail has one DMARC result and one SPF result an identity, but any number of signatures: those
    are compared only where the signature is named (header.b). Trouble with DNS contradicts nothing.
    """
    seen: dict[tuple[str, ...], set[str]] = {}
    for result in told:
        key = _key(result)
        if key is not None and result.result not in _TROUBLE:
            judged = _domain(result.properties.get("header.from", "")) if result.method == "dmarc" else ""
            seen.setdefault(key, set()).add(f"{result.result} {judged}")
    for key, outcomes in seen.items():
        if len(outcomes) > 1 and any(outcome.startswith("pass ") for outcome in outcomes):
            return f"the results for {key[0]} contradict each other"
    return ""


def _key(result: MethodResult) -> tuple[str, ...] | None:
    """What a result is about, None where two of them may differ."""
    if result.method == "dmarc":
        return ("dmarc",)
    if result.method == "spf" and "smtp.mailfrom" in result.properties:
        return ("spf", result.properties["smtp.mailfrom"].lower())
    if result.method == "dkim" and "header.b" in result.properties:
        return (
            "dkim",
            _identity(result),
            result.properties.get("header.s", ""),
            result.properties["header.b"],
        )
    return None


def _domain(value: str) -> str:
    """The domain of an address or a domain, lower case, "" if it is none."""
    domain = value.strip().strip("<>").rpartition("@")[2].lower().rstrip(".")
    return domain if _DOMAIN.match(domain) else ""
