"""Octets on disk under the SHA-256 of their content, durable before their name is told."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import BinaryIO


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
        if not self.path(digest).exists():
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
        if self.path(digest).exists():
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

    def _name(self, spool: Path, digest: str) -> None:
        final = self.path(digest)
        if not final.parent.exists():
            final.parent.mkdir(exist_ok=True)
            _sync_directory(self._directory)
        os.replace(spool, final)
        _sync_directory(final.parent)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
