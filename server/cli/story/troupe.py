"""The scripted members at work: each one a real client on a real socket, with an account and an identity.

They come in as anybody does, found their groups, talk from their lines, and answer whoever is new. They know
what any client knows and have no way round the rules. The words are in ``cast``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field

from client_tui.sdk import (
    CallError,
    Client,
    ConnectionLost,
    EventMessage,
    EventsLost,
    connect,
    join_in,
    synthetic_person,
    this_program,
)  # fmt: skip
from client_tui.sdk.synthetic import PEOPLE
from server.cli.story import cast
from server.cli.story.cast import CIRCLES, Both, Circle, Line
from server.cli.story.draws import Draws
from server.wire.events import MemberJoined, MessageRecalled
from server.wire.group_id import GroupId, parse_group_id
from server.wire.models import Message
from server.wire.verbs.group import CREATE_GROUP, JOIN_GROUP, CreateGroupParams, JoinGroupParams
from server.wire.verbs.message import SEND, TYPING, SendParams, TypingParams
from server.wire.vocabulary import Locale, MemberRef, Seq, group_stream

Progress = Callable[[str], None]
Pause = Callable[[float], Awaitable[object]]

_GROUP_ID = re.compile(r"G-[0-9A-Za-z]{10}")
_TYPED_PER_SECOND = 28  # characters: a quick typist, so that nobody waits for a scripted one
_LONGEST_TYPING_S = 4.0
_REACTION_S = 0.7
_ON_THE_WAY_S = 3.0
_BETWEEN_LINES_S = (6, 14)
_BETWEEN_LATE_LINES_S = (20, 40)
"""After half a dozen lines the talk slows down: life in the background, not a wall of text."""


@dataclass
class Player:
    """One scripted member."""

    key: str
    handle: str
    client: Client
    refs: dict[GroupId, MemberRef] = field(default_factory=dict)
    """Who this player is in each group."""

    async def say(
        self, group: GroupId, text: str, reply_to: Seq | None = None, mentions: tuple[MemberRef, ...] = ()
    ) -> Seq:
        sent = await self.client.call(
            SEND,
            SendParams(
                group=group,
                text=text,
                reply_to=reply_to,
                mentions=list(mentions),
                client_op_id=self.client.op_id(),
            ),
        )
        return sent.event_seq

    async def found(self, circle: Circle, locale: Locale) -> GroupId:
        created = await self.client.call(
            CREATE_GROUP,
            CreateGroupParams(
                name=circle.name[locale],
                introduction=circle.introduction[locale],
                category=circle.category,
                discoverable=True,
                client_op_id=self.client.op_id(),
            ),
        )
        self.refs[created.group.group] = created.me.ref
        return created.group.group

    async def join(self, group: GroupId, nickname: str | None = None) -> None:
        params = JoinGroupParams(group=group, nickname=nickname, client_op_id=self.client.op_id())
        self.refs[group] = (await self.client.call(JOIN_GROUP, params)).me.ref


class Troupe:
    """All players, their groups, and what has been said so far."""

    def __init__(self, url: str, locale: Locale, seed: int, pause: Pause = asyncio.sleep) -> None:
        self._url, self._locale, self._seed, self._pause = url, locale, seed, pause
        self._draws = Draws(seed, "troupe")
        self._stack = AsyncExitStack()
        self.players: dict[str, Player] = {}
        self.groups: dict[str, GroupId] = {}
        self._hosts: dict[GroupId, Player] = {}
        """Who listens for newcomers in each group: one, so that nobody is greeted six times."""
        self._company: dict[GroupId, asyncio.Event] = {}
        """Set once somebody new is in a group: before that there is nobody to hear its talk."""
        self._said: dict[tuple[str, int], Seq] = {}
        self._tasks: asyncio.TaskGroup | None = None

    async def __aenter__(self) -> Troupe:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    # --- before anybody looks --------------------------------------------------------------------------

    async def assemble(self, progress: Progress, password: Callable[[], str]) -> None:
        """Everybody registers and verifies, all at once; ``password`` makes a fresh one for each."""
        first = Draws(self._seed, "people").below(PEOPLE - len(cast.HANDLES))
        done = 0

        async def enter(place: int, key: str, handle: str) -> None:
            nonlocal done
            client = await self._stack.enter_async_context(
                connect(
                    self._url,
                    client=this_program("qunzu-demo"),
                    snapshots=False,
                    op_prefix=f"cast-{key}",
                )
            )
            person = synthetic_person(first + place, self._locale)
            await join_in(client, handle, password(), person, self._locale)
            self.players[key] = Player(key, handle, client)
            done += 1
            progress(cast.ENTERED[self._locale].format(done=done, all=len(cast.HANDLES), name=handle))

        entrances = [enter(place, key, handle) for place, (key, handle) in enumerate(cast.HANDLES.items())]
        await asyncio.gather(*entrances)

    async def found_groups(self, progress: Progress) -> None:
        """One after the other, so that a seed gives the same ids again."""
        for circle in CIRCLES:
            owner = self.players[circle.owner]
            group = self.groups[circle.key] = await owner.found(circle, self._locale)
            self._hosts[group], self._company[group] = owner, asyncio.Event()
            for key in circle.members:
                nickname = circle.nicknames.get(key)
                await self.players[key].join(group, nickname[self._locale] if nickname else None)
            for place in range(circle.opening):
                await self._speak(circle, place)
            name, members = circle.name[self._locale], 1 + len(circle.members)
            progress(cast.FOUNDED[self._locale].format(group=group, name=name, members=members))

    # --- life --------------------------------------------------------------------------------------------

    async def play(self) -> None:
        """Talk and answer until cancelled. A group talks once somebody new is there to hear it."""
        async with asyncio.TaskGroup() as self._tasks:
            for player in self.players.values():
                self._tasks.create_task(self._listen(player))
            for circle in CIRCLES:
                self._tasks.create_task(self._converse(circle))

    def come_by(self, group: GroupId) -> None:
        """Have some of the troupe visit a group that somebody founded. Call it on the troupe's loop."""
        if self._tasks is not None:
            self._tasks.create_task(self._visit(group))

    async def _visit(self, group: GroupId) -> None:
        await self._pause(_ON_THE_WAY_S)
        with suppress(CallError, ConnectionLost):
            await self.visit(group)

    async def _converse(self, circle: Circle) -> None:
        draws = Draws(self._seed, circle.key)
        await self._company[self.groups[circle.key]].wait()
        for place in range(circle.opening, len(circle.lines)):
            least, most = _BETWEEN_LINES_S if place < circle.opening + 6 else _BETWEEN_LATE_LINES_S
            await self._pause(least + draws.below(most - least + 1))
            with suppress(CallError, ConnectionLost):  # a line that is lost is no reason to leave the stage
                await self._types(self.players[circle.lines[place].who], self.groups[circle.key])
                await self._speak(circle, place)

    async def _speak(self, circle: Circle, place: int) -> None:
        line: Line = circle.lines[place]
        answered = None if line.answers is None else self._said.get((circle.key, line.answers))
        said = await self.players[line.who].say(
            self.groups[circle.key], line.text(self._locale), reply_to=answered
        )
        self._said[circle.key, place] = said

    async def _types(self, player: Player, group: GroupId, text: str = "") -> None:
        await player.client.call(TYPING, TypingParams(group=group))
        await self._pause(min(_LONGEST_TYPING_S, 1 + len(text) / _TYPED_PER_SECOND))

    async def _listen(self, player: Player) -> None:
        events = player.client.events()
        while True:
            try:
                event = await anext(events)
            except EventsLost:
                continue
            except (StopAsyncIteration, ConnectionLost):
                return
            group = next((it for it in player.refs if group_stream(it) == event.stream), None)
            if group is not None and self._hosts.get(group) is player and self._tasks is not None:
                self._tasks.create_task(self._answer(group, event))

    async def _answer(self, group: GroupId, event: EventMessage) -> None:
        """What the troupe does about one event of a group."""
        await self._pause(
            _REACTION_S
        )  # nobody reacts at once; and our own people have come to know who they are
        with suppress(CallError, ConnectionLost):
            match event.data:
                case MemberJoined(member=member) if self._is_new(group, member.ref):
                    await self._welcome(group, member.ref, member.nickname)
                case Message() as message if self._is_new(group, message.ref):
                    await self._reply(group, message)
                case MessageRecalled(ref=ref) if self._is_new(group, ref):
                    await self._says(self._someone(group), group, cast.TO_RECALL[self._locale])

    def _is_new(self, group: GroupId, ref: MemberRef) -> bool:
        return all(player.refs.get(group) != ref for player in self.players.values())

    def welcome_to(self, key: str, name: str) -> str:
        """What the host of a group of the demo says to somebody new."""
        circle = next(it for it in CIRCLES if it.key == key)
        return circle.welcome[self._locale].format(name=name)

    async def _welcome(self, group: GroupId, ref: MemberRef, nickname: str) -> None:
        key = next((key for key, its_id in self.groups.items() if its_id == group), None)
        host = self._hosts[group]
        if key is None:
            await self._says(host, group, self._draws.one_of(cast.HELLOS)[self._locale].format(name=nickname))
            return
        self._company[group].set()
        await self._says(host, group, self.welcome_to(key, f"@{nickname}"), mentions=(ref,))
        await self._says(self._someone(group), group, cast.INVITATION[self._locale])

    async def _reply(self, group: GroupId, message: Message) -> None:
        text = message.text or ""
        player = next((it for it in self.players.values() if it.refs.get(group) in message.mentions), None)
        player = player or self._someone(group)
        if elsewhere := _group_named_in(text):
            await self._says(player, group, cast.VISIT[self._locale], reply_to=message.seq)
            await self.visit(elsewhere)
            return
        choices: tuple[Both, ...] = cast.TO_TALK
        if text.rstrip().endswith(("?", "？")):
            choices = cast.TO_QUESTIONS
        elif re.search(r"\b(hello|hi|hey)\b|你好|大家好|嗨", text, re.IGNORECASE):
            choices = cast.HELLOS
        answer = self._draws.one_of(choices)[self._locale].format(name=message.nickname)
        await self._says(player, group, answer, reply_to=message.seq)

    async def visit(self, group: GroupId, keys: tuple[str, ...] = ("moon", "pebble", "lime", "nine")) -> None:
        """Some of the troupe come to a group that somebody else founded, and say so."""
        for key, arrival in zip(keys, cast.ARRIVALS, strict=False):
            player = self.players[key]
            if group in player.refs:
                continue
            await self._pause(1 + self._draws.below(3))
            await player.join(group)
            self._hosts.setdefault(group, player)
            await self._says(player, group, arrival[self._locale])

    def _someone(self, group: GroupId) -> Player:
        here = [player for player in self.players.values() if group in player.refs]
        return self._draws.one_of(here)

    async def _says(
        self,
        player: Player,
        group: GroupId,
        text: str,
        reply_to: Seq | None = None,
        mentions: tuple[MemberRef, ...] = (),
    ) -> None:
        await self._types(player, group, text)
        await player.say(group, text, reply_to, mentions)


def _group_named_in(text: str) -> GroupId | None:
    """The first well-formed group id in what somebody wrote."""
    for found in _GROUP_ID.findall(text):
        with suppress(ValueError):
            return parse_group_id(found)
    return None
