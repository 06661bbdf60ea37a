"""The first schema: everything of release 0.1."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite autoincrements INTEGER only

# The words of all messages, kept in step by triggers so that a post costs no further statement.
_SEARCH = {
    "sqlite": (
        "CREATE VIRTUAL TABLE message_words USING fts5("
        "thread_id, search_text, content='message', content_rowid='id', tokenize='ascii', columnsize=0)",
        """
        CREATE TRIGGER message_words_add AFTER INSERT ON message WHEN new.search_text != '' BEGIN
            INSERT INTO message_words (rowid, thread_id, search_text)
            VALUES (new.id, new.thread_id, new.search_text);
        END
        """,
        """
        CREATE TRIGGER message_words_drop AFTER DELETE ON message WHEN old.search_text != '' BEGIN
            INSERT INTO message_words (message_words, rowid, thread_id, search_text)
            VALUES ('delete', old.id, old.thread_id, old.search_text);
        END
        """,
        """
        CREATE TRIGGER message_words_change AFTER UPDATE OF search_text, thread_id ON message BEGIN
            INSERT INTO message_words (message_words, rowid, thread_id, search_text)
            SELECT 'delete', old.id, old.thread_id, old.search_text WHERE old.search_text != '';
            INSERT INTO message_words (rowid, thread_id, search_text)
            SELECT new.id, new.thread_id, new.search_text WHERE new.search_text != '';
        END
        """,
    ),
    "postgresql": (
        """
        CREATE TABLE message_words (
            id bigint CONSTRAINT pk_message_words PRIMARY KEY
                CONSTRAINT fk_message_words_id REFERENCES message (id) ON DELETE CASCADE,
            thread_id bigint NOT NULL,
            words tsvector NOT NULL
        )
        """,
        "CREATE INDEX ix_message_words_words ON message_words USING gin (words)",
        "CREATE INDEX ix_message_words_thread ON message_words (thread_id, id)",
        """
        CREATE FUNCTION message_words_keep() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO message_words (id, thread_id, words)
            VALUES (new.id, new.thread_id, to_tsvector('simple', new.search_text))
            ON CONFLICT (id) DO UPDATE SET thread_id = excluded.thread_id, words = excluded.words;
            RETURN NULL;
        END $$
        """,
        "CREATE TRIGGER message_words_add AFTER INSERT ON message FOR EACH ROW"
        " WHEN (new.search_text != '') EXECUTE FUNCTION message_words_keep()",
        "CREATE TRIGGER message_words_change AFTER UPDATE OF search_text, thread_id ON message FOR EACH ROW"
        " EXECUTE FUNCTION message_words_keep()",
    ),
}


def upgrade() -> None:
    """Make every table and index."""
    op.create_table(
        "api_token",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("record_types", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_token_hash")),
    )
    op.create_table(
        "arrival",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("inbound_id", BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("target", "fingerprint", name=op.f("pk_arrival")),
    )
    op.create_table(
        "block",
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("pattern", name=op.f("pk_block")),
    )
    op.create_table(
        "webhook",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("record_types", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_table(
        "event",
        sa.Column("id", BIG, nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("attempts", BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lease", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name=op.f("fk_event_webhook_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_webhook", "event", ["webhook_id", "id"], unique=False)
    op.create_index(
        "ix_event_due",
        "event",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('queued', 'deferred')"),
        postgresql_where=sa.text("state IN ('queued', 'deferred')"),
    )
    op.create_table(
        "idempotent_answer",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("status", BIG, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_idempotent_answer")),
    )
    op.create_table(
        "inbound_mail",
        sa.Column("id", BIG, nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reverse_path", sa.Text(), nullable=False),
        sa.Column("client", sa.JSON(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("blob", sa.Text(), nullable=True),
        sa.Column("size", BIG, nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_mail")),
    )
    op.create_index(op.f("ix_inbound_mail_fingerprint"), "inbound_mail", ["fingerprint"], unique=False)
    op.create_index(op.f("ix_inbound_mail_message_id"), "inbound_mail", ["message_id"], unique=False)
    op.create_index("ix_inbound_mail_state", "inbound_mail", ["state", "id"], unique=False)
    op.create_table(
        "partner",
        sa.Column("id", BIG, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("notify", sa.JSON(), nullable=False),
        sa.Column("merged_into", BIG, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["merged_into"], ["partner.id"], name=op.f("fk_partner_merged_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner")),
        sa.UniqueConstraint("email", name=op.f("uq_partner_email")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_partner_internal",
        "partner",
        ["internal"],
        unique=False,
        sqlite_where=sa.text("internal"),
        postgresql_where=sa.text("internal"),
    )
    op.create_index(op.f("ix_partner_merged_into"), "partner", ["merged_into"], unique=False)
    op.create_index("ix_partner_name", "partner", ["name"], unique=False)
    op.create_table(
        "record_type",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_record_type")),
    )
    op.create_table(
        "secret",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("partner_id", BIG, nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_secret")),
    )
    op.create_index(op.f("ix_secret_partner_id"), "secret", ["partner_id"], unique=False)
    op.create_table(
        "suppression",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_suppression")),
    )
    op.create_table(
        "web_session",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("partner_id", BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_web_session")),
    )
    op.create_index(op.f("ix_web_session_partner_id"), "web_session", ["partner_id"], unique=False)
    op.create_table(
        "address",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("partner_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner.id"], name=op.f("fk_address_partner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_address")),
    )
    op.create_index(op.f("ix_address_partner_id"), "address", ["partner_id"], unique=False)
    op.create_table(
        "alias",
        sa.Column("id", BIG, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("defaults", sa.JSON(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["record_type"], ["record_type.name"], name=op.f("fk_alias_record_type")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alias")),
        sa.UniqueConstraint("address", name=op.f("uq_alias_address")),
    )
    op.create_table(
        "inbound_target",
        sa.Column("id", BIG, nullable=False),
        sa.Column("mail_id", BIG, nullable=False),
        sa.Column("forward_path", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("thread_id", BIG, nullable=True),
        sa.Column("message_id", BIG, nullable=True),
        sa.Column("attempts", BIG, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lease", BIG, nullable=False),
        sa.Column("trace", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mail_id"], ["inbound_mail.id"], name=op.f("fk_inbound_target_mail_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_target")),
    )
    op.create_index(
        "ix_inbound_target_due",
        "inbound_target",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('received', 'processing')"),
        postgresql_where=sa.text("state IN ('received', 'processing')"),
    )
    op.create_index(op.f("ix_inbound_target_mail_id"), "inbound_target", ["mail_id"], unique=False)
    op.create_table(
        "thread",
        sa.Column("id", BIG, nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("assignee_id", BIG, nullable=True),
        sa.Column("creator_id", BIG, nullable=True),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("members", sa.JSON(), nullable=True),
        sa.Column("parent_id", BIG, nullable=True),
        sa.Column("last_notified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["assignee_id"], ["partner.id"], name=op.f("fk_thread_assignee_id")),
        sa.ForeignKeyConstraint(["creator_id"], ["partner.id"], name=op.f("fk_thread_creator_id")),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["thread.id"], name=op.f("fk_thread_parent_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["record_type"], ["record_type.name"], name=op.f("fk_thread_record_type")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread")),
        sa.UniqueConstraint("record_type", "key", name=op.f("uq_thread_record_type_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_thread_parent_id"), "thread", ["parent_id"], unique=False)
    op.create_index("ix_thread_updated", "thread", ["record_type", "id"], unique=False)
    op.create_table(
        "follower",
        sa.Column("id", BIG, nullable=False),
        sa.Column("thread_id", BIG, nullable=False),
        sa.Column("partner_id", BIG, nullable=False),
        sa.Column("subtypes", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner.id"], name=op.f("fk_follower_partner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["thread.id"], name=op.f("fk_follower_thread_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follower")),
        sa.UniqueConstraint("thread_id", "partner_id", name=op.f("uq_follower_thread_id_partner_id")),
    )
    op.create_index(op.f("ix_follower_partner_id"), "follower", ["partner_id"], unique=False)
    op.create_table(
        "invitation",
        sa.Column("thread_id", BIG, nullable=False),
        sa.Column("partner_id", BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner.id"], name=op.f("fk_invitation_partner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["thread.id"], name=op.f("fk_invitation_thread_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("thread_id", "partner_id", name=op.f("pk_invitation")),
    )
    op.create_table(
        "message",
        sa.Column("id", BIG, nullable=False),
        sa.Column("thread_id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subtype", sa.Text(), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("author_id", BIG, nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("author_email", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("quoted_html", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("parent_id", BIG, nullable=True),
        sa.Column("tracking", sa.JSON(), nullable=True),
        sa.Column("folded", sa.Boolean(), nullable=False),
        sa.Column("generated", sa.Boolean(), nullable=False),
        sa.Column("inbound_id", BIG, nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["partner.id"], name=op.f("fk_message_author_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["message.id"], name=op.f("fk_message_parent_id")),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["thread.id"], name=op.f("fk_message_thread_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_message_thread", "message", ["thread_id", "id"], unique=False)
    op.create_index(
        "ix_message_parent",
        "message",
        ["parent_id"],
        unique=False,
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_table(
        "token_generation",
        sa.Column("thread_id", BIG, nullable=False),
        sa.Column("partner_id", BIG, nullable=False),
        sa.Column("generation", BIG, nullable=False),
        sa.PrimaryKeyConstraint("thread_id", "partner_id", name=op.f("pk_token_generation")),
    )
    op.create_table(
        "thread_redirect",
        sa.Column("old_id", BIG, nullable=False, autoincrement=False),
        sa.Column("thread_id", BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["thread.id"], name=op.f("fk_thread_redirect_thread_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("old_id", name=op.f("pk_thread_redirect")),
    )
    op.create_index(op.f("ix_thread_redirect_thread_id"), "thread_redirect", ["thread_id"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("id", BIG, nullable=False),
        sa.Column("thread_id", BIG, nullable=False),
        sa.Column("message_id", BIG, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("blob", sa.Text(), nullable=False),
        sa.Column("content_id", sa.Text(), nullable=True),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("preview", sa.Text(), nullable=True),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("uploader_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_attachment_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["thread.id"], name=op.f("fk_attachment_thread_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index(op.f("ix_attachment_blob"), "attachment", ["blob"], unique=False)
    op.create_index(op.f("ix_attachment_message_id"), "attachment", ["message_id"], unique=False)
    op.create_index(op.f("ix_attachment_thread_id"), "attachment", ["thread_id"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("message_id", BIG, nullable=True),
        sa.Column("thread_id", BIG, nullable=True),
        sa.Column("partner_id", BIG, nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=True),
        sa.Column("header_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("attempts", BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lease", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_delivery_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner.id"], name=op.f("fk_delivery_partner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["thread.id"], name=op.f("fk_delivery_thread_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('queued', 'deferred')"),
        postgresql_where=sa.text("state IN ('queued', 'deferred')"),
    )
    op.create_index("ix_delivery_message", "delivery", ["message_id", "partner_id"], unique=False)
    op.create_index("ix_delivery_state", "delivery", ["state", "id"], unique=False)
    op.create_index(op.f("ix_delivery_thread_id"), "delivery", ["thread_id"], unique=False)
    op.create_table(
        "message_ref",
        sa.Column("id", BIG, nullable=False),
        sa.Column("header_id", sa.Text(), nullable=False),
        sa.Column("message_id", BIG, nullable=False),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_ref_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_ref")),
    )
    op.create_index(op.f("ix_message_ref_header_id"), "message_ref", ["header_id"], unique=False)
    op.create_index(op.f("ix_message_ref_message_id"), "message_ref", ["message_id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("message_id", BIG, nullable=False),
        sa.Column("partner_id", BIG, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_notice_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner.id"], name=op.f("fk_notice_partner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "partner_id", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_partner", "notice", ["partner_id", "message_id"], unique=False)
    op.create_table(
        "message_version",
        sa.Column("id", BIG, nullable=False),
        sa.Column("message_id", BIG, nullable=False),
        sa.Column("editor_id", BIG, nullable=True),
        sa.Column("editor_name", sa.Text(), nullable=False),
        sa.Column("editor_email", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["editor_id"], ["partner.id"], name=op.f("fk_message_version_editor_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_version_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_version")),
    )
    op.create_index(op.f("ix_message_version_message_id"), "message_version", ["message_id"], unique=False)
    op.create_table(
        "template",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("variants", sa.JSON(), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_template")),
    )
    op.create_table(
        "scheduled_message",
        sa.Column("id", BIG, nullable=False),
        sa.Column("thread_id", BIG, nullable=False),
        sa.Column("author_id", BIG, nullable=False),
        sa.Column("creator_id", BIG, nullable=True),
        sa.Column("writing", sa.JSON(), nullable=False),
        sa.Column("send_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["partner.id"], name=op.f("fk_scheduled_message_author_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["creator_id"], ["partner.id"], name=op.f("fk_scheduled_message_creator_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["thread.id"], name=op.f("fk_scheduled_message_thread_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduled_message")),
    )
    op.create_index(op.f("ix_scheduled_message_thread_id"), "scheduled_message", ["thread_id"], unique=False)
    op.create_index(
        "ix_scheduled_message_due",
        "scheduled_message",
        ["send_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    for statement in _SEARCH[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Backups are the way back."""
    raise NotImplementedError("restore a backup instead")
