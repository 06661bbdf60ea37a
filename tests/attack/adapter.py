"""What the attack kit knows about this gateway: ``python tests/attack/adapter.py OP``, JSON in, JSON out.

OP is a method of the kit's Adapter, or ``config``, which starts the gateway when it does not run. Everything
that is reported is what the gateway's own HTTP API (and, for the markup, its page) shows an administrator;
mail that left is read from its outbox Maildir. One question costs one process, so nothing of the gateway is
imported here.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

if not __package__:  # started as a file
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.attack.api import REPOSITORY, Api, home, is_running, settle, state

_START_SECONDS = 60.0
_STATES = {"posted": "posted", "held": "held", "refused": "rejected"}  # all else is "ignored"
_TWIN = "duplicate of "


class Kit:
    """Answers the kit's questions about one running gateway."""

    def __init__(self, found: dict[str, Any]) -> None:
        self._state = found
        self._api = Api(found["web"], found["token"], found["cookie"])
        self._cache = Path(found["directory"]) / "kit"

    # -- the world --

    def config(self) -> dict[str, Any]:
        """Where the door is."""
        return {"host": "127.0.0.1", "port": self._state["smtp"], "lmtp": False, "supports_dkim": False}

    def setup(self) -> None:
        """A fresh world: a new data directory behind the same door."""
        number = self._state["number"]
        os.kill(self._state["keeper"], signal.SIGHUP)
        _wait_for(lambda s: s["number"] > number)

    def world(self) -> Any:
        """The values of the placeholders."""
        return self._state["world"]

    def trusted_stamp(self, auth: str, header_from: str | None) -> str:
        """What the configured hop writes on top of a mail."""
        if auth == "absent":
            return ""
        line = f"Authentication-Results: {self._state['stamp']}; dmarc={auth} header.from={header_from or 'unknown.example'}\r\n"
        return _b64(line.encode())

    def settle(self, timeout: float = 1.0) -> None:
        """Wait until the queues are empty; a busy machine gets more time than the kit proposes."""
        settle(self._api, max(timeout, 10.0))

    # -- mail that came in --

    def find(self, mark: str) -> list[dict[str, Any]]:
        """Every post, and every mail that is not posted, whose raw mail holds the mark."""
        found: list[dict[str, Any]] = []
        for mail_id in self._marked(mark):
            entry = self._api.call("GET", f"/api/v1/ledger/{mail_id}")
            seen: set[Any] = set()
            for target in entry["targets"]:
                if target["message"] is not None and target["message"] not in seen:
                    seen.add(target["message"])
                    found.append(self._post(target["message"]))
            left = [target for target in entry["targets"] if target["message"] is None]
            if left and not seen and not all(target["reason"].startswith(_TWIN) for target in left):
                found.append(self._left_over(entry, left[0]))
        return found

    def raw(self, mark: str) -> str | None:
        """The octets of the first mail that holds the mark."""
        marked = self._marked(mark)
        return _b64(self._octets(marked[0])) if marked else None

    def list_message_ids(self) -> list[str]:
        """The Message-ID of every stored mail, without the recognised repetitions."""
        return [
            entry["message_id"] for entry in self._api.items("/api/v1/ledger")
            if entry["message_id"] and not (entry["state"] == "absorbed" and entry["reason"].startswith(_TWIN))
        ]  # fmt: skip

    def _marked(self, mark: str) -> list[int]:
        """The ledger's mails that hold the mark, oldest first; what was fetched once lies in the cache."""
        self._cache.mkdir(exist_ok=True)
        have = {int(path.name) for path in self._cache.iterdir()}
        newest = self._api.call("GET", "/api/v1/ledger?limit=1")["items"]
        for mail_id in range(1, (newest[0]["id"] if newest else 0) + 1):
            if mail_id not in have:
                self._fetch(mail_id)
        wanted = mark.encode()
        return [number for number in sorted(have | self._ids()) if wanted in self._octets(number)]

    def _ids(self) -> set[int]:
        return {int(path.name) for path in self._cache.iterdir()}

    def _fetch(self, mail_id: int) -> None:
        (self._cache / str(mail_id)).write_bytes(self._api.octets("GET", f"/api/v1/ledger/{mail_id}/raw"))

    def _octets(self, mail_id: int) -> bytes:
        return (self._cache / str(mail_id)).read_bytes()

    def _post(self, message_id: int) -> dict[str, Any]:
        """A message as the API shows it; html also holds its article as the page serves it."""
        message = self._api.call("GET", f"/api/v1/messages/{message_id}")
        record = message["record"]
        served = self._article(record, message_id)
        return {
            "id": message_id, "record": self._record_name(record), "author": message["author"]["email"],
            "verified": message["confidence"] == "verified", "state": "posted",
            "kind": "auto" if message["folded"] else message["kind"], "subject": message["subject"],
            "text": message["body_text"], "html": message["body_html"] + (message["quoted_html"] or "") + served,
            "attachments": [
                {"name": file["name"], "headers": self._api.headers_of(f"/api/v1/attachments/{file['id']}")}
                for file in message["attachments"]
            ],
        }  # fmt: skip

    def _article(self, record: dict[str, str], message_id: int) -> str:
        path = (
            f"/r/{quote(record['type'], safe='')}/{quote(record['key'], safe='')}?around={message_id}&limit=1"
        )
        page = self._api.page(path)
        start = page.find(f'<article id="message-{message_id}"')
        end = page.find("</article>", start)
        if start < 0 or end < 0:
            raise SystemExit(f"message {message_id} is not on its page")
        return page[start:end]

    def _left_over(self, entry: dict[str, Any], target: dict[str, Any]) -> dict[str, Any]:
        record = target["record"]
        return {
            "id": f"mail-{entry['id']}", "record": self._record_name(record) if record else None,
            "author": entry["author"], "verified": False, "state": _STATES.get(entry["state"], "ignored"),
            "kind": "bounce" if target["kind"] == "bounce" else "message", "subject": entry["subject"],
            "text": "", "html": "", "attachments": [],
        }  # fmt: skip

    def _record_name(self, record: dict[str, str]) -> str:
        names: dict[str, str] = self._state["records"]
        return names.get(record["key"], "NEW" if record["key"].startswith("tp-") else record["key"])

    # -- mail that went out --

    def outbound(self, since: str | None) -> dict[str, Any]:
        """Mails that left after ``since``, the name of a file in the outbox."""
        folder = Path(self._state["directory"]) / "outbox" / "new"
        names = sorted(entry.name for entry in os.scandir(folder))
        fresh = [name for name in names if since is None or name > since]
        return {
            "since": names[-1] if names else since or "",
            "mails": [_left(folder / name) for name in fresh],
        }

    # -- what is known about records and people --

    def followers(self, record: str) -> list[str]:
        """The e-mail addresses of the followers."""
        return [item["partner"]["email"] for item in self._api.items(f"{self._path(record)}/followers")]

    def suppressed(self) -> list[str]:
        """The addresses that get no mail."""
        return [item["address"] for item in self._api.items("/api/v1/suppressions")]

    def record_state(self, record: str) -> dict[str, Any]:
        """What the host application would see changed."""
        view = self._api.call("GET", self._path(record))
        return {name: view[name] for name in ("title", "url", "fields", "assignee", "domain", "active")}

    def _path(self, record: str) -> str:
        key = next((key for key, name in self._state["records"].items() if name == record), record)
        return f"/api/v1/records/ticket/{quote(key, safe='')}"

    def rss_mb(self) -> float | None:
        """Resident memory of the gateway and its children, in MB."""
        pages = [_resident(pid) for pid in (self._state["gateway"], *_children(self._state["gateway"]))]
        return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


def running() -> dict[str, Any]:
    """The state of a running gateway, which is started when there is none."""
    found = state()
    if found is not None and is_running(found):
        return found
    import subprocess  # costs a question more than all else, and only a start needs it

    (home() / "state.json").unlink(missing_ok=True)
    with open(home() / "keeper.log", "ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "tests.attack.keeper"], cwd=REPOSITORY, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    return _wait_for(lambda s: True)


def _wait_for(is_right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        found = state()
        if found is not None and is_right(found):
            return found
        time.sleep(0.05)
    raise SystemExit(f"the gateway did not start, see {home() / 'keeper.log'}")


def _left(path: Path) -> dict[str, Any]:
    """One mail of the outbox: whom the envelope names, and what would have been sent."""
    envelope, recipient, mail = path.read_bytes().split(b"\r\n", 2)
    assert envelope.startswith(b"Return-Path:") and recipient.startswith(b"Delivered-To: ")
    return {"to": [recipient.removeprefix(b"Delivered-To: ").decode()], "raw": _b64(mail)}


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [grandchild for child in map(int, text.split()) for grandchild in (child, *_children(child))]


def _b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def main(operation: str) -> None:
    """Answer one question."""
    given = json.loads(sys.stdin.read() or "{}")
    found = running() if operation == "config" else state() or running()
    (home() / "asked").touch()
    answer = getattr(Kit(found), operation)(**given)
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1])
