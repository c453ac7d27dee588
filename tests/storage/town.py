"""A small town for the storage tests: people, groups and what they say, written through the one writer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select

from server.domain.facts import GroupFacts, MemberFacts
from server.storage import accounts, groups, messages, streams, tables
from server.storage.database import Database, SqlConnection
from server.storage.log_rows import LogEntry, Origin
from server.storage.operations import OperationKey, fingerprint
from server.storage.transaction import Transaction
from server.storage.writer import Outcome, Write, Writer
from server.wire.errors import Refused
from server.wire.events import MESSAGE_POSTED, MESSAGE_RECALLED, Event, MessageRecalled
from server.wire.group_id import GroupId
from server.wire.models import Message
from server.wire.verb import Operation
from server.wire.verbs.message import SendParams
from server.wire.vocabulary import AccountId, Role, Seq, StreamName, WireModel, group_stream
from tests.fakes import CountingIds, FakeClock

ORIGIN = Origin("192.0.2.7", 40000, "192.0.2.1:8765", "qunzu-test 0.1.0 (linux x86_64)")


FIRST = AccountId("A-1")
"""The first person who comes to town."""


class Done(WireModel):
    """What a write of these tests answers."""

    event_seq: Seq


class Town:
    def __init__(self, database: Database, clock: FakeClock, ids: CountingIds) -> None:
        self.database, self.clock, self.ids = database, clock, ids
        self.told: list[Outcome] = []
        """Every outcome, in the order in which the writer released them."""
        self.writer = Writer(database, clock, ids, self._publish)

    def _publish(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            self.told.append(outcome)
            outcome.write.released(outcome)

    # --- writing ---------------------------------------------------------------------------------------

    def make(
        self,
        work: Callable[[Transaction], WireModel],
        *,
        op: str | None = None,
        caller: str = "A-1",
        verb: str = "message.send",
        content: bytes = b"",
        logged: Operation | None = None,
    ) -> Write:
        key = None if op is None else OperationKey(caller, op)
        entry = None if logged is None else LogEntry(logged, AccountId(caller), ORIGIN)
        return Write(work, verb, key, content, entry, lambda outcome: None)

    async def write(self, work: Callable[[Transaction], WireModel], **about: Any) -> Outcome:
        return await self.writer.perform(self.make(work, **about))

    async def together(self, *writes: Write) -> list[Outcome]:
        """All of them waiting before the writer looks: one batch, as long as they fit one."""
        before = len(self.told)
        for write in writes[:-1]:
            self.writer.submit(write)
        await self.writer.perform(writes[-1])
        return self.told[before:]

    # --- people and groups -------------------------------------------------------------------------------

    async def person(self, handle: str) -> AccountId:
        account = self.ids.account()

        def work(tx: Transaction) -> Done:
            accounts.add_account(tx, account, handle, "plain", "2026-11")
            return Done(event_seq=Seq(0))

        assert (await self.write(work)).error is None
        return account

    async def group(self, *people: AccountId) -> GroupId:
        """A group of these people; the first one owns it. No event is emitted."""
        group = self.ids.group()
        facts = GroupFacts(group, "tea", "", "hobby", 500, "normal", False, self.clock.now())
        places = [self.place(person, "member" if at else "owner") for at, person in enumerate(people)]

        def work(tx: Transaction) -> Done:
            groups.add_group(tx, facts, places[0])
            for place in places[1:]:
                groups.add_member(tx, group, place)
            return Done(event_seq=Seq(0))

        assert (await self.write(work)).error is None
        return group

    def place(self, account: AccountId, role: Role = "member") -> MemberFacts:
        return MemberFacts(account, self.ids.member(), f"nick of {account}"[:24], role, self.clock.now())

    # --- what is said ------------------------------------------------------------------------------------

    def saying(self, group: GroupId, text: str, sender: AccountId = FIRST, **about: Any) -> Write:
        params = SendParams(group=group, text=text, client_op_id="op-of-this-call")
        return self.make(
            say(group, text, sender), content=fingerprint(bytes(32), "message.send", params), **about
        )

    async def say(self, group: GroupId, text: str, sender: AccountId = FIRST) -> Seq:
        outcome = await self.writer.perform(self.saying(group, text, sender))
        assert isinstance(outcome.result, Done), outcome.error
        return outcome.result.event_seq

    async def recall(self, group: GroupId, seq: Seq) -> None:
        def work(tx: Transaction) -> Done:
            messages.erase_message(tx, group, seq)
            kept = messages.find_message(tx, group, seq)
            assert kept is not None
            told = MessageRecalled(seq=seq, ref=kept.ref)
            return Done(event_seq=tx.emit(group_stream(group), MESSAGE_RECALLED, told))

        outcome = await self.write(work)
        assert outcome.error is None

    # --- looking -------------------------------------------------------------------------------------------

    async def events(self, stream: StreamName, after: int = 0, last: int = 10**9) -> list[Event]:
        def look(sql: SqlConnection) -> list[Event]:
            return streams.events_between(sql, stream, Seq(after), Seq(last))

        return await self.database.read(look)

    async def texts(self, group: GroupId) -> list[str | None]:
        events = await self.events(group_stream(group))
        assert [event.seq for event in events] == list(range(1, len(events) + 1)), "a gap or a double"
        return [event.data.text for event in events if isinstance(event.data, Message)]

    async def head(self, group: GroupId) -> int:
        return await self.database.read(lambda sql: streams.head(sql, group_stream(group)))

    async def log_rows(self) -> list[Any]:
        table = tables.log_event
        query = select(table).order_by(table.c.at, table.c.process_seq)
        return await self.database.read(lambda sql: list(sql.execute(query)))


def say(group: GroupId, text: str, sender: AccountId = FIRST) -> Callable[[Transaction], Done]:
    """The work of posting a message, as the service does it."""

    def work(tx: Transaction) -> Done:
        seq = Seq(tx.head(group_stream(group)) + 1)
        roster = groups.roster(tx, group)
        assert roster is not None
        me = roster.members[sender]
        message = Message(seq=seq, ref=me.ref, nickname=me.nickname, role=me.role, at=tx.now, text=text)
        messages.append_message(tx, group, sender, message)
        return Done(event_seq=tx.emit(group_stream(group), MESSAGE_POSTED, message))

    return work


def say_and_refuse(group: GroupId, text: str) -> Callable[[Transaction], Done]:
    """Does everything and then thinks better of it."""

    def work(tx: Transaction) -> Done:
        say(group, text)(tx)
        raise Refused("role")

    return work
