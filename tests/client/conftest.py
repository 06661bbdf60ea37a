"""The client on the real application, without a socket between them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.client import AsyncClient
from tests.web.conftest import BASE, Web, web

__all__ = ["api", "web"]


@pytest.fixture
async def api(web: Web) -> AsyncIterator[AsyncClient]:
    """A client that may do everything."""
    async with AsyncClient(BASE, web.token(), transport=httpx.ASGITransport(web.app)) as api:
        yield api
