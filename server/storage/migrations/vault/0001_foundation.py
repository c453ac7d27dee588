"""Sealed identities and the check of the master key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.storage.columns import Instant

revision = "vault_0001"
down_revision = None


def upgrade() -> None:

    op.create_table(
        "key_check",
        sa.Column("key_id", sa.String(length=20), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_key_check")),
    )
    op.create_table(
        "vault_record",
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("verifier", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=20), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("legal_name", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("age_band", sa.LargeBinary(), nullable=False),
        sa.Column("duplicate_digest", sa.LargeBinary(), nullable=False),
        sa.Column("verified_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_vault_record")),
    )
    op.create_index(
        op.f("ix_vault_record_duplicate_digest"), "vault_record", ["duplicate_digest"], unique=False
    )
