"""Accounts, sessions, groups, messages, events, operations and log rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.storage.columns import Instant

revision = "front_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("handle", sa.String(length=24), nullable=False),
        sa.Column("handle_key", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.Column("agreement", sa.String(length=10), nullable=False),
        sa.Column("verified_method", sa.String(length=20), nullable=True),
        sa.Column("verified_level", sa.String(length=10), nullable=True),
        sa.Column("verified_at", Instant(), nullable=True),
        sa.Column("verify_failed", sa.Integer(), nullable=False),
        sa.Column("verify_blocked_until", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_account")),
        sa.UniqueConstraint("handle_key", name=op.f("uq_account_handle_key")),
    )
    op.create_table(
        "chat_group",
        sa.Column("group_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("cap", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("discoverable", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_chat_group")),
    )
    op.create_table(
        "event",
        sa.Column("stream", sa.String(length=60), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("cause", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("stream", "seq", name=op.f("pk_event")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "log_event",
        sa.Column("at", Instant(), nullable=False),
        sa.Column("process_seq", sa.BigInteger(), nullable=False),
        sa.Column("process", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=True),
        sa.Column("operation", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("source_address", sa.String(length=45), nullable=False),
        sa.Column("source_port", sa.Integer(), nullable=True),
        sa.Column("destination", sa.String(length=60), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("at", "process_seq", "process", name=op.f("pk_log_event")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "message",
        sa.Column("group_id", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("nickname", sa.String(length=24), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("reply_to", sa.BigInteger(), nullable=True),
        sa.Column("mentions", sa.Text(), nullable=True),
        sa.Column("recalled_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("group_id", "seq", name=op.f("pk_message")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "operation",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("client_op_id", sa.String(length=64), nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "client_op_id", name=op.f("pk_operation")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stream",
        sa.Column("stream", sa.String(length=60), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_stream")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "agreement",
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("event_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.String(length=10), nullable=False),
        sa.Column("locale", sa.String(length=2), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("accepted_at", Instant(), nullable=False),
        sa.Column("consents", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.account"], name=op.f("fk_agreement_account_account")),
        sa.PrimaryKeyConstraint("account", "event_seq", name=op.f("pk_agreement")),
    )
    op.create_table(
        "handle_change",
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("event_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["account.account"], name=op.f("fk_handle_change_account_account")
        ),
        sa.PrimaryKeyConstraint("account", "event_seq", name=op.f("pk_handle_change")),
    )
    op.create_table(
        "membership",
        sa.Column("group_id", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("nickname", sa.String(length=24), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("joined_at", Instant(), nullable=False),
        sa.Column("read_seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.account"], name=op.f("fk_membership_account_account")),
        sa.ForeignKeyConstraint(
            ["group_id"], ["chat_group.group_id"], name=op.f("fk_membership_group_id_chat_group")
        ),
        sa.PrimaryKeyConstraint("group_id", "account", name=op.f("pk_membership")),
        sa.UniqueConstraint("ref", name=op.f("uq_membership_ref")),
    )
    op.create_index("ix_membership_account", "membership", ["account"], unique=False)
    op.create_table(
        "session",
        sa.Column("session", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.account"], name=op.f("fk_session_account_account")),
        sa.PrimaryKeyConstraint("session", name=op.f("pk_session")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_session_token_digest")),
    )
    op.create_index(op.f("ix_session_account"), "session", ["account"], unique=False)
