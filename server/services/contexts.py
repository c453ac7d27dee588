"""What a handler is given: one kind of context for each effect a verb can have."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn, TypeVar

from policies.model import Policy
from server.domain.facts import AccountFacts, GroupFacts, MemberFacts, Roster
from server.domain.throttle import Throttle
from server.services.connection import Connection
from server.services.hub import Hub
from server.services.world import World
from server.storage import operations
from server.storage.database import SqlConnection
from server.storage.log_rows import LogEntry
from server.storage.operations import OperationKey, fingerprint
from server.storage.transaction import Transaction
from server.storage.writer import Outcome, Write, Writer
from server.wire.errors import NotAuthenticated, WireError
from server.wire.verb import Verb
from server.wire.vocabulary import AccountId, Params, SessionId, WireModel

R = TypeVar("R", bound=WireModel)


class Noted(WireModel):
    """The result of a write that answers nobody."""


@dataclass(frozen=True, slots=True)
class Writing:
    """For verbs that write: an open transaction, the caller already authorised in it. No await in here."""

    tx: Transaction
    world: World
    account: AccountFacts
    session: SessionId
    roster: Roster | None
    """The group that ``params.group`` names, when it exists."""
    member: MemberFacts | None
    """The caller's place in it; never None for verbs of scope MEMBER."""

    @property
    def now(self) -> datetime:
        return self.tx.now

    @property
    def policy(self) -> Policy:
        return self.world.policy

    def place(self) -> tuple[Roster, MemberFacts]:
        """Group and caller's place for verbs of scope MEMBER, which are not run without them."""
        assert self.roster is not None
        assert self.member is not None
        return self.roster, self.member


@dataclass(frozen=True, slots=True)
class Reading:
    """For verbs that read: one snapshot of the front-stage database, the caller authorised in it."""

    sql: SqlConnection
    world: World
    account: AccountFacts
    session: SessionId
    group: GroupFacts | None
    member: MemberFacts | None

    @property
    def policy(self) -> Policy:
        return self.world.policy


@dataclass(slots=True)
class Owning:
    """For verbs that run by themselves: they may await, and put what they write into ``perform``."""

    world: World
    writer: Writer
    hub: Hub
    log_ins: Throttle
    """Buckets per handle: whoever guesses from many addresses is still slow."""
    connection: Connection
    verb: Verb[Any, Any]
    params: Params
    account: AccountId | None = field(init=False)
    session: SessionId | None = field(init=False)
    """Who called. The connection may have become nobody's while the call was waiting; the call has not."""
    member: MemberFacts | None = field(default=None, init=False)
    """The caller's place in the group that ``params.group`` names; never None for verbs of scope MEMBER."""
    replayed: bool = field(default=False, init=False)
    """Set by ``perform`` when the answer is that of an earlier, equal call."""
    after_reply: Callable[[], Awaitable[None]] | None = field(default=None, init=False)
    """Run when the answer is on its way, before anything else can be."""

    def __post_init__(self) -> None:
        self.account, self.session = self.connection.account, self.connection.session

    @property
    def policy(self) -> Policy:
        return self.world.policy

    async def perform(
        self,
        work: Callable[[Transaction], R],
        result: type[R],
        *,
        caller: str | None = None,
        released: Callable[[Outcome], None] | None = None,
    ) -> R:
        """Run ``work`` in the writer's transaction; the result comes after the commit.

        ``caller`` is whose client_op_id counts (default: the account); ``released`` runs in commit order,
        before anything committed later is told to anybody. Raises what ``work`` refused.
        """

        def guarded(tx: Transaction) -> R:
            if self.session in tx.memory.ended:  # closed while this call was waiting
                raise NotAuthenticated("session_expired")
            return work(tx)

        outcome = await self.writer.perform(
            Write(
                work=guarded,
                verb=self.verb.name,
                key=self._key(caller),
                fingerprint=fingerprint(self.world.retry_key, self.verb.name, self.params),
                entry=self._entry(),
                released=released or _nothing,
            )
        )
        if outcome.error is not None:
            raise outcome.error
        self.replayed = outcome.replayed
        if isinstance(outcome.result, result):
            return outcome.result
        assert outcome.result_json is not None
        return result.model_validate_json(outcome.result_json)

    async def earlier(self, result: type[R]) -> R | None:
        """What this very call was answered before; None for a new one.

        For verbs that refuse things before ``perform``: a retry must get its first answer, not a refusal
        because of what the first try brought about.
        """
        key = self._key(None)
        if key is None:
            return None
        kept = (await self.world.database.read(lambda sql: operations.find(sql, [key]))).get(key)
        if kept is None or (kept.verb, kept.fingerprint) != (
            self.verb.name,
            fingerprint(self.world.retry_key, self.verb.name, self.params),
        ):
            return None
        self.replayed = True
        return result.model_validate_json(kept.result)

    async def note(self, work: Callable[[Transaction], Noted]) -> None:
        """Write something down that is no answer to the call: not idempotent by key, no log row."""
        outcome = await self.writer.perform(Write(work, self.verb.name, None, b"", None, _nothing))
        if outcome.error is not None:
            raise outcome.error

    async def refuse(self, error: WireError) -> NoReturn:
        """Refuse, and leave the log row that says so."""

        def work(tx: Transaction) -> WireModel:
            raise error

        write = Write(work, self.verb.name, None, b"", self._entry(), _nothing)
        await self.writer.perform(write)
        raise error

    def _key(self, caller: str | None) -> OperationKey | None:
        op_id = getattr(self.params, "client_op_id", None)
        caller = caller or self.account
        return None if op_id is None or caller is None else OperationKey(caller, op_id)

    def _entry(self) -> LogEntry | None:
        if self.verb.operation is None:
            return None
        return LogEntry(self.verb.operation, self.account, self.connection.origin)


def _nothing(outcome: Outcome) -> None:
    pass
