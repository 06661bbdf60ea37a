"""A store with very many rows, entered by the database itself, for tests of what lists cost."""

from __future__ import annotations

from store.session import Database

STAFF, OUTSIDER, BUSY, MEMBER, AUTHOR = 1, 2, 3, 4, 5
"""Partners: a colleague; an outsider who was told of little, and one who was told of most; a colleague who is a member of
three records, and one who wrote half of all messages."""

LONG, CLOSED = 1, 2
"""Threads: an open one of half of all messages, one closed to all but the members."""

TYPES = ("ticket", "order", "secret", "rare")


def fill(database: Database, first: int, last: int) -> None:
    """Enter rows number first to last of everything, and the statistics of them. The first time from 1.

    Every message holds the word ``each``; the oldest thousand ``old``; one in ten ``some printers``; none ``never``. Most
    records are orders; notes and tickets are few, ``rare`` has one record.
    """
    say = _Words(database)
    with database.write() as session:
        for statement in (*(say.beginning() if first == 1 else ()), *say.rows(first, last)):
            session.exec_driver_sql(statement.replace("%", "%%") if database.is_postgresql else statement)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if database.is_postgresql else "ANALYZE")


class _Words:
    """The statements in the language of a database."""

    def __init__(self, database: Database) -> None:
        self._postgresql = database.is_postgresql
        self._now = "'2026-11-23 12:00:00+00'" if self._postgresql else "'2026-11-23 12:00:00.000000'"
        self._no, self._yes = ("false", "true") if self._postgresql else ("0", "1")

    def beginning(self) -> list[str]:
        types = [
            f"INSERT INTO record_type (name, label, config, updated_at) SELECT '{name}', '{name}', '{{}}', {self._now}"
            f" WHERE NOT EXISTS (SELECT 1 FROM record_type WHERE name = '{name}')"
            for name in TYPES
        ]
        return [*types, self._partners(1, 10, "i < 2 OR i > 3"), self._threads(1, 10, "NULL")]

    def rows(self, first: int, last: int) -> list[str]:
        thread = f"CASE WHEN i % 2 = 0 THEN {LONG} WHEN i % 10 = 1 THEN {CLOSED} ELSE 10 + (i / 50) END"
        internal = f"CASE WHEN i % 20 = 0 THEN {self._yes} ELSE {self._no} END"
        kind = "CASE WHEN i % 20 = 0 THEN 'note' ELSE 'message' END"
        words = "'each' || CASE WHEN i % 10 = 0 THEN ' some printers' ELSE '' END || CASE WHEN i < 1000 THEN ' old' ELSE '' END"
        numbered = self._numbers(first, last)
        return [
            self._partners(first + 10, last + 10, "1 = 0"),
            self._threads(first + 10, last + 10, "CASE WHEN i % 3 = 0 THEN '[9]' END"),
            *self._trigger("DISABLE"),
            "INSERT INTO message (thread_id, kind, subtype, internal, author_id, author_name, author_email, confidence, date,"
            " body_html, body_text, message_id, folded, generated, search_text, search_internal)"
            f" SELECT {thread}, {kind}, 'discussions', {internal},"
            f" CASE WHEN i % 2 = 1 THEN {AUTHOR} END, '', '', '', {self._now}, '', '', '<m' || i || '@x>', {self._no},"
            f" {self._no}, {words}, '' FROM {numbered} ORDER BY i",
            *self._trigger("ENABLE"),
            *self._words(first, last),
            "INSERT INTO notice (message_id, partner_id, channel, state, reason)"
            f" SELECT i, {BUSY}, 'email', 'queued', 'follower' FROM {numbered} WHERE i % 4 = 0",
            "INSERT INTO notice (message_id, partner_id, channel, state, reason, read_at)"
            f" SELECT i, {STAFF}, 'inbox', 'inbox', 'follower', {self._now} FROM {numbered} WHERE i % 4 = 0",
            "INSERT INTO notice (message_id, partner_id, channel, state, reason)"
            f" SELECT i, {OUTSIDER}, 'email', 'queued', 'mention' FROM {numbered} WHERE i IN (3, 4, 8)",
            "INSERT INTO inbound_mail (door, state, reason, reverse_path, client, size, message_id, subject, author, search_text,"
            f" received_at) SELECT 'smtp', CASE WHEN i = 5 THEN 'held' ELSE 'posted' END, '', 'a', '{{}}', 1,"
            f" '<' || i || '@x>', '', '', 'each', {self._now} FROM {numbered}",
            "INSERT INTO inbound_target (mail_id, forward_path, kind, target, state, reason, thread_id, attempts, due_at, owner,"
            f" lease, trace) SELECT i, 'a', 'reply', '{{}}', 'posted', '', {thread}, 0, {self._now}, '', 0, '[]'"
            f" FROM {numbered}",
            "INSERT INTO delivery (kind, channel, message_id, thread_id, partner_id, address, reason, header_id, state, status,"
            f" detail, attempts, owner, lease, created_at, due_at) SELECT 'message', 'email', i, {thread}, {BUSY}, 'a@b',"
            f" 'follower', '<x>', CASE WHEN i % 2 = 0 THEN 'failed' ELSE 'sent' END, '', '', 0, '', 0, {self._now},"
            f" {self._now} FROM {numbered}",
            "INSERT INTO address (address, partner_id)"
            f" SELECT 'p' || (10 + i) || '@x.example', 10 + i FROM {numbered}",
            "INSERT INTO link_preview (message_id, position, url, domain, state, kind, title, description, site_name, image_url,"
            " detail, attempts, created_at, due_at, asked_at, owner, lease) SELECT i, 0, 'https://d.example/' || i,"
            " 'd' || (i / 5) || '.example', CASE WHEN i % 2 = 0 THEN 'waiting' ELSE 'done' END, '', 'T', '', '', '', '', 0,"
            f" {self._now}, {self._now}, {self._now}, '', 0 FROM {numbered}",
            f"INSERT INTO block (pattern, reason, created_at) SELECT 'b' || i, '', {self._now} FROM {numbered}",
            f"INSERT INTO invitation (thread_id, partner_id, created_at) SELECT 10 + i, {STAFF}, {self._now} FROM {numbered}",
            "INSERT INTO arrival (target, fingerprint, inbound_id, created_at, author)"
            f" SELECT 'thread:' || (10 + i), 'f', i, {self._now}, 'p' || i || '@x.example' FROM {numbered}",
            "INSERT INTO follower (thread_id, partner_id, subtypes, reason, created_at)"
            f" SELECT 10 + i, 10 + i, ' discussions ', '', {self._now} FROM {numbered}",
        ]

    def _trigger(self, way: str) -> list[str]:
        return [f"ALTER TABLE message {way} TRIGGER message_words_add"] if self._postgresql else []

    def _words(self, first: int, last: int) -> list[str]:
        """What the trigger writes for each message, for all at once: that takes a third of the time."""
        if not self._postgresql:
            return []
        return [
            "INSERT INTO message_words (id, thread_id, words)"
            " SELECT message.id, thread_id, message_words_of(message, record_type)"
            f" FROM message JOIN thread ON thread.id = thread_id WHERE message.id BETWEEN {first} AND {last}"
            " ORDER BY message.id"
        ]

    def _numbers(self, first: int, last: int) -> str:
        if self._postgresql:
            return f"generate_series({first}, {last}) AS g (i)"
        return f"(WITH RECURSIVE g (i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM g WHERE i < {last}) SELECT i FROM g)"

    def _partners(self, first: int, last: int, internal: str) -> str:
        return (
            "INSERT INTO partner (id, email, name, internal, role, active, language, timezone, phone, notify, signature,"
            f" search_text, created_at) SELECT i, 'p' || i || '@x.example', 'P', CASE WHEN {internal} THEN {self._yes} ELSE"
            f" {self._no} END, '', {self._yes}, '', '', '', '{{}}', '', 'each p' || i, {self._now}"
            f" FROM {self._numbers(first, last)}"
        )

    def _threads(self, first: int, last: int, members: str) -> str:
        of_type = (
            f"CASE WHEN i = {CLOSED} THEN 'secret' WHEN i = 3 THEN 'rare' WHEN i < 9 OR i % 500 = 0 THEN 'ticket'"
            " ELSE 'order' END"
        )
        named = f"CASE WHEN i IN (4, 5, 6) THEN '[{MEMBER}]' ELSE {members} END"
        as_json = f"({named})::json" if self._postgresql else named
        return (
            "INSERT INTO thread (id, record_type, key, title, fields, domain, active, members, search_text, created_at,"
            f" updated_at) SELECT i, {of_type}, 'k' || i, 'T', '{{}}', '', {self._yes}, {as_json}, 'each k' || i,"
            f" {self._now}, {self._now} FROM {self._numbers(first, last)}"
        )
