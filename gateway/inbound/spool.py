"""A mail that is still coming in, on its way to the ledger or the blob store; a door never holds a large one in memory."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from store.blobs import BlobStore

INLINE_OCTETS = 64 * 1024  # larger raw mail lies in the blob store


class Spool:
    """A mail that is still coming in: in memory up to a limit, then in a file of the blob store."""

    def __init__(self, blobs: BlobStore, *, in_memory: int) -> None:
        self._blobs = blobs
        self._in_memory = in_memory
        self._chunks: list[bytes] = []
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """Add octets. Raises OSError when the disk refuses."""
        self.size += len(chunk)
        if self._file is None and self.size <= self._in_memory:
            self._chunks.append(chunk)
            return
        if self._file is None:
            self._path = self._blobs.spool()
            self._file = open(self._path, "xb")  # noqa: SIM115 - closed by keep or discard
            for held in self._chunks:
                self._digest.update(held)
                self._file.write(held)
            self._chunks = []
        self._digest.update(chunk)
        self._file.write(chunk)

    def discard(self) -> None:
        """Forget the octets."""
        self._chunks = []
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # a full disk may refuse the last octets; they are not wanted
                file.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None

    @property
    def is_small(self) -> bool:
        """The mail fits into the ledger itself: nothing but the commit is needed."""
        return self._file is None and self.size <= INLINE_OCTETS

    def octets(self) -> bytes:
        """All octets of a mail that is in memory."""
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)

    def keep(self) -> str:
        """Make the octets a durable blob; answers its digest. Blocks for the disk."""
        if self._file is None or self._path is None:
            return self._blobs.put(self.octets())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        digest = self._blobs.adopt(self._path, self._digest.hexdigest())
        self._file = self._path = None
        return digest
