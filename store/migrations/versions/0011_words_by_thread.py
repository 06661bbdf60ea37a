"""On PostgreSQL the words of messages lie in parts by record, so that a search in one asks a part of the index only."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# What begins like a word is gathered from the whole index before it is narrowed to a record: 50 ms where the longer words
# stand 110,000 times. Of sixteen indexes one is asked. Each keeps new entries in a list of its own that every search reads
# through; half a megabyte, where 4 is the default, so that all of them are not longer than twice the one was.
_PARTS, _PENDING_KB = 16, 512

_STATEMENTS = (
    "ALTER TABLE message_words RENAME TO message_words_whole",
    """
    CREATE TABLE message_words (
        id bigint NOT NULL,
        thread_id bigint NOT NULL,
        words tsvector NOT NULL
    ) PARTITION BY HASH (thread_id)
    """,
    *(
        f"CREATE TABLE message_words_{part} PARTITION OF message_words"
        f" FOR VALUES WITH (MODULUS {_PARTS}, REMAINDER {part})"
        for part in range(_PARTS)
    ),
    "INSERT INTO message_words (id, thread_id, words) SELECT w.id, m.thread_id, w.words"
    " FROM message_words_whole AS w JOIN message AS m ON m.id = w.id ORDER BY w.id",
    "DROP TABLE message_words_whole",
    "CREATE INDEX ix_message_words_words ON message_words USING gin (words)"
    f" WITH (gin_pending_list_limit = {_PENDING_KB})",
    # not with thread_id: PostgreSQL would read that index beside the one of words
    *(
        f"CREATE UNIQUE INDEX ix_message_words_{part}_id ON message_words_{part} (id)"
        for part in range(_PARTS)
    ),
    """
    CREATE OR REPLACE FUNCTION message_words_keep() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE type text;
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            DELETE FROM message_words WHERE id = old.id AND thread_id = old.thread_id;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            SELECT record_type INTO type FROM thread WHERE id = new.thread_id;
            INSERT INTO message_words (id, thread_id, words)
            VALUES (new.id, new.thread_id, message_words_of(new, type));
        END IF;
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER message_words_drop AFTER DELETE ON message FOR EACH ROW EXECUTE FUNCTION message_words_keep()",
    """
    CREATE OR REPLACE FUNCTION message_words_keep_type() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE message_words AS w SET words = message_words_of(m, new.record_type)
        FROM message AS m WHERE m.id = w.id AND m.thread_id = new.id AND w.thread_id = new.id;
        RETURN NULL;
    END $$
    """,
)


def upgrade() -> None:
    """Make the parts, move the words there, and keep them by triggers alone."""
    if op.get_bind().dialect.name == "postgresql":
        for statement in _STATEMENTS:
            op.execute(statement)
