"""Whatever people do: an old snapshot and the events after it make the snapshot that the server gives now.

For every stream, on three ways: replayed to a connection that comes back with old cursors, folded from the
very first event, and heard live by a device of the SDK.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from client_tui.sdk import Client, EventMessage, apply_account, apply_group, connect
from client_tui.sdk.codec import decode
from server.main import Server
from server.wire.models import AccountSnapshot, GroupSnapshot
from tests.conftest import PASSWORD, config_for
from tests.fakes import FakeClock, PlainHasher
from tests.protocol.conftest import Folk
from tests.protocol.wire import Refusal, Wire

PEOPLE = 4
RECENT = 5  # few, so that messages scroll out of the snapshot within a short story
EXAMPLES = 10
Snapshot = GroupSnapshot | AccountSnapshot
_FAULTS = ("internal", "invalid_params", "overloaded")
done: Counter[str] = Counter()


@dataclass
class Person:
    wire: Wire
    observer: Client
    handle: str
    devices: list[Wire] = field(default_factory=list)
    kept: dict[str, Snapshot] = field(default_factory=dict)
    """Per stream the first snapshot that this person took."""


@dataclass
class World:
    folk: Folk
    clock: FakeClock
    people: list[Person]
    groups: list[str] = field(default_factory=list)

    def group(self, pick: int) -> str:
        return self.groups[pick % len(self.groups)] if self.groups else "G-0000000000"


# --- what people may do; each is tried, refusals are part of life -----------------------------------------


async def found(world: World, who: Person, a: int, b: int) -> None:
    group = await who.wire.founds(f"group {len(world.groups)}", cap=2 + b % 4)
    world.groups.append(group)


async def join(world: World, who: Person, a: int, b: int) -> None:
    await who.wire.joins(world.group(a), nickname=f"n{b % 3}")


async def leave(world: World, who: Person, a: int, b: int) -> None:
    await who.wire.call("group.leave", group=world.group(a))


async def send(world: World, who: Person, a: int, b: int) -> None:
    group = world.group(a)
    page = await who.wire.call("group.members", group=group)
    mentions = [member["ref"] for member in page["members"]][: b % 3]
    for number in range(1 + b % 4):
        await who.wire.says(group, f"text {number}", mentions=mentions, reply_to=page["as_of"])


async def recall(world: World, who: Person, a: int, b: int) -> None:
    group = world.group(a)
    messages = await who.wire.history(group, limit=10)
    if messages:
        await who.wire.call("message.recall", group=group, message=messages[b % len(messages)]["seq"])


async def rename(world: World, who: Person, a: int, b: int) -> None:
    await who.wire.call("group.set_nickname", group=world.group(a), nickname=f"name {b}")


async def mark_read(world: World, who: Person, a: int, b: int) -> None:
    await who.wire.call("message.mark_read", group=world.group(a), seq=b)


async def verify(world: World, who: Person, a: int, b: int) -> None:
    await world.folk.verifies(who.wire)


async def withdraw(world: World, who: Person, a: int, b: int) -> None:
    await who.wire.call("identity.withdraw")


async def change_handle(world: World, who: Person, a: int, b: int) -> None:
    new = f"{who.handle[0]} {b}"
    await who.wire.call("account.set_handle", handle=new)
    who.handle = new


async def log_in(world: World, who: Person, a: int, b: int) -> None:
    if len(who.devices) < 4:
        who.devices.append(await world.folk.device(who.handle))


async def log_out(world: World, who: Person, a: int, b: int) -> None:
    if who.devices:
        device = who.devices.pop(a % len(who.devices))
        if b % 2:
            await who.wire.call("session.revoke", session=device.session)
        else:
            await device.call("session.close")


async def wait(world: World, who: Person, a: int, b: int) -> None:
    world.clock.advance(seconds=1 + b * 10)


async def look(world: World, who: Person, a: int, b: int) -> None:
    """Keep the snapshots of now, where none was kept yet."""
    for stream, snapshot in (await _snapshots(who)).items():
        who.kept.setdefault(stream, snapshot)


ACTIONS = [found, join, join, leave, send, send, send, recall, rename, mark_read, verify, withdraw]
ACTIONS += [change_handle, log_in, log_out, wait, look]
Step = tuple[int, int, int, int]
steps = st.lists(
    st.tuples(
        st.integers(0, len(ACTIONS) - 1), st.integers(0, PEOPLE - 1), st.integers(0, 3), st.integers(0, 20)
    ),
    min_size=40,
    max_size=70,
)


async def _play(story: list[Step]) -> None:
    async with contextlib.AsyncExitStack() as closing:
        world = await closing.enter_async_context(_world())
        for action, person, a, b in story:
            act, who = ACTIONS[action], world.people[person]
            try:
                await act(world, who, a, b)
            except Refusal as refusal:
                done[f"refusals ({'a fault' if refusal.type in _FAULTS else 'a rule'})"] += 1
            else:
                done["actions"] += 1
        for who in world.people:  # what one may not see cannot be compared: everybody verifies in the end
            with contextlib.suppress(Refusal):
                await world.folk.verifies(who.wire)
        for who in world.people:
            await _compare(world, who)


async def _compare(world: World, who: Person) -> None:
    now = await _snapshots(who)
    kept = {stream: old for stream, old in who.kept.items() if stream in now}
    from_kept = await _replayed(world, who, {stream: old.as_of for stream, old in kept.items()})
    from_nothing = await _replayed(world, who, dict.fromkeys(now, 0))
    for stream, snapshot in now.items():
        if stream in kept:
            assert _folded(kept[stream], from_kept[stream]) == snapshot
            done["events folded"] += len(from_kept[stream])
        assert _folded(None, from_nothing[stream]) == snapshot
        done["events folded"] += len(from_nothing[stream])
        done[f"{stream.partition(':')[0]} streams compared"] += 1
    observed = who.observer.replica
    async with asyncio.timeout(20):
        await who.observer.until(lambda: _known_to(who.observer).keys() == now.keys())
        await who.observer.until(lambda: all(_known_to(who.observer)[s].as_of >= now[s].as_of for s in now))
    assert _known_to(who.observer) == now
    assert not observed.wanted


async def _replayed(world: World, who: Person, cursors: dict[str, int]) -> dict[str, list[EventMessage]]:
    back = await world.folk.again(who.wire, cursors=cursors)
    events: dict[str, list[EventMessage]] = {stream: [] for stream in cursors}
    for frame in back.frames:
        event = decode(frame)
        if isinstance(event, EventMessage) and event.seq is not None and event.stream in events:
            events[event.stream].append(event)
    await back.aclose()
    return events


def _folded(old: Snapshot | None, events: list[EventMessage]) -> Snapshot | None:
    for event in events:
        if event.stream.startswith("account:"):
            assert not isinstance(old, GroupSnapshot)
            old = apply_account(old, event)
        else:
            assert not isinstance(old, AccountSnapshot)
            old = apply_group(old, event, RECENT)
    return old


def _known_to(observer: Client) -> dict[str, Snapshot]:
    known: dict[str, Snapshot] = {f"group:{group}": state for group, state in observer.replica.groups.items()}
    if (account := observer.replica.account) is not None:
        known[f"account:{account.account.account}"] = account
    return known


async def _snapshots(who: Person) -> dict[str, Snapshot]:
    account = AccountSnapshot.model_validate(await who.wire.call("account.get"))
    found: dict[str, Snapshot] = {who.wire.stream: account}
    if account.account.verification is not None:
        for place in account.memberships:
            state = await who.wire.call("group.snapshot", group=place.group)
            found[f"group:{place.group}"] = GroupSnapshot.model_validate(state)
    return found


@contextlib.asynccontextmanager
async def _world() -> AsyncIterator[World]:
    overrides = {"messages": {"recent_in_snapshot": RECENT}}
    clock = FakeClock()
    with tempfile.TemporaryDirectory() as directory:
        config = config_for(Path(directory), policy={"profile": "test", "overrides": overrides})
        async with contextlib.AsyncExitStack() as closing:
            server = await closing.enter_async_context(Server(config, clock=clock, hasher=PlainHasher()))
            folk = Folk(server.url, closing)
            people = []
            for handle in "abcd"[:PEOPLE]:
                wire = await folk.verified(handle)
                connecting = connect(server.url, handle=handle, password=PASSWORD)
                people.append(Person(wire, await closing.enter_async_context(connecting), handle))
            group = await people[0].wire.founds()
            await people[1].wire.joins(group)
            yield World(folk, clock, people, [group])


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # each story costs a server: looking for a shorter one would take minutes
    suppress_health_check=list(HealthCheck),
)
@given(steps)
def _every_stream_converges(story: list[Step]) -> None:
    asyncio.run(_play(story))


def test_old_snapshot_and_events_make_the_new_snapshot(capsys: pytest.CaptureFixture[str]) -> None:
    """Random stories of four people: for every stream of each of them, on each of the three ways."""
    done.clear()
    _every_stream_converges()
    with capsys.disabled():
        print(f"\n  convergence: {EXAMPLES} stories, " + ", ".join(f"{n} {what}" for what, n in done.items()))
    assert done["refusals (a fault)"] == 0
    assert done["group streams compared"] > EXAMPLES
    assert done["events folded"] > 10 * EXAMPLES
