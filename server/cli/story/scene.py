"""What the acts of the story share: where it plays, who is in it, and what has come about so far."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from client_tui.sdk import Client, SyntheticPerson, connect, this_program
from server.cli.story.cast import Both
from server.cli.story.transcript import Transcript
from server.cli.story.troupe import Troupe
from server.wire.group_id import GroupId
from server.wire.models import GroupView
from server.wire.verbs.group import LIST_GROUPS, ListedGroup, ListGroupsParams
from server.wire.vocabulary import Locale


@dataclass
class Scene:
    """``me`` is the newcomer's client, ``kitchen`` the group that the newcomer founds."""

    url: str
    data_dir: Path
    troupe: Troupe
    story: Transcript
    me: Client
    person: SyntheticPerson
    password: str
    kitchen: GroupView | None = None

    @property
    def locale(self) -> Locale:
        return self.story.locale

    @property
    def group(self) -> GroupId:
        if self.kitchen is None:
            raise RuntimeError("the newcomer has not founded a group yet")
        return self.kitchen.group

    def words(self, en: str, zh: str) -> str:
        return Both(en, zh)[self.locale]

    async def place_in_group(self) -> ListedGroup:
        """The newcomer's group as the newcomer's list shows it."""
        listed = await self.me.call(LIST_GROUPS, ListGroupsParams())
        return next(it for it in listed.groups if it.group.group == self.group)


@asynccontextmanager
async def on_the_line(url: str, name: str) -> AsyncIterator[Client]:
    """An anonymous client of the story; ``name`` makes its call ids tell who called."""
    program = this_program("qunzu-demo")
    async with connect(url, client=program, snapshots=False, op_prefix=f"story-{name}") as client:
        yield client
