"""The measure of growth tells linear work from quadratic."""

from __future__ import annotations

import pytest

from tests.growth import assert_linear


def test_linear_work_passes_however_long_it_takes():
    assert_linear(lambda size: sum(range(size)), 2_000_000, quick=0.0, roof=30)


def test_quadratic_work_is_seen():
    with pytest.raises(AssertionError, match="times as much"):
        assert_linear(lambda size: sum(range(size * size)), 1500, quick=0.0, roof=30)


def test_linear_work_that_takes_too_long_is_seen():
    with pytest.raises(AssertionError, match="of CPU"):
        assert_linear(lambda size: sum(range(size)), 1_000_000, quick=0.0, roof=0.0001)
