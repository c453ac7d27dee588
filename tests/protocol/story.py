"""The whole story with twenty members, told to anything that can make a call. Knows no client and no server.

From the rules to the last word: everybody reads and accepts, registers, is refused without an identity,
verifies, meets in a group, talks, recalls, reads; one leaves, one takes the identity back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from client_tui.sdk import SyntheticPerson, synthetic_person
from server.wire.verbs import VERBS
from tests.conftest import PASSWORD
from tests.protocol.wire import CLIENT, Json, fresh_op

MEMBERS = 20


class Teller(Protocol):
    """One person's client."""

    async def tell(self, verb: str, /, **params: Any) -> Json:
        """The result of a call. Raises ``Told`` for a refusal."""
        ...

    async def hears(self, type: str, matches: Callable[[Json], bool]) -> Json:
        """The data of the first event of that type that matches; waits for it."""
        ...


class Told(Exception):
    """A refusal, by its type."""


@dataclass
class Ending:
    """What the story has come to, to be compared with what the databases and logs say."""

    group: str
    members: int
    calls: int = 0
    refusals: int = 0
    messages: int = 0
    deliveries: int = 0
    operations: list[tuple[str, str]] = field(default_factory=list)
    """Every operation that a log row has to show: its kind and its outcome."""

    def __str__(self) -> str:
        return (
            f"{self.members} members, {self.calls} calls, {self.refusals} refusals as due, "
            f"{self.messages} messages, {self.deliveries} deliveries checked"
        )


def person(number: int) -> SyntheticPerson:
    return synthetic_person(number + 500, "zh")


def phone(number: int) -> str:
    """Of a range that no network assigns."""
    return f"1000000{7000 + number}"


async def whole_story(meet: Callable[[], Awaitable[Teller]], members: int = MEMBERS) -> Ending:
    """Tell it; ``meet`` brings one more client that is connected and no more."""
    ending = Ending("", members)
    book = _Book(ending)
    tellers = [await meet() for _ in range(members)]
    await asyncio.gather(*(_arrive(book, teller, number) for number, teller in enumerate(tellers)))
    founder, *others = tellers
    made = await book.tell(founder, "group.create", "create_group", name="茶馆", cap=members, nickname="掌柜")
    group = ending.group = made["group"]["group"]
    refs = [made["me"]["ref"]]
    for number, teller in enumerate(others, 1):
        joined = await book.tell(teller, "group.join", "join", group=group, nickname=f"客{number}")
        refs.append(joined["me"]["ref"])
    assert len(set(refs)) == members

    last = 0
    for number, teller in enumerate(tellers):
        sent = await book.tell(
            teller,
            "message.send",
            "publish",
            group=group,
            text=f"第{number}句 👋🏽 سلام བཀྲ་ཤིས",
            mentions=[refs[number - 1]],
        )
        last = sent["event_seq"]
        ending.messages += 1
    for teller in tellers:
        data = await teller.hears("message.posted", lambda data: data["seq"] == last)
        assert data["text"].startswith(f"第{members - 1}句")
        ending.deliveries += members
    await book.tell(tellers[-1], "message.recall", "recall", group=group, message=last)
    for teller in tellers:
        await teller.hears("message.recalled", lambda data: data["seq"] == last)
        ending.deliveries += 1

    page = await book.tell(founder, "message.history", None, group=group, limit=100)
    assert [message["text"] is None for message in page["messages"]] == [False] * (members - 1) + [True]
    marked = await book.tell(founder, "message.mark_read", None, group=group, seq=last)
    assert marked["read_seq"] == last
    listed = await book.tell(founder, "group.list", None)
    assert [(one["group"]["group"], one["unread"]) for one in listed["groups"]] == [(group, 0)]
    roster = await book.tell(others[0], "group.members", None, group=group)
    assert [member["role"] for member in roster["members"]] == ["owner"] + ["member"] * (members - 1)

    leaver = others[-1]
    await book.tell(leaver, "group.leave", "leave", group=group)
    await founder.hears("member.left", lambda data: data["ref"] == refs[-1])
    await book.refused(leaver, "group_not_found", "message.send", "publish", group=group, text="and?")
    withdrawn = others[-2]
    await book.tell(withdrawn, "identity.withdraw", "settings")
    await book.refused(withdrawn, "identity_required", "message.send", "publish", group=group, text="and?")
    await book.tell(withdrawn, "session.close", "logout")
    return ending


async def _arrive(book: _Book, teller: Teller, number: int) -> None:
    """Rules, agreement, account, refusal without an identity, identity, handle."""
    await book.tell(teller, "rules.show", None)
    shown = await book.tell(teller, "rules.show", None, document="agreement", locale="zh")
    accepted = {"version": shown["version"], "locale": "zh", "sha256": shown["sha256"]}
    unread = accepted | {"sha256": "0" * 64}
    who: Json = {"handle": f"鸟{number}", "password": PASSWORD, "consents": ["phone"], "client": CLIENT}
    await book.refused(teller, "agreement_required", "account.register", "register", **who, agreement=unread)
    await book.tell(teller, "account.register", "register", **who, agreement=accepted)
    log_in = {"handle": who["handle"], "client": CLIENT}
    if number % 5 == 0:
        await book.refused(
            teller, "bad_credentials", "session.open", "login", **log_in, password="wrong horse"
        )
    await book.tell(teller, "session.open", "login", **log_in, password=PASSWORD)
    await book.refused(teller, "identity_required", "group.create", "create_group", name="too early")
    somebody = person(number)
    identity = {"method": "resident_id", "legal_name": somebody.legal_name, "number": somebody.number}
    if number % 5 == 0:
        mistyped = identity | {"number": somebody.number[:-1] + ("1" if somebody.number[-1] != "1" else "2")}
        await book.refused(teller, "id_invalid", "identity.verify", "verify", **mistyped)
    verified = await book.tell(teller, "identity.verify", "verify", **identity, phone=phone(number))
    assert verified["handle_resembles_name"] is False
    if number % 5 == 1:
        await book.refused(
            teller, "name_confirm", "account.set_handle", "settings", handle=somebody.legal_name[:24]
        )


class _Book:
    """Makes the calls and keeps the account of them."""

    def __init__(self, ending: Ending) -> None:
        self._ending = ending

    async def tell(self, teller: Teller, verb: str, operation: str | None, /, **params: Any) -> Json:
        self._note(operation, "ok")
        return await teller.tell(verb, **_with_op(verb, params))

    async def refused(
        self, teller: Teller, type: str, verb: str, operation: str | None, /, **params: Any
    ) -> None:
        self._note(operation, "refused")
        self._ending.refusals += 1
        try:
            result = await teller.tell(verb, **_with_op(verb, params))
        except Told as told:
            answer = str(told)
        else:
            answer = f"no refusal: {result}"
        assert answer == type, verb

    def _note(self, operation: str | None, outcome: str) -> None:
        self._ending.calls += 1
        if operation is not None:
            self._ending.operations.append((operation, outcome))


def _with_op(verb: str, params: Json) -> Json:
    needed = "client_op_id" in VERBS[verb].params.model_fields
    return {"client_op_id": fresh_op()} | params if needed else params
