"""A world with the web application on it, asked through a real HTTP client."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from gateway.chatter import access
from gateway.inbound import desk
from gateway.inbound.accept import OwnDomain
from gateway.inbound.rehearsal import Rehearsal
from gateway.templating import Templates, templates_directory
from gateway.web.app import build, create_web
from gateway.web.services import Desk, Services
from store.session import Database
from tests.builders import DOMAIN, KEYS, World
from tests.web.documented import undocumented

BASE = "http://threads.test"
MAX_UPLOAD = 100_000


@cache
def routes() -> Litestar:
    """The application, built once, which takes long; each test puts a world of its own behind it."""
    return build(dev=True, max_upload=MAX_UPLOAD)


async def check_documented(answer: httpx.Response) -> None:
    """Whatever a test is answered stands in the OpenAPI document."""
    assert not undocumented(routes(), answer), undocumented(routes(), answer)


class Web:
    """The application and clients for it. settings: other services than usual, on an application of their own."""

    def __init__(self, world: World, directory: Path, **settings: Any) -> None:
        self.world = world
        rehearsal = Rehearsal(
            database=world.database, reader=world.reader, pipeline=world.pipeline, trust=world.trust,
            now=lambda: world.now,
        )  # fmt: skip
        by_hand = Desk(
            replay=desk.replay, release=desk.release, discard=desk.discard, rehearse=rehearsal.replay
        )
        defaults = {"outbox_dir": directory / "outbox", "max_upload": MAX_UPLOAD, "max_mail": 200_000}
        services = Services(
            database=world.database, blobs=world.blobs, acceptor=world.acceptor, records=world.records,
            posting=world.posting, types=world.types, templates=Templates(templates_directory()), desk=by_hand,
            keys=KEYS, domains=[OwnDomain(DOMAIN)], base_url=BASE, data_dir=directory, now=lambda: world.now,
            **(defaults | settings),
        )  # fmt: skip
        self.app = create_web(services) if settings else routes()
        self.app.state["services"] = services
        self._clients: list[httpx.AsyncClient] = []

    def token(self, *scopes: str, types: tuple[str, ...] = ()) -> str:
        with self.world.database.write() as session:
            return access.create_token(
                session, name="host", scopes=scopes or ("admin",), record_types=types, now=self.world.now
            )

    def client(self, *scopes: str, types: tuple[str, ...] = ()) -> httpx.AsyncClient:
        """A client with a token of these scopes; none = admin."""
        headers = {"Authorization": f"Bearer {self.token(*scopes, types=types)}"}
        return self.open(headers=headers, base_url=f"{BASE}/api/v1")

    def open(self, **settings: Any) -> httpx.AsyncClient:
        """A client without anything."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        hooks = {"response": [check_documented]}
        client = httpx.AsyncClient(transport=transport, event_hooks=hooks, **{"base_url": BASE, **settings})
        self._clients.append(client)
        return client

    async def browser(self, email: str, *, role: str = "member") -> httpx.AsyncClient:
        """A client with the cookie of a logged-in colleague, who is entered if he is new."""
        from store.queries import partner as partners

        with self.world.database.write() as session:
            partner = partners.by_address(session, email)
            partner_id = partner.id if partner else partners.add(
                session, email=email, name=email.partition("@")[0].capitalize(), internal=True, role=role, now=self.world.now
            )  # fmt: skip
            cookie = access.open_session(session, partner_id, self.world.now)
        return self.open(cookies={"threadpost_session": cookie}, headers={"Accept": "text/html"})

    @contextmanager
    def working(self) -> Iterator[None]:
        """The worker runs meanwhile, as it does beside the web application."""
        stop = threading.Event()

        def work() -> None:
            while not stop.wait(0.02):
                self.world.worker.run_once()

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


@pytest.fixture
async def web(database: Database, tmp_path: Path) -> AsyncIterator[Web]:
    """Record types, one alias, the application; nobody and nothing else."""
    world = World(database, tmp_path)
    web = Web(world, tmp_path)
    yield web
    await web.close()
    world.close()


@pytest.fixture
def api(web: Web) -> httpx.AsyncClient:
    """A client that may do everything."""
    return web.client()


async def add(api: httpx.AsyncClient, email: str, **values: Any) -> dict[str, Any]:
    """Enter a partner over the API."""
    answer = await api.put(
        f"/partners/{email}", json={"name": email.partition("@")[0].capitalize(), **values}
    )
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())
