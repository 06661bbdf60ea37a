"""The step to 0003 keeps every file and knows afterwards who wrote what each mail carries."""

from __future__ import annotations

from alembic.command import upgrade
from sqlalchemy import insert, select, text

from store import schema
from store.models import Attachment, Delivery
from store.session import Database
from tests.builders import NOW

ROWS = (
    "INSERT INTO record_type (name, label, config, updated_at) VALUES ('ticket', 'Ticket', '{}', :now)",
    "INSERT INTO partner (id, name, email, internal, role, active, language, timezone, phone, signature, notify, created_at)"
    " VALUES (1, 'Ann', 'ann@corp.example', true, 'member', true, '', '', '', '', '{}', :now)",
    "INSERT INTO thread (id, record_type, key, title, fields, domain, active, created_at, updated_at)"
    " VALUES (1, 'ticket', '1', 'x', '{}', '', true, :now, :now)",
    "INSERT INTO message (id, thread_id, kind, subtype, internal, author_id, author_name, author_email, confidence,"
    " date, body_html, body_text, message_id, folded, generated, search_text)"
    " VALUES (5, 1, 'message', 'discussions', false, 1, 'Ann', '', '', :now, '', '', '<m@x>', false, false, '')",
    "INSERT INTO attachment (id, thread_id, message_id, name, content_type, size, blob, inline, created_at, uploaded_by)"
    " VALUES (9, 1, 5, 'a.txt', 'text/plain', 1, 'ab', false, :now, '')",
    "INSERT INTO delivery (id, kind, channel, message_id, address, reason, header_id, state, status, detail, attempts,"
    " created_at, due_at, owner, lease) VALUES (3, 'message', 'email', 5, 'o@x', '', '<m@x>', 'failed', '', '', 1,"
    " :now, :now, '', 0)",
)


def test_files_and_mail_of_an_older_store_are_kept(bare_url):
    database = Database(bare_url)
    with database.write() as session:
        upgrade(schema._config(session), "0002")
        for row in ROWS:
            session.execute(text(row), {"now": NOW.replace(tzinfo=None)})

    schema.upgrade(database)

    files, mail = Attachment.table(), Delivery.table()
    with database.write() as session:
        [kept] = session.execute(select(files)).all()
        assert (kept.id, kept.name, kept.pending, kept.scheduled_id) == (9, "a.txt", False, None)
        assert session.execute(select(mail.c.author_id)).scalars().all() == [1]
        session.execute(files.delete())
        values = {**kept._mapping, "id": None, "message_id": None}
        new = session.execute(insert(files).values({n: v for n, v in values.items() if n != "id"}))
        assert database.is_postgresql or new.inserted_primary_key[0] > 9, "an old link leads to no new file"
    assert schema.differences(database) == []
    database.close()
