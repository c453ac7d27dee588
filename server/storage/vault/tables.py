"""The vault's schema: ciphertext, wrapped keys, keyed digests. A database of its own."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, MetaData, String, Table

from server.storage.columns import Instant

metadata = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s"}
)

vault_record = Table(
    "vault_record",
    metadata,
    Column("account", String(40), primary_key=True),
    Column("method", String(20), nullable=False),
    Column("verifier", String(40), nullable=False),
    Column("key_id", String(20), nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    # Each field by itself, so that opening one does not open the others.
    Column("legal_name", LargeBinary, nullable=False),
    Column("number", LargeBinary, nullable=False),
    Column("phone", LargeBinary),
    Column("age_band", LargeBinary, nullable=False),
    Column("duplicate_digest", LargeBinary, nullable=False, index=True),
    Column("verified_at", Instant, nullable=False),
)

key_check = Table(
    "key_check",
    metadata,
    # A known text sealed under each master key: tells a wrong key file before anything depends on it.
    Column("key_id", String(20), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)
