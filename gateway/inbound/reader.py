"""Where a mail is read: small ones in the worker's own thread, large ones in a child process.

A mail over 1 MiB, or one that made us fail before, is read in a long-lived child with limits on memory and
CPU and a deadline, one at a time; the child is started when first needed, replaced when it dies, and ended
after a large mail so that its memory goes back (DESIGN decision 9). The frames are a length of 8 octets and
a pickle; both ends are this program.
"""

from __future__ import annotations

import contextlib
import pickle
import resource
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from gateway.errors import GatewayError
from gateway.inbound.reading import Reading, read
from store.blobs import BlobStore

LARGE_OCTETS = 1024 * 1024
_END_CHILD_AFTER = 4 * LARGE_OCTETS
_DEADLINE_SECONDS = 45.0
_CHILD_ADDRESS_SPACE = 1024**3
_CHILD_CPU_SECONDS = 600


class ReadingFailed(GatewayError):
    """The child that read the mail died, raised or took too long."""


class Reader:
    """Reads mails by their raw octets or their blob. blob_directory: where the blob store lies."""

    def __init__(self, blobs: BlobStore, blob_directory: Path) -> None:
        self._blobs = blobs
        self._directory = blob_directory
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def read(
        self, *, raw: bytes | None, blob: str | None, size: int, reverse_path: str,
        spam_headers: Sequence[tuple[str, str]], carefully: bool = False,
    ) -> Reading:  # fmt: skip
        """Read one mail. carefully: in the child whatever its size. Raises ReadingFailed, OSError."""
        if not carefully and size <= LARGE_OCTETS:
            octets = raw if raw is not None else self._blobs.get(blob or "")
            return read(octets, reverse_path=reverse_path, spam_headers=spam_headers, blobs=self._blobs)
        job = {"raw": raw, "blob": blob, "reverse_path": reverse_path, "spam_headers": tuple(spam_headers)}
        with self._lock:
            try:
                return self._ask_child(job)
            finally:
                if size > _END_CHILD_AFTER:
                    self._end_child()

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._end_child()

    def _ask_child(self, job: dict[str, Any]) -> Reading:
        child = self._child
        if child is None or child.poll() is not None:
            child = self._child = self._start_child()
        assert child.stdin is not None and child.stdout is not None
        try:
            _send(child.stdin, job)
            answer = _receive(child.stdout, deadline=time.monotonic() + _DEADLINE_SECONDS)
        except (OSError, EOFError, TimeoutError) as trouble:
            self._end_child()
            raise ReadingFailed(
                f"the reading process gave up: {trouble or type(trouble).__name__}"
            ) from trouble
        if isinstance(answer, Reading):
            return answer
        raise ReadingFailed(str(answer))

    def _start_child(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "gateway.inbound.reader", str(self._directory)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                with contextlib.suppress(OSError):
                    if pipe is not None:
                        pipe.close()


def _send(pipe: BinaryIO | Any, value: object) -> None:
    octets = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(struct.pack(">Q", len(octets)) + octets)
    pipe.flush()


def _receive(pipe: Any, *, deadline: float | None = None) -> Any:
    (length,) = struct.unpack(">Q", _exactly(pipe, 8, deadline))
    return pickle.loads(_exactly(pipe, length, deadline))  # noqa: S301 - our own child's answer


def _exactly(pipe: Any, count: int, deadline: float | None) -> bytes:
    gathered = bytearray()
    while len(gathered) < count:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise TimeoutError("deadline passed")
        chunk = pipe.raw.read(min(count - len(gathered), 1 << 20))
        if not chunk:
            raise EOFError("it ended")
        gathered += chunk
    return bytes(gathered)


def main(directory: str) -> None:
    """The child: read mails until standard input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (_CHILD_ADDRESS_SPACE, _CHILD_ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CPU, (_CHILD_CPU_SECONDS, _CHILD_CPU_SECONDS))
    blobs = BlobStore(Path(directory))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing but frames goes to the pipe
    while True:
        try:
            job = _receive(source)
        except EOFError:
            return
        raw = job["raw"] if job["raw"] is not None else blobs.get(job["blob"])
        try:
            answer: object = read(
                raw, reverse_path=job["reverse_path"], spam_headers=job["spam_headers"], blobs=blobs
            )
        except (Exception, MemoryError, RecursionError) as trouble:  # noqa: BLE001 - told to the parent, which counts it
            answer = f"{type(trouble).__name__}: {trouble}"
        del raw, job
        _send(sink, answer)


if __name__ == "__main__":
    main(sys.argv[1])
