"""The world of the journeys, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.models.views import PartnerView
from store.session import Database
from tests.builders import World


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[World]:
    """Record types, one alias, a worker; nobody and nothing else."""
    world = World(database, tmp_path)
    yield world
    world.close()


@pytest.fixture
def alice(world: World) -> PartnerView:
    """A colleague."""
    return world.partner("alice@corp.example", internal=True)


@pytest.fixture
def bob(world: World) -> PartnerView:
    """Another colleague."""
    return world.partner("bob@corp.example", internal=True)
