"""Lists and searches that cost the same however many rows there are: members beside the thread, indexes, scopes of words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Who is named as a member of a record, kept in step by triggers: whose records, newest first.
_MEMBERS = {
    "sqlite": (
        """
        CREATE TABLE thread_member (
            partner_id INTEGER NOT NULL,
            thread_id INTEGER NOT NULL CONSTRAINT fk_thread_member_thread_id REFERENCES thread (id) ON DELETE CASCADE,
            CONSTRAINT pk_thread_member PRIMARY KEY (partner_id, thread_id)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX ix_thread_member_thread ON thread_member (thread_id)",
        """
        CREATE TRIGGER thread_member_add AFTER INSERT ON thread WHEN new.members IS NOT NULL BEGIN
            INSERT OR IGNORE INTO thread_member (partner_id, thread_id)
            SELECT value, new.id FROM json_each(new.members) WHERE type = 'integer';
        END
        """,
        """
        CREATE TRIGGER thread_member_change AFTER UPDATE OF members ON thread BEGIN
            DELETE FROM thread_member WHERE thread_id = new.id;
            INSERT OR IGNORE INTO thread_member (partner_id, thread_id)
            SELECT value, new.id FROM json_each(new.members) WHERE type = 'integer';
        END
        """,
        "INSERT OR IGNORE INTO thread_member (partner_id, thread_id)"
        " SELECT j.value, t.id FROM thread AS t JOIN json_each(t.members) AS j WHERE j.type = 'integer'",
    ),
    "postgresql": (
        """
        CREATE TABLE thread_member (
            partner_id bigint NOT NULL,
            thread_id bigint NOT NULL CONSTRAINT fk_thread_member_thread_id REFERENCES thread (id) ON DELETE CASCADE,
            CONSTRAINT pk_thread_member PRIMARY KEY (partner_id, thread_id)
        )
        """,
        "CREATE INDEX ix_thread_member_thread ON thread_member (thread_id)",
        """
        CREATE FUNCTION thread_member_keep() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                DELETE FROM thread_member WHERE thread_id = new.id;
            END IF;
            IF json_typeof(new.members) = 'array' THEN
                INSERT INTO thread_member (partner_id, thread_id)
                SELECT m.value::bigint, new.id FROM json_array_elements_text(new.members) AS m (value)
                ON CONFLICT DO NOTHING;
            END IF;
            RETURN NULL;
        END $$
        """,
        "CREATE TRIGGER thread_member_add AFTER INSERT ON thread FOR EACH ROW"
        " WHEN (new.members IS NOT NULL) EXECUTE FUNCTION thread_member_keep()",
        "CREATE TRIGGER thread_member_change AFTER UPDATE OF members ON thread FOR EACH ROW"
        " EXECUTE FUNCTION thread_member_keep()",
        "INSERT INTO thread_member (partner_id, thread_id)"
        " SELECT m.value::bigint, t.id FROM thread AS t,"
        " json_array_elements_text(CASE json_typeof(t.members) WHEN 'array' THEN t.members END) AS m (value)"
        " ON CONFLICT DO NOTHING",
    ),
}

# Beside its words stand the scopes of a message: of which record, kind, record type and subtype it is. Names are written in
# hexadecimal, because a scope must be one word. On PostgreSQL each row also has marks for its place among the ids, so
# that the newest few thousand rows can be asked alone (store/queries/newest.py). The words that only
# staff may find are a column of their own; PostgreSQL's question for others looks at the row where there are such words.
_PLACES = ", ".join(f"'={level}' || ({{id}} >> {12 + 3 * number})" for number, level in enumerate("abcde"))
_SCOPE = (
    "'t' || {message}.thread_id || ' k' || {message}.kind || ' r' || lower(hex({type}))"
    " || ' s' || lower(hex({type})) || 'x' || lower(hex({message}.subtype))"
)
_TYPE = "(SELECT record_type FROM thread WHERE id = {message}.thread_id)"
_VALUES = "{message}.id, {scope}, {message}.search_text, {message}.search_internal"
_SAYS = "({message}.search_text != '' OR {message}.search_internal != '')"
_ADD = "INSERT INTO message_words (rowid, scope, search_text, search_internal) SELECT "
_DROP = (
    "INSERT INTO message_words (message_words, rowid, scope, search_text, search_internal) SELECT 'delete', "
)


def _fts5(message: str, record_type: str = _TYPE) -> str:
    """The values of one message. message: the alias of its row."""
    scope = _SCOPE.format(message=message, type=record_type.format(message=message))
    return _VALUES.format(message=message, scope=scope)


def _says(message: str) -> str:
    return _SAYS.format(message=message)


_WORDS = {
    "sqlite": (
        "DROP TRIGGER message_words_add",
        "DROP TRIGGER message_words_drop",
        "DROP TRIGGER message_words_change",
        "DROP TABLE message_words",
        f"CREATE VIEW message_words_source AS SELECT m.id, {_SCOPE.format(message='m', type='t.record_type')} AS scope,"
        " m.search_text, m.search_internal FROM message AS m JOIN thread AS t ON t.id = m.thread_id",
        "CREATE VIRTUAL TABLE message_words USING fts5(scope, search_text, search_internal,"
        " content='message_words_source', content_rowid='id', tokenize='ascii', columnsize=0)",
        f"{_ADD} {_fts5('m', 't.record_type')} FROM message AS m JOIN thread AS t ON t.id = m.thread_id"
        f" WHERE {_says('m')}",
        f"CREATE TRIGGER message_words_add AFTER INSERT ON message WHEN {_says('new')}"
        f" BEGIN {_ADD} {_fts5('new')}; END",
        # A record that is deleted takes its messages along: then its type is known only before.
        f"CREATE TRIGGER message_words_drop AFTER DELETE ON message"
        f" WHEN {_says('old')} AND EXISTS (SELECT 1 FROM thread WHERE id = old.thread_id)"
        f" BEGIN {_DROP} {_fts5('old')}; END",
        f"CREATE TRIGGER message_words_drop_all BEFORE DELETE ON thread BEGIN {_DROP} {_fts5('m', 'old.record_type')}"
        f" FROM message AS m WHERE m.thread_id = old.id AND {_says('m')}; END",
        f"CREATE TRIGGER message_words_change AFTER UPDATE OF search_text, search_internal, thread_id, kind, subtype ON message"
        f" BEGIN {_DROP} {_fts5('old')} WHERE {_says('old')}; {_ADD} {_fts5('new')} WHERE {_says('new')}; END",
        f"CREATE TRIGGER message_words_retype AFTER UPDATE OF record_type ON thread"
        f" WHEN new.record_type != old.record_type"
        f" BEGIN {_DROP} {_fts5('m', 'old.record_type')} FROM message AS m WHERE m.thread_id = new.id AND {_says('m')};"
        f" {_ADD} {_fts5('m', 'new.record_type')} FROM message AS m WHERE m.thread_id = new.id AND {_says('m')}; END",
    ),
    "postgresql": (
        # in plpgsql, which keeps its plan: as SQL functions inside each other they took four times as long
        f"""
        CREATE FUNCTION message_words_of(m message, record_type text) RETURNS tsvector
        LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
        DECLARE type text := encode(convert_to(record_type, 'UTF8'), 'hex');
        BEGIN
            RETURN to_tsvector('simple', m.search_text) || to_tsvector('simple', m.search_internal)
                || array_to_tsvector(ARRAY['=t' || m.thread_id, '=k' || m.kind, '=r' || type,
                    '=s' || type || 'x' || encode(convert_to(m.subtype, 'UTF8'), 'hex'), {_PLACES.format(id="m.id")}]);
        END $$
        """,
        f"""
        CREATE FUNCTION listed_words(id bigint, said text) RETURNS tsvector
        LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
        BEGIN
            RETURN to_tsvector('simple', said) || array_to_tsvector(ARRAY[{_PLACES.format(id="id")}]);
        END $$
        """,
        *(
            part
            for name in ("thread", "partner", "inbound_mail")
            for part in (
                f"DROP INDEX ix_{name}_words",
                f"CREATE INDEX ix_{name}_words ON {name} USING gin (listed_words(id, search_text))",
            )
        ),
        """
        CREATE OR REPLACE FUNCTION message_words_keep() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE type text;
        BEGIN
            SELECT record_type INTO type FROM thread WHERE id = new.thread_id;
            INSERT INTO message_words (id, words) VALUES (new.id, message_words_of(new, type))
            ON CONFLICT (id) DO UPDATE SET words = excluded.words;
            RETURN NULL;
        END $$
        """,
        """
        CREATE FUNCTION message_words_keep_type() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE message_words SET words = message_words_of(m, new.record_type)
            FROM message AS m WHERE m.id = message_words.id AND m.thread_id = new.id;
            RETURN NULL;
        END $$
        """,
        "DROP TRIGGER message_words_add ON message",
        "DROP TRIGGER message_words_change ON message",
        f"CREATE TRIGGER message_words_add AFTER INSERT ON message FOR EACH ROW"
        f" WHEN ({_says('new')}) EXECUTE FUNCTION message_words_keep()",
        "CREATE TRIGGER message_words_change AFTER UPDATE OF search_text, search_internal, thread_id, kind, subtype ON message"
        " FOR EACH ROW EXECUTE FUNCTION message_words_keep()",
        "CREATE TRIGGER message_words_retype AFTER UPDATE OF record_type ON thread FOR EACH ROW"
        " WHEN (new.record_type IS DISTINCT FROM old.record_type) EXECUTE FUNCTION message_words_keep_type()",
        "DROP INDEX ix_message_words_words",
        "ALTER TABLE message_words DROP COLUMN thread_id",
        "TRUNCATE message_words",
        "INSERT INTO message_words (id, words) SELECT m.id, message_words_of(m, t.record_type)"
        f" FROM message AS m JOIN thread AS t ON t.id = m.thread_id WHERE {_says('m')}",
        "CREATE INDEX ix_message_words_words ON message_words USING gin (words)",
    ),
}
_UNNAMED = {
    "sqlite": "members IS NULL OR members = 'null'",
    "postgresql": "members IS NULL OR members::text = 'null'",
}


def upgrade() -> None:
    """Add the column, the side table, the indexes, and write the index of words anew."""
    name = op.get_bind().dialect.name
    op.add_column("message", sa.Column("search_internal", sa.Text(), nullable=False, server_default=""))
    for statement in (*_MEMBERS[name], *_WORDS[name]):
        op.execute(statement)
    open_ = sa.text(_UNNAMED[name])
    op.create_index(
        "ix_thread_open", "thread", ["record_type", "id"], sqlite_where=open_, postgresql_where=open_
    )
    unread = sa.text("state = 'inbox' AND read_at IS NULL")
    op.create_index(
        "ix_notice_unread",
        "notice",
        ["partner_id", "message_id"],
        sqlite_where=unread,
        postgresql_where=unread,
    )
    op.create_index("ix_message_kind", "message", ["thread_id", "kind", "id"])
    op.create_index("ix_message_author", "message", ["author_id", "id"])
    op.drop_index("ix_follower_partner_id", "follower")
    op.create_index("ix_follower_partner", "follower", ["partner_id", "thread_id"])
