"""Where the files that travel with the program lie: in an installed wheel, else in the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Literal


def data_dir(name: Literal["templates", "config", "systemd"]) -> Path:
    """The directory of packaged files of this name."""
    here = Path(__file__).resolve().parent
    packaged = here / "_data" / name
    return packaged if packaged.is_dir() else here.parent / name
