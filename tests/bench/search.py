"""How long a search takes: in a thread of 10,000 messages, and over all messages of a store.

Milliseconds a question, as the API asks it (index, rows, files, notices, highlights). For each kind of reader 200
questions drawn from the words of the messages, frequent ones more often (but for the 30 that a language is full of), and
20 for those 30. Readers: an application, a colleague, one to whom all records are closed, an outsider who was told of fifty messages, and one who was told of
one message in fifty. ``python -m tests.bench.search [--messages N] [--postgresql] [--database URL] [--reader NAME]``

To fill a store of a million takes twenty minutes. One that is named with ``--database`` is filled when it is empty and
kept, and each later run asks it the same questions.
"""

from __future__ import annotations

import argparse
import itertools
import random
import string
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import select

from gateway.chatter.page import message_views
from gateway.chatter.search import Question, Search
from store import schema
from store.models import Message, Notice
from store.queries import partner as partners
from store.queries.access_filter import EVERYTHING, Reader
from store.session import Database
from tests import postgres
from tests.builders import World

THREAD, LIMITS = 10_000, {"one thread": 50.0, "all records": 200.0}
QUESTIONS, COMMON = 200, 20
_message = Message.table()
_notice = Notice.table()


class Words:
    """Makes texts whose words are as unequally frequent as those of a language (Zipf)."""

    def __init__(self, seed: int = 7) -> None:
        self.rng = random.Random(seed)
        letters = string.ascii_lowercase
        self.all = ["".join(self.rng.choices(letters, k=self.rng.randint(2, 11))) for _ in range(60_000)]
        self._weights = list(itertools.accumulate(1 / (rank + 1) for rank in range(len(self.all))))
        self._rare = [weight - self._weights[29] for weight in self._weights[30:]]

    def text(self, count: int) -> str:
        return " ".join(self.rng.choices(self.all, cum_weights=self._weights, k=count))

    def question(self) -> str:
        """One to three words of a text, the last one perhaps only its beginning."""
        words = self.rng.choices(self.all[30:], cum_weights=self._rare, k=self.rng.choice((1, 1, 2, 3)))
        if self.rng.random() < 0.5:
            words[-1] = words[-1][: max(3, len(words[-1]) - 2)]
        return " ".join(words)

    def common(self) -> str:
        """One of the words that stand in nearly every text."""
        return self.rng.choice(self.all[:30])


def readers(world: World) -> dict[str, Reader]:
    """Who asks."""
    staff = person(world, "staff@corp.example", internal=True)
    return {
        "application": EVERYTHING,
        "colleague": Reader(None, staff),
        "no follower": Reader(None, staff, followers_only=frozenset({"ticket"})),
        "outsider": Reader(None, person(world, "few@x.example"), internal=False),
        "busy outsider": Reader(None, person(world, "many@x.example"), internal=False),
    }


def person(world: World, email: str, *, internal: bool = False) -> int:
    """The partner of this address, who is entered at the first run."""
    with world.database.read() as session:
        found = partners.by_address(session, email)
    return found.id if found else world.partner(email, internal=internal).id


def tell(database: Database, partner_id: int | None, ids: Iterator[int]) -> None:
    """Somebody was told of these messages."""
    base = {"partner_id": partner_id, "channel": "email", "state": "queued", "reason": "follower"}
    while batch := [{**base, "message_id": number} for number in itertools.islice(ids, 5000)]:
        with database.write() as session:
            session.execute(_notice.insert(), batch)


def fill(world: World, words: Words, count: int) -> int:
    """Enter messages of 20 to 150 words on many threads, every so often one on the long thread; answers its id."""
    threads = [world.ticket(str(n)).id for n in range(500)]
    long, step = threads[0], max(1, count // THREAD)
    base = {
        "kind": "message", "subtype": "discussions", "internal": False, "author_name": "Ann", "author_email": "a@b.example",
        "confidence": "", "date": world.now, "body_html": "", "folded": False, "generated": False,
    }  # fmt: skip

    def rows() -> Iterator[dict[str, Any]]:
        for n in range(count):
            text = words.text(words.rng.randint(20, 150))
            thread_id = long if n % step == 0 else words.rng.choice(threads[1:])
            yield {
                **base,
                "thread_id": thread_id,
                "message_id": f"<b{n}@x>",
                "body_text": text,
                "search_text": text,
            }

    made = rows()
    while batch := list(itertools.islice(made, 5000)):
        with world.database.write() as session:
            session.execute(_message.insert(), batch)
    return long


def ask(database: Database, question: str, reader: Reader, thread_id: int | None) -> float:
    """Milliseconds of one search."""
    started = time.perf_counter()
    with database.read() as session:
        search = Search(session, Question(question, reader, thread_id))
        hits = search.fetch(before=None, after=None, limit=31).rows
        message_views(session, search.rows(hits), search.words)
    return 1000 * (time.perf_counter() - started)


def measure(database: Database, words: Words, who: str, reader: Reader, thread_id: int) -> None:
    """Print the percentiles of one reader, who asks the same in each run."""
    words.rng.seed(who)
    for name, scope in (("one thread", thread_id), ("all records", None)):
        taken = sorted(ask(database, words.question(), reader, scope) for _ in range(QUESTIONS))
        common = max(ask(database, words.common(), reader, scope) for _ in range(COMMON))
        p50, p95 = taken[QUESTIONS // 2], taken[QUESTIONS * 95 // 100]
        verdict = "ok" if max(p95, common) < LIMITS[name] else "TOO SLOW"
        print(
            f"{who:>13}, {name:<11}  p50 {p50:6.1f} ms  p95 {p95:6.1f} ms  worst {taken[-1]:6.1f} ms"
            f"  worst of the commonest words {common:6.1f} ms  {verdict}",
            flush=True,
        )


def prepare(world: World, words: Words, count: int) -> int:
    """Fill an empty store; answers the id of the long thread."""
    database, started = world.database, time.perf_counter()
    partners = {who: reader.partner_id for who, reader in readers(world).items()}
    thread_id = fill(world, words, count)
    tell(database, partners["outsider"], iter(range(1, count, count // 50)))
    tell(database, partners["busy outsider"], iter(range(1, count, 50)))
    if database.is_postgresql:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    print(
        f"{count} messages entered in {time.perf_counter() - started:.0f} s ({database.url.drivername})",
        flush=True,
    )
    return thread_id


def filled(world: World) -> int | None:
    """The id of the long thread of a store that ``prepare`` filled, None = the store is empty."""
    with world.database.read() as session:
        return session.execute(select(_message.c.thread_id).order_by(_message.c.id).limit(1)).scalar()


def main(argv: list[str] | None = None) -> None:
    """Fill a store and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--database", metavar="URL", help="is filled when empty, and kept")
    parser.add_argument("--reader", action="append", help="measure this one alone; may be repeated")
    asked = parser.parse_args(argv)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = asked.database or f"sqlite:///{directory}/bench.db"
        if asked.postgresql and not asked.database:
            url = stack.enter_context(postgres.cluster()).create()
        database = Database(url)
        schema.upgrade(database)
        world, words = World(database, directory), Words()
        thread_id = filled(world) or prepare(world, words, asked.messages)
        for who, reader in readers(world).items():
            if not asked.reader or who in asked.reader:
                measure(database, words, who, reader, thread_id)
        world.close()
        database.close()


if __name__ == "__main__":
    main()
