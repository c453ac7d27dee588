"""Messages: the only table that holds what people wrote."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, select, update

from server.storage import tables
from server.storage.transaction import Transaction
from server.wire.group_id import GroupId
from server.wire.models import Message
from server.wire.vocabulary import AccountId, MemberRef, Seq

_message = tables.message


@dataclass(frozen=True, slots=True)
class Kept:
    """What a rule needs to know of a stored message."""

    sender: AccountId
    ref: MemberRef
    sent_at: datetime
    recalled: bool


def append_message(tx: Transaction, group: GroupId, account: AccountId, message: Message) -> None:
    tx.append(
        _message,
        {
            "group_id": group,
            "seq": message.seq,
            "account": account,
            "ref": message.ref,
            "nickname": message.nickname,
            "role": message.role,
            "at": message.at,
            "text": message.text,
            "length": len(message.text or ""),
            "reply_to": message.reply_to,
            "mentions": json.dumps(message.mentions) if message.mentions else None,
            "recalled_at": None,
        },
    )


def find_message(tx: Transaction, group: GroupId, seq: Seq) -> Kept | None:
    found = tx.rows(
        select(_message.c.account, _message.c.ref, _message.c.at, _message.c.recalled_at).where(
            _message.c.group_id == group, _message.c.seq == seq
        )
    )
    if not found:
        return None
    row = found[0]
    return Kept(AccountId(row.account), MemberRef(row.ref), row.at, row.recalled_at is not None)


def erase_message(tx: Transaction, group: GroupId, seq: Seq) -> None:
    """Take the content out of the database (``secure_delete`` overwrites it); the row stays as the fact.

    The database's log has the content for a little longer: the writer scrubs it soon.
    """
    tx.memory.scrub_wanted = True
    tx.execute(
        update(_message)
        .where(_message.c.group_id == group, _message.c.seq == seq)
        .values(text=None, mentions=None, recalled_at=tx.now)
    )


def page(
    connection: Connection, group: GroupId, *, before: Seq | None, after: Seq | None, limit: int
) -> tuple[list[Message], bool]:
    """At most ``limit`` messages, oldest first, and whether there are more in that direction."""
    query = select(_message).where(_message.c.group_id == group)
    if after is not None:
        query = query.where(_message.c.seq > after).order_by(_message.c.seq)
    else:
        if before is not None:
            query = query.where(_message.c.seq < before)
        query = query.order_by(_message.c.seq.desc())
    rows = list(connection.execute(query.limit(limit + 1)).mappings())
    found = [_view(row) for row in rows[:limit]]
    return (found if after is not None else found[::-1]), len(rows) > limit


def between(connection: Connection, group: GroupId, first: Seq, last: Seq) -> dict[Seq, Message]:
    """The messages whose seq lies in first..last, by seq."""
    rows = connection.execute(
        select(_message).where(_message.c.group_id == group, _message.c.seq >= first, _message.c.seq <= last)
    ).mappings()
    return {Seq(row["seq"]): _view(row) for row in rows}


def count_unread(connection: Connection, group: GroupId, account: AccountId, read_seq: Seq) -> int:
    """Messages of others after the marker that were not taken back."""
    query = select(func.count()).where(
        _message.c.group_id == group,
        _message.c.seq > read_seq,
        _message.c.account != account,
        _message.c.recalled_at.is_(None),
    )
    return int(connection.execute(query).scalar_one())


def _view(row: RowMapping) -> Message:
    return Message(
        seq=Seq(row["seq"]),
        ref=MemberRef(row["ref"]),
        nickname=row["nickname"],
        role=row["role"],
        at=row["at"],
        text=row["text"],
        reply_to=None if row["reply_to"] is None else Seq(row["reply_to"]),
        mentions=[MemberRef(ref) for ref in json.loads(row["mentions"] or "[]")],
        recalled=row["recalled_at"] is not None,
    )
