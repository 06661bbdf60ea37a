"""Unknown tokens are counted for each client, and good ones pass whatever others do."""

from __future__ import annotations

from datetime import timedelta

import httpx

from gateway.web.guesses import Guesses
from tests.builders import NOW
from tests.web.conftest import Web


def at(web: Web, address: str, token: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(web.app, client=(address, 1))
    return httpx.AsyncClient(
        transport=transport,
        base_url="http://threads.test/api/v1",
        headers={"Authorization": f"Bearer {token}"},
    )


async def test_a_client_with_many_bad_tokens_is_put_off_and_no_other(web: Web):
    good = web.token("read")
    async with at(web, "192.0.2.1", "tp_wrong") as bad, at(web, "192.0.2.2", "tp_old") as other:
        answers = [(await bad.get("/records")).status_code for _ in range(200)]
        over, elsewhere = await bad.get("/records"), await other.get("/records")
        async with at(web, "192.0.2.1", good) as beside:
            fine = await beside.get("/records")
        web.world.now += timedelta(minutes=1)
        later = await bad.get("/records")

    assert answers == [401] * 200
    assert (over.status_code, over.headers["content-type"]) == (429, "application/problem+json")
    assert 1 <= int(over.headers["retry-after"]) <= 60
    assert (elsewhere.status_code, fine.status_code, later.status_code) == (401, 200, 401)


def test_only_so_many_addresses_are_remembered():
    guesses = Guesses(allowed=1, most_known=100)

    first = [guesses.wait("192.0.2.1", NOW) for _ in range(2)]
    for number in range(100):
        guesses.wait(f"198.51.100.{number}", NOW)

    assert first == [0, 60] and guesses.wait("192.0.2.1", NOW) == 0
