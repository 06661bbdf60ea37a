"""The kit's world, made over the HTTP API as a host application would; addresses are read from mail that left.

Reply addresses, bounce addresses and Message-IDs are those of real notifications in the outbox: what the
kit attacks is what a reader holds in his hands.
"""

from __future__ import annotations

import base64
import re
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.attack.api import Api, settle

DOMAIN = "gw.example"
AUTHSERV = "mx.gw.example"
KEYS = {"1001": "A", "1002": "B", "1003": "X"}
STAFF = ("alice", "bob", "dave", "erin")
CONTACTS = ("carol", "carolb")
_PEOPLE = {name: f"{name}@corp.example" for name in STAFF} | {
    name: f"{name}@customer.example" for name in CONTACTS
}
WARDEN = "warden@corp.example"  # the administrator through whose eyes the adapter looks
_MARKER = "##- Please reply above this line -##"


class Builder:
    """Builds one world; ``mails`` are the notifications by record and reader, the latest one of each."""

    def __init__(self, api: Api, outbox: Path) -> None:
        self._api = api
        self._outbox = outbox
        self._read: set[str] = set()

    def call(self, method: str, path: str, **body: Any) -> Any:
        """One call of the API."""
        return self._api.call(method, f"/api/v1/{path}", body)

    def people(self) -> None:
        """Staff and contacts."""
        for name in STAFF:
            self.call("PUT", f"partners/{_PEOPLE[name]}", name=name.capitalize(), internal=True)
        for name in CONTACTS:
            self.call("PUT", f"partners/{_PEOPLE[name]}", name=name.capitalize())

    def record(self, key: str, *followers: str) -> None:
        """A record and who follows it."""
        self.call("PUT", _path(key), title=f"Record {KEYS[key]}", fields={"stage": "new"})
        for name in followers:
            self.call("POST", f"{_path(key)}/followers", email=_PEOPLE[name])

    def write(self, key: str, author: str, text: str, **more: Any) -> dict[str, Message]:
        """Post, and answer the notifications by the name of their reader."""
        body = {"kind": "message", "author": _PEOPLE[author], "body_text": text} | more
        self.call("POST", f"{_path(key)}/messages", **body)
        settle(self._api, 10.0)
        fresh = sorted(path for path in (self._outbox / "new").iterdir() if path.name not in self._read)
        self._read |= {path.name for path in fresh}
        mails = [message_from_bytes(path.read_bytes()) for path in fresh]
        names = {address: name for name, address in _PEOPLE.items()}
        return {names[mail["Delivered-To"]]: mail for mail in mails}

    def unfollow(self, key: str, name: str) -> None:
        """Take a follower away again, such as the author of a message."""
        for item in self._api.items(f"/api/v1/{_path(key)}/followers"):
            if item["partner"]["email"] == _PEOPLE[name]:
                self._api.call("DELETE", f"/api/v1/{_path(key)}/followers/{item['partner']['id']}")


def build(api: Api, outbox: Path, web_host: str) -> tuple[dict[str, str], dict[str, str]]:
    """Make the world; answers the values of the placeholders, and the records' names by key."""
    builder = Builder(api, outbox)
    builder.people()
    world = _people() | _names(web_host) | _record_a(builder) | _record_b(builder) | _record_x(builder)
    builder.call("PUT", f"partners/{_PEOPLE['dave']}", active=False)
    builder.call("PUT", "blocks/blocked@spam.example", reason="a known nuisance")
    world |= _broken(_local_part(world["RA_ALICE"]), _local_part(world["RB_ALICE"]), world["RA_ALICE"])
    return world, dict(KEYS)


def _record_a(builder: Builder) -> dict[str, str]:
    """A: alice and the carols follow; history, a note, and an address of alice that was revoked."""
    builder.record("1001", "alice", *CONTACTS)
    old = builder.write("1001", "bob", "HISTORY-SECRET-A: the delivery is planned for May.")
    builder.call("DELETE", f"{_path('1001')}/reply-addresses/{_PEOPLE['alice']}")
    told = builder.write(
        "1001", "alice", "May suits us.", recipients=[_PEOPLE[n] for n in ("bob", "dave", "erin")]
    )
    told |= builder.write("1001", "bob", "Then May it is.")
    note = builder.write(
        "1001", "bob", "INTERNAL-NOTE-SECRET: margin is thin.", kind="note", mentions=[_PEOPLE["alice"]]
    )
    builder.unfollow("1001", "bob")
    return {
        **_addresses("RA", told), "RA_EXPIRED": old["alice"]["Reply-To"], "RA_ALICE_NOTE": note["alice"]["Reply-To"],
        "MID_A": told["alice"]["Message-ID"],
        **{f"VERP_A_{_upper(name)}": mail["Return-Path"].strip("<>") for name, mail in told.items()},
    }  # fmt: skip


def _record_b(builder: Builder) -> dict[str, str]:
    """B: bob follows; erin was told once and has no access any more."""
    builder.record("1002", "bob")
    told = builder.write("1002", "alice", "This is record B.", recipients=[_PEOPLE["erin"]])
    told |= builder.write("1002", "bob", "So it is.", recipients=[_PEOPLE["alice"]])
    builder.unfollow("1002", "alice")
    builder.call("PUT", _path("1002"), members=[_PEOPLE["alice"], _PEOPLE["bob"], WARDEN])
    return {**_addresses("RB", told), "MID_B": told["bob"]["Message-ID"], "KEY_B": "1002"}


def _record_x(builder: Builder) -> dict[str, str]:
    """X: archived."""
    builder.record("1003")
    told = builder.write("1003", "bob", "This is record X.", recipients=[_PEOPLE["alice"]])
    builder.unfollow("1003", "bob")
    builder.call("PUT", _path("1003"), active=False)
    return _addresses("RX", told)


def _people() -> dict[str, str]:
    alice = _PEOPLE["alice"]
    return {_upper(name): address for name, address in _PEOPLE.items()} | {
        "CAROLB": _PEOPLE["carolb"], "MALLORY": "mallory@evil.example", "VICTIM": "victim@victim.example",
        "ALICE_UP": alice.upper(), "ALICE_B64": base64.b64encode(alice.encode()).decode(),
    }  # fmt: skip


def _names(web_host: str) -> dict[str, str]:
    forged = "a" * 40
    return {
        "DOMAIN": DOMAIN, "WEBHOST": web_host, "AUTHSERV": AUTHSERV, "AUTHSERV_UP": AUTHSERV.upper(),
        "NEW": f"support@{DOMAIN}", "NOTIFY_FROM": f"notifications@{DOMAIN}", "BOUNCE": f"bounce@{DOMAIN}",
        "VERP_FORGED_CAROL": f"bounce+{forged}@{DOMAIN}", "UNSUB_FORGED_CAROL": f"leave+{forged}@{DOMAIN}",
        "DELIM": _MARKER,
    }  # fmt: skip


def _broken(right: str, other: str, address: str) -> dict[str, str]:
    """Reply addresses that are none. right, other: the local parts of alice's for A and for B."""
    local_parts = {
        "RA_FLIP": right[:-1] + ("b" if right[-1] == "a" else "a"), "RA_TRUNC": right[:-4], "RA_EMPTY": "reply+",
        "RA_SUFFIX": right + "zz", "RB_SIG_A": other[:-20] + right[-20:], "RA_SQLI": "reply+1'or'1'='1",
        "RA_PATH": "reply+../../x", "RA_PCT": right.replace("+", "%2b"), "RA_LONG": "reply+" + "a" * 300,
        "RA_UNI": "reply+\u0661\u0662",
    }  # fmt: skip
    broken = {name: f"{local_part}@{DOMAIN}" for name, local_part in local_parts.items()}
    return broken | {"RA_ALICE_UP": address.upper(), "RA_ALICE_RE": re.escape(right)}


def _addresses(prefix: str, told: dict[str, Message]) -> dict[str, str]:
    return {f"{prefix}_{_upper(name)}": mail["Reply-To"] for name, mail in told.items()}


def _upper(name: str) -> str:
    return {"carolb": "CAROL_B"}.get(name, name.upper())


def _local_part(address: str) -> str:
    return address.rpartition("@")[0]


def _path(key: str) -> str:
    return f"records/ticket/{quote(key, safe='')}"
