"""An installation whose store is there and in which nothing runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.served import Installation


@pytest.fixture
def installation(tmp_path: Path, sqlite_template: Path) -> Installation:
    """With the record types that are shipped, and nothing in it."""
    installation = Installation(tmp_path / "installation")
    (installation.directory / "var").mkdir()
    shutil.copy(sqlite_template, installation.directory / "var" / "threadpost.db")
    return installation
