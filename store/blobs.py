"""Octets on disk under the SHA-256 of their content, durable before their name is told.

A blob that is stored again is young again: whoever takes old ones away (``old``, ``remove``) leaves it, though
nothing in the database names it yet.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

_GONE = ".gone"  # put aside by somebody who is about to delete it


class BlobDamaged(Exception):
    """The octets on disk are not the ones that were stored."""


class BlobStore:
    """A directory of blobs, ``ab/abcdef...``; the same content is kept once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def put(self, content: bytes) -> str:
        """Store the octets durably; answers their SHA-256 in hex."""
        digest = hashlib.sha256(content).hexdigest()
        if not self.keep(digest):
            spool = self.spool()
            try:
                with open(spool, "xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                self._name(spool, digest)
            except OSError:
                spool.unlink(missing_ok=True)
                raise
        return digest

    def adopt(self, spool: Path, digest: str) -> str:
        """Take over a file of ``spool()`` that was written and synced; digest: its SHA-256 in hex."""
        if self.keep(digest):
            spool.unlink()
        else:
            self._name(spool, digest)
        return digest

    def spool(self) -> Path:
        """A new file name on the same file system, for octets that still come in."""
        directory = self._directory / "spool"
        directory.mkdir(exist_ok=True)
        return directory / secrets.token_hex(16)

    def path(self, digest: str) -> Path:
        """Where a blob of this digest lies."""
        return self._directory / digest[:2] / digest

    def get(self, digest: str) -> bytes:
        """The octets. Raises FileNotFoundError, or BlobDamaged when they changed on disk."""
        content = self.path(digest).read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise BlobDamaged(digest)
        return content

    def open(self, digest: str) -> BinaryIO:
        """The octets as a file to stream. Raises FileNotFoundError."""
        return open(self.path(digest), "rb")

    def keep(self, digest: str) -> bool:
        """Make a blob young again, so that it stays; False when there is none."""
        try:
            os.utime(self.path(digest))
        except FileNotFoundError:
            return False
        return True

    def old(self, before: datetime) -> Iterator[str]:
        """The digests of blobs that nobody stored since."""
        for directory in sorted(self._directory.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(directory.iterdir()):
                if path.suffix == _GONE:
                    _put_back(path)
                elif _is_older(path, before):
                    yield path.name

    def remove(self, digest: str, before: datetime) -> bool:
        """Take a blob away; False when somebody stored it since, or when it is gone already.

        It is put aside before its age is looked at once more: who stores the same content meanwhile either made
        it young before, and it comes back, or finds none and writes it anew.
        """
        path = self.path(digest)
        aside = path.with_suffix(_GONE)
        try:
            os.replace(path, aside)
            if aside.stat().st_mtime >= before.timestamp():
                _put_back(aside)
                return False
            aside.unlink()
        except FileNotFoundError:  # another process cleans as well
            return False
        return True

    def remove_spooled(self, before: datetime) -> int:
        """Take away what a process that died left half written; answers how much."""
        left = [path for path in (self._directory / "spool").glob("*") if _is_older(path, before)]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def _name(self, spool: Path, digest: str) -> None:
        final = self.path(digest)
        if not final.parent.exists():
            final.parent.mkdir(exist_ok=True)
            _sync_directory(self._directory)
        os.replace(spool, final)
        _sync_directory(final.parent)


def _is_older(path: Path, before: datetime) -> bool:
    """Nobody touched the file since; False when another process took it away."""
    try:
        return path.stat().st_mtime < before.timestamp()
    except FileNotFoundError:
        return False


def _put_back(aside: Path) -> None:
    """Undo what ``remove`` began."""
    with suppress(FileNotFoundError):
        os.replace(aside, aside.with_suffix(""))


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
