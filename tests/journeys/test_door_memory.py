"""What the doors remember of the store: forgetting it at any moment refuses nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from store.queries import types
from tests.builders import DOMAIN, NOW, World

TIMES = 60


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[None]:
    """Another thread does this all the time."""
    stop = threading.Event()

    def again() -> None:
        while not stop.wait(0.0005):  # else nobody else gets the interpreter
            work()

    thread = threading.Thread(target=again)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_an_alias_is_known_whenever_it_is_asked_for(world: World):
    with meanwhile(world.acceptor.forget):
        found = [world.acceptor.resolve_now(f"support@{DOMAIN}") for _ in range(TIMES)]

    assert {target.address for target in found} == {f"support@{DOMAIN}"}


async def test_a_door_that_may_not_block_knows_it_too(world: World):
    with meanwhile(world.acceptor.forget):
        found = [await world.acceptor.resolve(f"support@{DOMAIN}") for _ in range(TIMES)]

    assert {target.address for target in found} == {f"support@{DOMAIN}"}


def test_an_alias_that_was_made_while_the_store_was_read_is_known_at_once(world: World):
    def ask() -> None:
        world.acceptor.forget()
        world.acceptor.resolve_now(f"support@{DOMAIN}")

    with meanwhile(ask):
        for number in range(12):
            address = f"desk{number}@{DOMAIN}"
            with world.database.write() as session:
                types.put_alias(session, address, "ticket", {}, {}, NOW)
            world.acceptor.forget()
            assert world.acceptor.resolve_now(address).address == address
