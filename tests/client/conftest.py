"""The client on the real application, without a socket between them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.client import AsyncClient, follow, put_partner, put_record
from tests.web.conftest import BASE, Web, web

__all__ = ["api", "web"]

ALICE, CAROL = "alice@corp.example", "carol@customer.example"


@pytest.fixture
async def api(web: Web) -> AsyncIterator[AsyncClient]:
    """A client that may do everything."""
    async with AsyncClient(BASE, web.token(), transport=httpx.ASGITransport(web.app)) as api:
        yield api


@pytest.fixture
async def ticket(api: AsyncClient) -> tuple[str, str]:
    """A ticket with a colleague and a customer."""
    await api(put_partner(ALICE, name="Alice", internal=True))
    await api(put_partner(CAROL, name="Carol", addresses=["carol@home.example"]))
    await api(put_record("ticket", "1", title="Pump", fields={"stage": "new"}, actor=ALICE))
    await api(follow("ticket", "1", CAROL, subtypes=["discussions"]))
    return "ticket", "1"
