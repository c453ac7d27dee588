"""The one writer: runs the writes that wait in one transaction, commits once, then tells everybody.

    submit() -> queue -> [batch] -> one SELECT for retries -> each write over its Transaction
             -> buffered rows -> COMMIT (one flush to disk for the batch) -> release(outcomes)

Contract:
- Writes run in the order they were submitted, and their outcomes are released in that order.
- An outcome is released only after the commit. ``release`` runs on the event loop without a pause in
  between, so what it does to subscriptions and outboxes is in step with the order of commits.
- A refused write is taken back alone and leaves its log row; its batch goes on.
- When a whole batch fails, every write is run again in a transaction of its own, so that only the culprit
  fails. When even that cannot commit, callers get ``read_only``: nothing was acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from server.ports import Clock, Ids
from server.storage import operations, tables
from server.storage.database import Database
from server.storage.log_rows import LogEntry, LogOutcome, LogSequence
from server.storage.operations import KeptResult, OperationKey
from server.storage.transaction import Batch, Memory, Transaction
from server.wire.errors import Conflict, Unavailable, WireError
from server.wire.events import Event
from server.wire.vocabulary import WireModel

log = structlog.get_logger()

_MOST_PER_BATCH = 256  # beyond it a commit's share of a write is under 1 µs and only latency grows
_MOST_WAITING = 8192  # about a second of work: beyond it, `overloaded` is more honest than waiting

_SCRUB_EVERY_NS = 10_000_000_000  # emptying the log takes milliseconds: often enough, and no way to slow us


@dataclass(slots=True)
class Write:
    """One write that waits its turn."""

    work: Callable[[Transaction], WireModel]
    verb: str
    key: OperationKey | None
    """Makes it idempotent; None for writes that are so by nature."""
    fingerprint: bytes
    entry: LogEntry | None
    released: Callable[[Outcome], None]
    """Called once, on the loop, in commit order."""


@dataclass(slots=True)
class Outcome:
    """How a write ended. Either ``result_json`` or ``error`` is set."""

    write: Write
    result: WireModel | None = None
    """The typed result; None for a replayed one, of which only the JSON was kept."""
    result_json: str | None = None
    error: WireError | None = None
    replayed: bool = False
    events: list[Event] = field(default_factory=list)


class Writer:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        ids: Ids,
        publish: Callable[[Sequence[Outcome]], None],
    ) -> None:
        self._database, self._clock, self._ids, self._publish = database, clock, ids, publish
        self._queue: asyncio.Queue[Write | None] = asyncio.Queue()
        self._memory = Memory()
        self._log_rows = LogSequence(ids.incident())
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self.broken = asyncio.Event()
        """Set when the writer itself failed: nothing is written any more, and the process had better end."""
        self._scrubbed_at = -_SCRUB_EVERY_NS
        self.commits = 0
        self.writes = 0

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="writer")
        self._task.add_done_callback(self._ended)

    async def drain(self) -> None:
        """Take no more writes, finish those that wait, stop."""
        self._closed = True
        self._queue.put_nowait(None)
        if self._task is not None:
            with contextlib.suppress(Exception):  # told by `_ended` already
                await self._task

    def submit(self, write: Write) -> None:
        """Queue a write; raises Unavailable when too many wait or the server is stopping."""
        if self._closed:
            raise Unavailable("shutting_down")
        if self._queue.qsize() >= _MOST_WAITING:
            raise Unavailable("overloaded", retry_after_ms=1000)
        self._queue.put_nowait(write)

    async def perform(self, write: Write) -> Outcome:
        """Queue a write and wait for its outcome; the write's own ``released`` is called as well."""
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        inner = write.released

        def released(outcome: Outcome) -> None:
            inner(outcome)
            if not done.done():  # the caller may have gone away; the write counts all the same
                done.set_result(outcome)

        write.released = released
        self.submit(write)
        return await done

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._closed = True  # calls that come now are told so, instead of waiting for ever
            where = traceback.format_tb(error.__traceback__)[-3:]
            log.critical("writer_broken", error=type(error).__name__, where=where)
            self.broken.set()

    async def _run(self) -> None:
        while True:
            first = await self._queue.get()
            if first is None:
                return
            batch, last = [first], False
            while len(batch) < _MOST_PER_BATCH and not self._queue.empty():
                write = self._queue.get_nowait()
                if write is None:
                    last = True
                    break
                batch.append(write)
            outcomes = await self._commit(batch)
            try:
                self._publish(outcomes)
            except Exception as error:  # a fault in telling must not stop the writing
                self._explain(error)
            await self._scrub()
            if last:
                return

    async def _scrub(self) -> None:
        """After a recall: have the content gone from the database's log as well, now and then."""
        now = self._clock.monotonic_ns()
        if self._memory.scrub_wanted and now - self._scrubbed_at >= _SCRUB_EVERY_NS:
            self._scrubbed_at = now
            self._memory.scrub_wanted = not await self._database.scrub()

    async def _commit(self, writes: list[Write]) -> list[Outcome]:
        try:
            outcomes = await self._database.transact(lambda connection: self._run_batch(connection, writes))
        except Exception as error:
            self._memory.forget_everything()
            if len(writes) > 1:
                return [outcome for write in writes for outcome in await self._commit([write])]
            return [Outcome(writes[0], error=self._explain(error))]
        self._memory.settle()
        self.commits += 1
        self.writes += len(writes)
        return outcomes

    def _run_batch(self, connection: Connection, writes: list[Write]) -> list[Outcome]:
        batch = Batch(connection, self._memory)
        known = operations.find(connection, (write.key for write in writes if write.key is not None))
        outcomes = [self._run_one(batch, write, known) for write in writes]
        batch.finish()
        return outcomes

    def _run_one(self, batch: Batch, write: Write, known: dict[OperationKey, KeptResult]) -> Outcome:
        if write.key is not None and (kept := known.get(write.key)) is not None:
            if (kept.verb, kept.fingerprint) != (write.verb, write.fingerprint):
                return Outcome(write, error=Conflict("idempotency_mismatch"))
            return Outcome(write, result_json=kept.result, replayed=True)
        transaction = Transaction(batch, self._clock.now())
        try:
            result = write.work(transaction)
        except WireError as refusal:
            transaction.take_back()
            self._log(batch, write, transaction, "refused")
            # Without its traceback: frames hold the write, the write its outcome, the outcome the refusal.
            return Outcome(write, error=refusal.with_traceback(None))
        except DBAPIError:
            raise  # on PostgreSQL the transaction is lost with it; alone, the write is run once more
        except Exception as error:
            transaction.take_back()
            return Outcome(write, error=self._explain(error))
        transaction.keep()
        result_json = result.model_dump_json()
        if write.key is not None:
            known[write.key] = kept = KeptResult(write.verb, write.fingerprint, result_json)
            transaction.append(tables.operation, operations.row(write.key, kept, transaction.now))
        self._log(batch, write, transaction, "ok")
        return Outcome(write, result, result_json, events=transaction.events)

    def _log(self, batch: Batch, write: Write, transaction: Transaction, outcome: LogOutcome) -> None:
        if write.entry is not None:
            account = transaction.account or write.entry.account
            row = self._log_rows.row(write.entry, account, outcome, transaction.now)
            batch.waiting.setdefault(tables.log_event, []).append(row)

    def _explain(self, error: Exception) -> WireError:
        """What a caller is told when the fault is ours. The log has the rest under the incident number."""
        incident = self._ids.incident()
        # Where, not what: a driver's message may repeat values that people wrote.
        where = traceback.format_tb(error.__traceback__)[-3:]
        log.error("write_failed", incident=incident, error=type(error).__name__, where=where)
        if isinstance(error, OperationalError):
            return Unavailable("read_only", incident=incident)
        return Unavailable("internal", incident=incident)
