"""Queries are tried on the worlds of the journeys."""

from tests.journeys.conftest import world as world
