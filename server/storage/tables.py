"""The front-stage schema. Holds no name, number or digest of a person: those live in the vault alone.

What a person wrote stands in ``message`` only, apart from events and log rows, so that recalling or purging
content touches one table (SA-05.3h). Tables that grow are clustered by their key (no row id on SQLite):
neighbours of one stream share a page, and an insert keeps one tree instead of two. Alembic's migrations
build the same tables; a test compares.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from server.storage.columns import Instant

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    }
)

account = Table(
    "account",
    metadata,
    Column("account", String(40), primary_key=True),
    Column("handle", String(24), nullable=False),
    Column("handle_key", Text, nullable=False, unique=True),
    Column("password", Text, nullable=False),
    Column("registered_at", Instant, nullable=False),
    Column("agreement", String(10), nullable=False),  # the version accepted last
    # All that the front stage knows of an identity (CG-06.1): that, how, how strong, since when.
    Column("verified_method", String(20)),
    Column("verified_level", String(10)),
    Column("verified_at", Instant),
    Column("verify_failed", Integer, nullable=False, default=0),
    Column("verify_blocked_until", Instant),
)

handle_change = Table(
    "handle_change",
    metadata,
    Column("account", ForeignKey("account.account"), primary_key=True),
    # Its event in the account's stream: two changes may share an instant.
    Column("event_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
)

agreement = Table(
    "agreement",
    metadata,
    Column("account", ForeignKey("account.account"), primary_key=True),
    # Its event in the account's stream: rows are only ever added, so every consent keeps its history.
    Column("event_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("version", String(10), nullable=False),
    Column("locale", String(2), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("accepted_at", Instant, nullable=False),
    Column("consents", Text, nullable=False),  # a JSON list; empty means none was given
)

session = Table(
    "session",
    metadata,
    Column("session", String(40), primary_key=True),
    Column("account", ForeignKey("account.account"), nullable=False, index=True),
    Column("token_digest", LargeBinary, nullable=False, unique=True),
    Column("client", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("used_at", Instant, nullable=False),
    Column("closed_at", Instant),
)

# "group" is a word of SQL; the table of groups is called chat_group.
chat_group = Table(
    "chat_group",
    metadata,
    # Rows are never deleted: an id is never used again, not even after closure (CG-08.4).
    Column("group_id", String(16), primary_key=True),
    Column("name", String(40), nullable=False),
    Column("introduction", Text, nullable=False),
    Column("category", String(20), nullable=False),
    Column("cap", Integer, nullable=False),
    Column("status", String(10), nullable=False),
    Column("discoverable", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)

membership = Table(
    "membership",
    metadata,
    Column("group_id", ForeignKey("chat_group.group_id"), primary_key=True),
    Column("account", ForeignKey("account.account"), primary_key=True),
    Column("ref", String(40), nullable=False, unique=True),
    Column("nickname", String(24), nullable=False),
    Column("role", String(10), nullable=False),
    Column("joined_at", Instant, nullable=False),
    Column("read_seq", BigInteger, nullable=False, default=0),
)
Index("ix_membership_account", membership.c.account)

stream = Table(
    "stream",
    metadata,
    Column("stream", String(60), primary_key=True),
    Column("head", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

event = Table(
    "event",
    metadata,
    Column("stream", String(60), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("type", String(40), nullable=False),
    Column("at", Instant, nullable=False),
    # JSON; None for message.posted, whose content stands in `message` and nowhere else
    Column("data", Text),
    Column("cause", String(60)),
    sqlite_with_rowid=False,
)

message = Table(
    "message",
    metadata,
    Column("group_id", String(16), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("account", String(40), nullable=False),
    Column("ref", String(40), nullable=False),
    Column("nickname", String(24), nullable=False),
    Column("role", String(10), nullable=False),
    Column("at", Instant, nullable=False),
    Column("text", Text),  # None once recalled
    Column("length", Integer, nullable=False),
    Column("reply_to", BigInteger),
    Column("mentions", Text),  # a JSON list, None for none
    Column("recalled_at", Instant),
    sqlite_with_rowid=False,
)

operation = Table(
    "operation",
    metadata,
    # Whose client_op_id it is: an account, or a handle that is being registered.
    Column("caller", Text, primary_key=True),
    Column("client_op_id", String(64), primary_key=True),
    Column("verb", String(40), nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("result", Text, nullable=False),
    Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

# The fields of SA-05.3 a to g and nothing else: no recipients, no text, no handle. `outcome` belongs to c:
# CG-06.3 wants a refusal to be seen as one.
log_event = Table(
    "log_event",
    metadata,
    Column("at", Instant, primary_key=True),  # b
    Column("process_seq", BigInteger, primary_key=True),  # b: order within one millisecond
    Column("process", String(16), primary_key=True),  # b: whose sequence it is
    Column("account", String(40)),  # a; None when nobody was logged in
    Column("operation", String(16), nullable=False),  # c
    Column("outcome", String(8), nullable=False),  # c
    Column("source_address", String(45), nullable=False),  # d
    Column("source_port", Integer),  # f; None where a proxy hides it
    Column("destination", String(60), nullable=False),  # e: address and port that took the connection
    Column("client", Text, nullable=False),  # g: self-declared class, never a fingerprint
    sqlite_with_rowid=False,
)
