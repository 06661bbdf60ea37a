"""A small HTTP client for the gateway's own API, and where the attack kit's gateway lives on this machine.

Standard library only: the adapter is started once for each question, so its imports must cost little.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

REPOSITORY = Path(__file__).resolve().parents[2]
_SECONDS = 30.0


def home() -> Path:
    """The directory of the running gateway: one for each user and working copy."""
    name = f"threadpost-attack-{os.getuid()}-{zlib.crc32(str(REPOSITORY).encode()):08x}"
    path = Path(os.environ.get("THREADPOST_ATTACK_HOME") or Path(os.environ.get("TMPDIR", "/tmp")) / name)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_uid != os.getuid():
        raise SystemExit(f"{path} belongs to somebody else")
    return path


def state() -> dict[str, Any] | None:
    """What the keeper wrote about the running gateway, None if there is nothing to read."""
    try:
        found: dict[str, Any] = json.loads((home() / "state.json").read_bytes())
    except (OSError, ValueError):
        return None
    return found


def is_running(found: dict[str, Any] | None) -> bool:
    """The keeper of this state lives and its gateway answers."""
    if found is None or not Path(f"/proc/{found['keeper']}").exists():
        return False
    try:
        return bool(Api(found["web"]).call("GET", "/healthz") == {"status": "ok"})
    except (OSError, HTTPException, ApiError):
        return False


class ApiError(Exception):
    """The gateway said no. status: of the answer."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"{status} {words}")
        self.status = status


class Api:
    """One connection to the gateway's HTTP door, opened again when it was closed."""

    def __init__(self, port: int, token: str = "", cookie: str = "") -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._cookie = {"Cookie": cookie} if cookie else {}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask, and read the JSON of the answer; None where it is empty. Raises ApiError."""
        text = self.octets(method, path, None if body is None else json.dumps(body).encode())
        return json.loads(text) if text else None

    def octets(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Ask, and answer the octets. Raises ApiError."""
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise ApiError(answer.status, text[:500].decode("utf-8", "replace"))
        return text

    def page(self, path: str) -> str:
        """A page as a logged-in colleague is served it."""
        self._connection.request("GET", path, headers=self._cookie)
        answer = self._connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        if answer.status != 200:
            raise ApiError(answer.status, text[:200])
        return text

    def headers_of(self, path: str) -> dict[str, str]:
        """The header fields of a download; its octets are not fetched."""
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        found = dict(answer.getheaders())
        if answer.length is None or answer.length > 65536:
            self._connection.close()
        else:
            answer.read()
        return found

    def items(self, path: str) -> Iterator[dict[str, Any]]:
        """All items of a list, page by page."""
        separator = "&" if "?" in path else "?"
        following: str | None = ""
        while following is not None:
            before = f"&before={quote(str(following))}" if following else ""
            answer = self.call("GET", f"{path}{separator}limit=200{before}")
            yield from answer["items"]
            following = answer["next"]


def settle(api: Api, seconds: float) -> bool:
    """Wait until nothing is on its way, at most this long; answers whether that came true."""
    deadline = time.monotonic() + seconds
    while True:
        busy = any(api.call("GET", f"/api/v1/{where}&limit=1")["items"] for where in _QUEUES)
        if not busy or time.monotonic() > deadline:
            return not busy
        time.sleep(0.01)


_QUEUES = ("ledger?state=received", "ledger?state=processing", "deliveries?state=queued")
