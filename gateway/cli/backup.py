"""``db backup`` and ``db restore``: a copy from which everything goes on, taken while the gateway runs.

Order matters: the database first, then the blobs. A blob is durable before a row names it, so every blob that
the copied rows name is there when the blobs are copied.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click

from gateway.cli.common import Asked, asks
from gateway.cli.exits import EX_CANTCREAT, EX_NOINPUT, Ends, of_file
from gateway.errors import Conflict

_DATABASE, _KEYS, _BLOBS = "threadpost.db", "keys.toml", "blobs"


@click.command()
@click.argument("directory", type=click.Path())
@asks
def backup(asked: Asked, directory: str) -> None:
    """Copy database, blobs and keys into DIRECTORY; blobs that are there already are not copied again."""
    app, to = asked.app, Path(directory)
    _only_sqlite(asked)
    draft = to / f"{_DATABASE}.new"
    try:
        to.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(b"")
    except OSError as trouble:
        raise of_file(EX_CANTCREAT, to, trouble) from trouble
    with sqlite3.connect(app.directory / _DATABASE) as source, sqlite3.connect(draft) as copy:
        source.backup(copy)
    os.replace(draft, to / _DATABASE)
    _ = app.keys
    shutil.copy2(app.directory / _KEYS, to / _KEYS)
    copied = _copy_blobs(app.directory / _BLOBS, to / _BLOBS)
    click.echo(f"database, keys and {copied} new blobs are in {to}", err=True)


@click.command()
@click.argument("directory", type=click.Path())
@asks
def restore(asked: Asked, directory: str) -> None:
    """Put the copy in DIRECTORY into an empty data directory."""
    _only_sqlite(asked)
    source, to = Path(directory), Path(asked.settings.data.dir)
    if (to / _DATABASE).exists():
        raise Conflict(f"{to / _DATABASE} exists: restore goes into an empty data directory")
    for name in (_DATABASE, _KEYS):
        if not (source / name).is_file():
            raise Ends(EX_NOINPUT, f"{source} holds no backup: there is no {name}")
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as trouble:
        raise of_file(EX_CANTCREAT, to, trouble) from trouble
    _copy_blobs(source / _BLOBS, to / _BLOBS)
    shutil.copy2(source / _KEYS, to / _KEYS)
    shutil.copy2(source / _DATABASE, to / _DATABASE)
    click.echo(f"restored into {to}", err=True)


def _only_sqlite(asked: Asked) -> None:
    if asked.settings.data.database_url:
        raise Conflict(
            "data.database_url is set: back the database up with its own tools, and the directory with yours"
        )


def _copy_blobs(source: Path, to: Path) -> int:
    blobs = [blob for blob in _blobs(source) if not (to / blob.parent.name / blob.name).exists()]
    with click.progressbar(blobs, label="blobs", file=sys.stderr) as bar:
        for blob in bar:
            (to / blob.parent.name).mkdir(parents=True, exist_ok=True)
            draft = to / blob.parent.name / f"{blob.name}.new"
            with suppress(FileNotFoundError):  # housekeeping took it away: nothing named it
                shutil.copy2(blob, draft)
                os.replace(draft, to / blob.parent.name / blob.name)
    return len(blobs)


def _blobs(directory: Path) -> Iterator[Path]:
    return (blob for blob in directory.glob("[0-9a-f][0-9a-f]/*") if len(blob.name) == 64)
