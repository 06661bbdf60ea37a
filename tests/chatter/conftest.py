"""The same world as the journeys use."""

from tests.journeys.conftest import world  # noqa: F401
