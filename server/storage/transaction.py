"""What a write sees: an open transaction that numbers events, buffers hot rows and undoes itself alone.

Several writes share one database transaction (see ``writer.py``). Each behaves as if it had its own: what
it raises takes back exactly what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, Select, Table, bindparam, insert, select, update
from sqlalchemy.engine import NestedTransaction

from server.domain.facts import AccountFacts, Roster
from server.storage import tables
from server.storage.prepared import insert_rows, update_rows
from server.wire.events import MESSAGE_POSTED, Event, EventType
from server.wire.group_id import GroupId
from server.wire.vocabulary import AccountId, Seq, SessionId, StreamName, WireModel

T = TypeVar("T")
Row = dict[str, Any]

_SET_HEAD = (
    update(tables.stream)
    .where(tables.stream.c.stream == bindparam("name"))
    .values(head=bindparam("new_head"))
)


class Memory:
    """What the writer remembers between transactions so that a message costs no SELECT.

    It belongs to the writer alone. Only commits and undone writes change it, and whatever cannot be trusted
    any more is dropped and read again. Bounded: the eldest go first.
    """

    def __init__(self, most: int = 20_000) -> None:
        self.heads: dict[StreamName, Seq] = {}
        self.rosters: dict[GroupId, Roster] = {}
        self.accounts: dict[AccountId, AccountFacts] = {}
        self.ended: dict[SessionId, None] = {}
        """Sessions that were closed lately: what their connections still have under way is refused."""
        self.scrub_wanted = False
        """Whether something was erased whose bytes still stand in the database's own log."""
        self.ending: list[SessionId] = []
        """Those among them whose closing is not committed yet."""
        self._most = most

    def forget_everything(self) -> None:
        """After a transaction that came to nothing: read facts again, let go of sessions it had closed."""
        for store in (self.heads, self.rosters, self.accounts):
            store.clear()
        for session in self.ending:
            self.ended.pop(session, None)
        self.ending.clear()

    def settle(self) -> None:
        """After a commit: what it did is so, and what is too much is forgotten."""
        self.ending.clear()
        _drop_eldest(self.heads, len(self.heads) - self._most)
        _drop_eldest(self.rosters, len(self.rosters) - self._most)
        _drop_eldest(self.accounts, len(self.accounts) - self._most)
        _drop_eldest(self.ended, len(self.ended) - self._most)


class Batch:
    """One database transaction shared by the writes of a batch: its connection and the rows that wait."""

    def __init__(self, connection: Connection, memory: Memory) -> None:
        self.connection = connection
        self.memory = memory
        self.waiting: dict[Table, list[Row]] = {}
        self.moved_heads: dict[StreamName, Seq] = {}

    def flush(self) -> None:
        """Write the rows that wait, one statement per table."""
        for table, rows in self.waiting.items():
            if rows:
                insert_rows(self.connection, table, rows)
                rows.clear()

    def finish(self) -> None:
        """Flush, and record how far each stream came: the last thing before the commit."""
        self.flush()
        if self.moved_heads:
            rows = [{"name": name, "new_head": head} for name, head in self.moved_heads.items()]
            update_rows(self.connection, _SET_HEAD, rows)


class Transaction:
    """One write inside a batch. ``now`` is one instant for everything the write does."""

    def __init__(self, batch: Batch, now: datetime) -> None:
        self.now = now
        self.account: AccountId | None = None
        """Whom the log row names when the caller was nobody before this write (registering, logging in)."""
        self.events: list[Event] = []
        self.memory = batch.memory
        self._batch = batch
        self._marks: dict[Table, int] = {table: len(rows) for table, rows in batch.waiting.items()}
        self._savepoint: NestedTransaction | None = None
        self._undo: list[Callable[[], None]] = []

    @property
    def sql(self) -> Connection:
        """The connection, for reading functions that also serve readers; what waits is written first."""
        if self._savepoint is None and self._has_waiting_rows():
            self._set_savepoint()  # this write's own rows must stay behind a point to come back to
        self._flush()
        return self._batch.connection

    def append(self, table: Table, row: Row) -> None:
        """Add a row at the end of the batch: for rows that nothing in this batch reads by SQL."""
        self._batch.waiting.setdefault(table, []).append(row)

    def execute(self, statement: Executable, rows: list[Row] | None = None) -> CursorResult[Any]:
        """Run a statement now. The first one of a write opens a savepoint to come back to."""
        if self._savepoint is None:
            self._set_savepoint()
        self._flush()
        result = self._batch.connection.execute(statement, rows)
        assert isinstance(result, CursorResult)
        return result

    def rows(self, query: Select[Any]) -> list[Any]:
        """What a query finds, waiting rows included."""
        return list(self.sql.execute(query))

    def emit(
        self, stream: StreamName, kind: EventType[Any], data: WireModel, cause: str | None = None
    ) -> Seq:
        """Add the stream's next event. Its ``seq`` is final once the batch commits, and without gaps."""
        head = self.head(stream)
        seq = Seq(head + 1)
        self._set_head(stream, seq)
        self.undo(lambda: self._set_head(stream, head))
        self.events.append(Event(stream, seq, kind.name, self.now, data, cause))
        body = None if kind is MESSAGE_POSTED else data.model_dump_json()
        self.append(
            tables.event,
            {"stream": stream, "seq": seq, "type": kind.name, "at": self.now, "data": body, "cause": cause},
        )
        return seq

    def head(self, stream: StreamName) -> Seq:
        """The newest seq of a stream, 0 for one that has no event yet."""
        known = self.memory.heads.get(stream)
        if known is None:
            found = self.rows(select(tables.stream.c.head).where(tables.stream.c.stream == stream))
            if found:
                known = Seq(found[0].head)
            else:
                known = Seq(0)
                self.execute(insert(tables.stream).values(stream=stream, head=0))
                self.undo(lambda: self.memory.heads.pop(stream, None))
            self.memory.heads[stream] = known
        return known

    def undo(self, action: Callable[[], object]) -> None:
        """What to do to memory if this write is taken back; run in reverse order."""
        self._undo.append(lambda: (action(), None)[1])

    def remember(self, store: dict[T, Any], key: T, value: Any) -> None:
        """Put a changed fact into the writer's memory, to be forgotten if this write is taken back."""
        store[key] = value
        self.undo(lambda: store.pop(key, None))

    def keep(self) -> None:
        if self._savepoint is not None:
            self._savepoint.commit()
        self._undo.clear()  # they hold this object, and it them: let go, and no collector has to find out

    def take_back(self) -> None:
        """Undo this write and nothing else."""
        for table, rows in self._batch.waiting.items():
            del rows[self._marks.get(table, 0) :]
        if self._savepoint is not None:
            self._savepoint.rollback()
        for action in reversed(self._undo):
            action()
        self._undo.clear()

    def _has_waiting_rows(self) -> bool:
        return any(len(rows) > self._marks.get(table, 0) for table, rows in self._batch.waiting.items())

    def _flush(self) -> None:
        self._batch.flush()
        self._marks = {}  # nothing of earlier writes waits any more

    def _set_savepoint(self) -> None:
        """Write what earlier writes left, mark the point, and let this write's own rows wait behind it."""
        own = {table: rows[self._marks.get(table, 0) :] for table, rows in self._batch.waiting.items()}
        for table, rows in self._batch.waiting.items():
            del rows[self._marks.get(table, 0) :]
        self._flush()
        self._savepoint = self._batch.connection.begin_nested()
        for table, rows in own.items():
            self._batch.waiting[table].extend(rows)

    def _set_head(self, stream: StreamName, seq: Seq) -> None:
        self.memory.heads[stream] = self._batch.moved_heads[stream] = seq


def _drop_eldest(store: dict[T, Any], surplus: int) -> None:
    if surplus > 0:  # asked after every batch: the list of all keys is made only when some have to go
        for key in list(store)[:surplus]:
            del store[key]
