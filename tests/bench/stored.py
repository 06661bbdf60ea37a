"""Prints what a gateway on SQLite has kept, for programs that compare it with what was sent.

``python -m tests.bench.stored DATABASE posted`` prints the sender's Message-ID of every message, one a
line, so that a message posted twice stands there twice; it waits until nothing waits to be posted.
``python -m tests.bench.stored DATABASE told LOG`` does so for the next hop: LOG holds a line "our
Message-ID, recipient" for each mail that came there, the output "the sender's Message-ID, recipient".
"""

from __future__ import annotations

import sqlite3
import sys
import time
from pathlib import Path

_OPEN_TARGETS = "SELECT count(*) FROM inbound_target WHERE state IN ('received', 'processing')"
_OPEN_DELIVERIES = "SELECT count(*) FROM delivery WHERE state = 'queued'"
_POSTED = """
    SELECT inbound_mail.message_id, message.message_id
    FROM message JOIN inbound_mail ON inbound_mail.id = message.inbound_id ORDER BY message.id
"""
_PATIENCE = 90.0


def main(database: str, what: str, log: str = "") -> int:
    """Print the lines; exit code 1 when the queue does not become empty."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10) as connection:
        if not _wait(connection, _OPEN_TARGETS if what == "posted" else _OPEN_DELIVERIES):
            return 1
        rows = connection.execute(_POSTED).fetchall()
    if what == "posted":
        print(*(theirs for theirs, _ in rows), sep="\n")
        return 0
    named = {ours: theirs for theirs, ours in rows}
    for line in Path(log).read_text().splitlines():
        ours, _, recipient = line.partition(" ")
        print(named.get(ours, "unknown"), recipient)
    return 0


def _wait(connection: sqlite3.Connection, question: str) -> bool:
    end = time.monotonic() + _PATIENCE
    while connection.execute(question).fetchone()[0]:
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
