"""The state of a stream as of one seq: what a client needs when the missed events are too many.

Head and state come from one database snapshot, so ``as_of`` is exact: the events after it continue it.
"""

from __future__ import annotations

from server.domain.facts import GroupFacts
from server.storage import accounts, groups, messages, sessions, streams
from server.storage.database import SqlConnection
from server.wire.models import AccountSnapshot, GroupSnapshot
from server.wire.vocabulary import AccountId, account_stream, group_stream


def group_snapshot(sql: SqlConnection, group: GroupFacts, recent: int) -> GroupSnapshot:
    newest, _ = messages.page(sql, group.group, before=None, after=None, limit=recent)
    return GroupSnapshot(
        as_of=streams.head(sql, group_stream(group.group)),
        group=groups.group_view(group),
        members=groups.members_of(sql, group.group),
        recent=newest,
    )


def account_snapshot(sql: SqlConnection, account: AccountId) -> AccountSnapshot:
    return AccountSnapshot(
        as_of=streams.head(sql, account_stream(account)),
        account=accounts.account_view(sql, account),
        memberships=groups.memberships(sql, account),
        sessions=sessions.open_sessions(sql, account),
    )
