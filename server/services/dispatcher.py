"""One request's way: frame -> call -> verb -> rate -> params -> permission -> handler -> answer.

The only place that turns exceptions into answers. Order: one connection's calls run in order. Writes need
no waiting for that, the writer's queue keeps it; so they are pipelined, and everything else waits for them.
"""

from __future__ import annotations

import traceback
from datetime import datetime
from typing import Any

import structlog

from policies.model import Rate
from server.domain.facts import AccountFacts, MemberFacts, Roster
from server.domain.permissions import authorize
from server.domain.throttle import Throttle, network_of
from server.services.connection import Connection
from server.services.contexts import Owning, Reading, Writing
from server.services.handlers import HANDLERS
from server.services.hub import Hub
from server.services.world import World
from server.storage import accounts, groups
from server.storage.database import SqlConnection
from server.storage.log_rows import LogEntry
from server.storage.operations import OperationKey, fingerprint
from server.storage.transaction import Transaction
from server.storage.writer import Outcome, Write, Writer
from server.wire import codec
from server.wire.codec import BadCall, Call
from server.wire.errors import (
    Close,
    MalformedRequest,
    NotAuthenticated,
    RateLimited,
    TooMuch,
    Unavailable,
    WireError,
)
from server.wire.session_states import SCOPES, State
from server.wire.verb import Effect, Scope, Verb
from server.wire.verbs import VERBS
from server.wire.verbs.session import OPEN
from server.wire.vocabulary import Params, WireModel

log = structlog.get_logger()


class Dispatcher:
    def __init__(self, world: World, writer: Writer, hub: Hub) -> None:
        self._world, self._writer, self._hub = world, writer, hub
        self._throttle = Throttle(world.policy.rates)
        login = world.policy.login
        self._log_ins = Throttle(
            {"login": Rate(burst=login.attempts_burst, per_minute=login.attempts_per_minute)}
        )
        self._bounds = world.policy.connection
        self.calls = 0
        self.errors = 0

    async def receive(self, connection: Connection, frame: str) -> None:
        """Handle one text frame. Returns when the next frame of this connection may be read."""
        decoded = codec.decode(frame, max_batch=self._bounds.max_batch, max_depth=self._bounds.max_depth)
        if isinstance(decoded, list):
            await self._answer_batch(connection, decoded)
        elif isinstance(decoded, BadCall):
            await self._complain(connection, decoded)
        else:
            await self._answer(connection, decoded)

    async def check_database(self) -> None:
        """Raise unless the database answers a read."""
        await self._world.database.read(lambda sql: None)

    async def _answer(self, connection: Connection, call: Call) -> None:
        try:
            verb, params = self._admit(connection, call)
            if verb.effect is Effect.WRITES:
                await connection.below(self._bounds.in_flight_max)
                self._submit(connection, call, verb, params)
                return
            await connection.below(1)
            answer, after_reply = await self._run(connection, call, verb, params)
        except WireError as error:
            await connection.below(1)  # answers leave in the order of the calls
            answer, after_reply = self._error(call.id, error), None
        if call.id is not None:
            connection.reply(self._hub.frame(answer))
        if after_reply is not None:
            await after_reply()
        connection.flush()

    async def _answer_batch(self, connection: Connection, calls: list[Call | BadCall]) -> None:
        """Run the members in order and answer them in one frame; a batch of notifications gets no answer."""
        answers: list[str] = []
        for call in calls:
            if isinstance(call, BadCall):
                answers.append(self._error(call.id, call.error))
                continue
            try:
                self._check_room(answers)
                verb, params = self._admit(connection, call)
                if verb is OPEN:
                    raise MalformedRequest("wrong_state", "session.open goes in a frame of its own.")
                await connection.below(1)
                answer, after_reply = await self._run(connection, call, verb, params)
            except WireError as error:
                answer, after_reply = self._error(call.id, error), None
            if call.id is not None:
                answers.append(answer)
            if after_reply is not None:
                await after_reply()
        if answers:
            connection.reply(self._hub.frame(codec.encode_batch(answers)))
        connection.flush()
        if any(isinstance(call, BadCall) for call in calls):
            self._charge_fault(connection)

    async def _complain(self, connection: Connection, bad: BadCall) -> None:
        await connection.below(1)
        connection.reply(self._hub.frame(self._error(bad.id, bad.error)))
        connection.flush()
        self._charge_fault(connection)

    def _charge_fault(self, connection: Connection) -> None:
        try:
            self._spend(connection, "anonymous")  # bad requests cost too
        except RateLimited:
            connection.close(Close.TOO_MANY_FAULTS, "too many malformed frames")

    def _check_room(self, answers: list[str]) -> None:
        """Raise when the answers of a batch fill a frame already: what follows in it is not done."""
        most = self._bounds.outbox_max_bytes // 2
        if sum(len(answer.encode()) for answer in answers) > most:
            raise TooMuch(
                "too_large", "The answers before this one fill the batch. Send it again.", limit=most
            )

    # --- the checks every call passes ----------------------------------------------------------------

    def _admit(self, connection: Connection, call: Call) -> tuple[Verb[Any, Any], Params]:
        self.calls += 1
        verb = VERBS.get(call.method)
        if verb is None:
            self._spend(connection, "anonymous")
            raise MalformedRequest("unknown_verb")
        self._spend(connection, verb.rate)
        if verb.scope not in SCOPES[connection.state]:
            if connection.state is State.ANONYMOUS:
                raise NotAuthenticated("login_required")
            raise MalformedRequest("wrong_state")
        if verb is OPEN and connection.state is not State.ANONYMOUS:
            raise MalformedRequest("wrong_state", "This connection is logged in already.")
        return verb, codec.validate(verb, call.params)

    def _spend(self, connection: Connection, rate: Any) -> None:
        caller = connection.account or network_of(connection.origin.source_address)
        wait_ns = self._throttle.spend(caller, rate, self._world.clock.monotonic_ns())
        if wait_ns:
            raise RateLimited("rate_limited", retry_after_ms=-(-wait_ns // 1_000_000), rate=rate)

    # --- the three ways to run -------------------------------------------------------------------------

    def _submit(self, connection: Connection, call: Call, verb: Verb[Any, Any], params: Params) -> None:
        def released(outcome: Outcome) -> None:
            connection.ended()
            if call.id is not None:
                connection.reply(self._hub.frame(self._outcome_answer(call, outcome)))
                self._hub.touch(connection)

        self._writer.submit(self._write(connection, verb, params, released))
        connection.began()

    async def _run(
        self, connection: Connection, call: Call, verb: Verb[Any, Any], params: Params
    ) -> tuple[str, Any]:
        id_ = call.id if call.id is not None else 0  # a notification's answer is built and dropped
        try:
            if verb.effect is Effect.WRITES:
                outcome = await self._writer.perform(self._write(connection, verb, params, _nothing))
                return self._outcome_answer(call, outcome), None
            if verb.effect is Effect.READS:
                result = await self._read(connection, verb, params)
                return codec.encode_result(id_, result), None
            own = Owning(self._world, self._writer, self._hub, self._log_ins, connection, verb, params)
            result = await self._own(own)
            return codec.encode_result(id_, result, replayed=own.replayed), own.after_reply
        except WireError:
            raise
        except Exception as error:
            raise self._internal(verb, error) from error

    def _write(self, connection: Connection, verb: Verb[Any, Any], params: Params, released: Any) -> Write:
        (account, session), handler = connection.caller(), HANDLERS[verb.name]
        group = getattr(params, "group", None)
        world = self._world

        def work(tx: Transaction) -> WireModel:
            if session in tx.memory.ended:  # closed while this call was waiting
                raise NotAuthenticated("session_expired")
            facts = accounts.account_facts(tx, account)
            roster: Roster | None = None if group is None else groups.roster(tx, group)
            member = None if roster is None else roster.members.get(account)
            self._authorize(verb, facts, member, tx.now)
            result: WireModel = handler(Writing(tx, world, facts, session, roster, member), params)
            return result

        entry = None if verb.operation is None else LogEntry(verb.operation, account, connection.origin)
        key = OperationKey(account, params.client_op_id)  # type: ignore[attr-defined]  # verbs that write have it
        return Write(
            work, verb.name, key, fingerprint(self._world.retry_key, verb.name, params), entry, released
        )

    async def _read(self, connection: Connection, verb: Verb[Any, Any], params: Params) -> WireModel:
        (account, session), handler = connection.caller(), HANDLERS[verb.name]
        group = getattr(params, "group", None)
        world = self._world

        def work(sql: SqlConnection) -> WireModel:
            facts, found, member = groups.find_place(sql, account, group)
            self._authorize(verb, facts, member, world.clock.now())
            assert facts is not None
            result: WireModel = handler(Reading(sql, world, facts, session, found, member), params)
            return result

        return await world.database.read(work)

    async def _own(self, own: Owning) -> WireModel:
        if own.verb.scope is not Scope.ANYONE:
            account, _ = own.connection.caller()
            group = getattr(own.params, "group", None)
            facts, _, own.member = await self._world.database.read(
                lambda sql: groups.find_place(sql, account, group)
            )
            self._authorize(own.verb, facts, own.member, self._world.clock.now())
        result: WireModel = await HANDLERS[own.verb.name](own, own.params)
        return result

    def _authorize(
        self, verb: Verb[Any, Any], account: AccountFacts | None, member: MemberFacts | None, now: datetime
    ) -> None:
        world = self._world
        authorize(verb, account, member, now=now, policy=world.policy, agreement=world.agreement)

    # --- answers -------------------------------------------------------------------------------------------

    def _outcome_answer(self, call: Call, outcome: Outcome) -> str:
        if outcome.error is not None:
            return self._error(call.id, outcome.error)
        assert outcome.result_json is not None
        id_ = call.id if call.id is not None else 0
        return codec.encode_result_json(id_, outcome.result_json, replayed=outcome.replayed)

    def _error(self, id_: codec.RequestId | None, error: WireError) -> str:
        self.errors += 1
        return codec.encode_error(id_, error)

    def _internal(self, verb: Verb[Any, Any], error: Exception) -> WireError:
        incident = self._world.ids.incident()
        # Where, not what: an exception's text may repeat what a person sent.
        where = traceback.format_tb(error.__traceback__)[-3:]
        log.error("call_failed", verb=verb.name, incident=incident, error=type(error).__name__, where=where)
        return Unavailable("internal", incident=incident)


def _nothing(outcome: Outcome) -> None:
    pass
