"""The two clients: they carry calls out and read the answers. Both are thin: httpx does the work."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, TypeVar, cast

import httpx
import msgspec

from gateway.client.calls import Call
from gateway.client.shapes.common import FieldError, RecordName

Answer = TypeVar("Answer")


class ProblemError(Exception):
    """The gateway refused a call (RFC 9457). errors: the wrong fields. external: whom a note would have reached.
    merged_into: where a record that was merged away is now, None if it was not."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: list[FieldError],
        external: list[str],
        merged_into: RecordName | None = None,
    ) -> None:
        super().__init__(f"{status} {detail}")
        self.status, self.detail, self.errors, self.external = status, detail, errors, external
        self.merged_into = merged_into


class Client:
    """Waits for each answer. base_url: of the gateway, without a path. transport: for tests.

    Raises ProblemError for what the gateway refuses, httpx.HTTPError for what did not reach it.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        timeout: float = 20.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(
            base_url=f"{base_url.rstrip('/')}/api/v1",
            headers=_headers(token),
            timeout=timeout,
            transport=transport,
        )

    def __call__(self, call: Call[Answer]) -> Answer:
        """Carry a call out."""
        return _read(call, self._http.request(call.method, call.path, **_arguments(call)))

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient:
    """``Client`` for coroutines."""

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        timeout: float = 20.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"{base_url.rstrip('/')}/api/v1",
            headers=_headers(token),
            timeout=timeout,
            transport=transport,
        )

    async def __call__(self, call: Call[Answer]) -> Answer:
        """Carry a call out."""
        return _read(call, await self._http.request(call.method, call.path, **_arguments(call)))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": "application/json"}


def _arguments(call: Call[Any]) -> dict[str, Any]:
    headers = {"Idempotency-Key": call.key} if call.key else {}
    given = {"params": dict(call.query), "headers": headers}
    if call.uploads:
        files = [("file", (one.name, one.content, one.content_type)) for one in call.uploads]
        return {**given, "files": files, "data": call.body or {}}
    if call.mail is not None:
        return {**given, "content": call.mail, "headers": {**headers, "Content-Type": "message/rfc822"}}
    return {**given, **({"json": call.body} if call.body is not None else {})}


def _read(call: Call[Answer], answer: httpx.Response) -> Answer:
    if not answer.is_success:
        raise _problem(answer)
    if call.shape is None:
        return cast(Answer, None)
    if call.shape is bytes:
        return cast(Answer, answer.content)
    if isinstance(call.shape, tuple):
        told = msgspec.json.decode(answer.content)
        return msgspec.convert(told, next(one for one in call.shape if _fits(told, one)))
    return msgspec.json.decode(answer.content, type=call.shape)


def _fits(told: Any, shape: type[Any]) -> bool:
    """An answer has all that a struct cannot do without. The last of several shapes is the least."""
    return all(one.encode_name in told for one in msgspec.structs.fields(shape) if one.required)


def _problem(answer: httpx.Response) -> ProblemError:
    try:
        told = answer.json()
    except json.JSONDecodeError:
        told = {}
    told = told if isinstance(told, dict) else {}
    errors = [
        FieldError(str(one.get("pointer", "")), str(one.get("detail", ""))) for one in told.get("errors", [])
    ]
    detail = str(told.get("detail") or answer.reason_phrase)
    merged = told.get("merged_into")
    survivor = RecordName(str(merged["type"]), str(merged["key"])) if isinstance(merged, dict) else None
    return ProblemError(answer.status_code, detail, errors, list(told.get("external", [])), survivor)
