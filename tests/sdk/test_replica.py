"""The law of resume, on the client's side: an old snapshot and the events after it make the new snapshot."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client_tui.sdk import EventMessage, GapInStream, Replica, apply_account, apply_group
from server.wire.events import (
    EVENTS,
    GroupCreated,
    MembershipAdded,
    MembershipRemoved,
    MemberTyping,
    StreamSnapshot,
)
from server.wire.group_id import GroupId
from server.wire.models import AccountSnapshot, GroupSnapshot
from server.wire.vocabulary import MemberRef, Seq, account_stream, group_stream
from tests.sdk.logs import (
    ACCOUNT,
    GROUP,
    OTHER_GROUP,
    START,
    account,
    account_as_of,
    account_logs,
    group_as_of,
    group_logs,
    happened,
    member,
    membership,
    message,
    view,
)

Log = list[EventMessage]


@given(st.data(), st.integers(1, 6))
def test_a_group_carried_forward_is_the_group_asked_for_again(data: st.DataObject, recent: int) -> None:
    log = data.draw(group_logs())
    old = data.draw(st.integers(0, len(log)))
    start = group_as_of(log[:old], recent) if old else None
    carried = reduce(lambda state, event: apply_group(state, event, recent), log[old:], start)
    assert carried == group_as_of(log, recent)


@given(st.data())
def test_an_account_carried_forward_is_the_account_asked_for_again(data: st.DataObject) -> None:
    log = data.draw(account_logs())
    old = data.draw(st.integers(0, len(log)))
    start = account_as_of(log[:old]) if old else None
    assert reduce(apply_account, log[old:], start) == account_as_of(log)


@given(group_logs(), account_logs(), st.data())
def test_events_seen_before_change_nothing(group: Log, account: Log, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(group) - 1))
    state = group_as_of(group, 5)
    assert apply_group(state, group[place], 5) is state
    mine = account_as_of(account)
    assert apply_account(mine, data.draw(st.sampled_from(account))) is mine


@given(group_logs(), account_logs(), st.data())
def test_a_missing_event_shows(group: Log, account: Log, data: st.DataObject) -> None:
    seen = data.draw(st.integers(0, len(group) - 1))
    skipped = data.draw(st.integers(1, 3))
    for event in group[seen + skipped : seen + skipped + 1]:
        with pytest.raises(GapInStream) as gap:
            apply_group(group_as_of(group[:seen], 5) if seen else None, event, 5)
        assert (gap.value.stream, gap.value.expected, gap.value.got) == (event.stream, seen + 1, event.seq)
    for event in account[seen + skipped : seen + skipped + 1]:
        with pytest.raises(GapInStream) as gap:
            apply_account(account_as_of(account[:seen]) if seen else None, event)
        assert (gap.value.expected, gap.value.got) == (seen + 1, event.seq)


def test_every_durable_event_was_tried() -> None:
    """The property above says nothing about an event type that the logs do not contain."""
    tried: set[str] = set()
    kinds = {kind.name for kind in EVENTS.values() if kind.durable}

    @settings(max_examples=300, derandomize=True, database=None)
    @given(group_logs(), account_logs())
    def look(group: Log, account: Log) -> None:
        tried.update(event.type for event in [*group, *account])

    look()
    assert tried == kinds


def test_what_a_newer_server_tells_moves_the_place_and_nothing_else() -> None:
    state = group_as_of([happened(group_stream(GROUP), 1, GroupCreated(group=view()))], 5)
    news = EventMessage(group_stream(GROUP), Seq(2), "group.painted", START, {"colour": "green"})
    assert apply_group(state, news, 5) == state.model_copy(update={"as_of": 2})


def test_typing_is_not_part_of_the_state() -> None:
    state = group_as_of([happened(group_stream(GROUP), 1, GroupCreated(group=view()))], 5)
    typing = happened(group_stream(GROUP), None, MemberTyping(ref=MemberRef("M-1")))
    assert apply_group(state, typing, 5) is state


def test_a_group_is_built_from_its_first_event_without_a_snapshot() -> None:
    replica = Replica(recent_limit=5)
    replica.install(_account())
    replica.apply(happened(group_stream(GROUP), 1, GroupCreated(group=view())))
    replica.apply(happened(account_stream(ACCOUNT), 2, MembershipAdded(membership=membership(GROUP))))
    assert not replica.wanted
    assert replica.groups[GROUP].as_of == 1


def test_a_group_that_begins_while_it_is_wanted_is_wanted_no_longer() -> None:
    replica = Replica(recent_limit=5)
    replica.install(_account())
    replica.apply(happened(account_stream(ACCOUNT), 2, MembershipAdded(membership=membership(GROUP))))
    replica.apply(happened(group_stream(GROUP), 1, GroupCreated(group=view())))
    assert not replica.wanted
    assert replica.groups[GROUP].as_of == 1


def test_a_snapshot_that_does_not_reach_the_events_kept_aside_is_not_enough() -> None:
    replica = Replica(recent_limit=5)
    replica.install(_account(GROUP))
    replica.apply(happened(group_stream(GROUP), 3, message(3, member(1))))
    with pytest.raises(GapInStream):
        replica.install(_group())
    assert replica.wanted == {group_stream(GROUP)}


def test_a_group_joined_in_the_middle_of_its_life_is_wanted_and_loses_nothing_meanwhile() -> None:
    sender = member(1, "owner")
    log = [
        happened(group_stream(GROUP), 1, GroupCreated(group=view())),
        *(happened(group_stream(GROUP), seq, message(seq, sender)) for seq in range(2, 8)),
    ]
    replica = Replica(recent_limit=5)
    replica.install(_account())
    replica.apply(log[3])  # before `membership.added`: the snapshot to come will have it
    replica.apply(happened(account_stream(ACCOUNT), 2, MembershipAdded(membership=membership(GROUP))))
    assert replica.wanted == {group_stream(GROUP)}
    replica.apply(log[4])
    replica.apply(log[5])
    replica.apply(log[6])
    replica.install(group_as_of(log[:6], 5))
    assert not replica.wanted
    assert replica.groups[GROUP] == group_as_of(log, 5)


def test_a_group_that_was_left_is_forgotten_and_its_late_events_are_nobodys() -> None:
    replica = Replica(recent_limit=5)
    replica.install(_account(GROUP))
    replica.install(_group())
    replica.apply(happened(account_stream(ACCOUNT), 2, MembershipRemoved(group=GROUP, reason="left")))
    assert GROUP not in replica.groups
    replica.apply(happened(group_stream(GROUP), 2, message(2, member(1))))
    assert GROUP not in replica.groups
    assert not replica.wanted


def test_a_snapshot_that_is_behind_what_is_known_changes_nothing() -> None:
    replica = Replica(recent_limit=5)
    replica.install(_account(GROUP))
    replica.install(_group())
    replica.apply(happened(group_stream(GROUP), 2, message(2, member(1))))
    replica.install(_group())
    assert replica.groups[GROUP].as_of == 2


def test_a_snapshot_that_the_server_sends_by_itself_counts_even_if_it_is_behind() -> None:
    """A server restored from a backup knows less than its clients; from then on its word is what happened."""
    replica = Replica(recent_limit=5)
    replica.install(_account(GROUP))
    replica.install(_group())
    replica.apply(happened(group_stream(GROUP), 2, message(2, member(1))))
    news = StreamSnapshot(as_of=Seq(1), kind="group", snapshot=_group().model_dump(mode="json"))
    replica.apply(EventMessage(group_stream(GROUP), None, "stream.snapshot", START, news))
    assert replica.groups[GROUP] == _group()


def test_leaving_and_joining_again_is_not_undone_by_an_old_event() -> None:
    replica = Replica(recent_limit=5)
    replica.install(_account(GROUP).model_copy(update={"as_of": 9}))
    replica.install(_group())
    replica.apply(happened(account_stream(ACCOUNT), 8, MembershipRemoved(group=GROUP, reason="left")))
    assert GROUP in replica.groups


def test_the_account_says_which_groups_there_are() -> None:
    """A snapshot in place of missed events: groups left meanwhile go, groups joined meanwhile are wanted."""
    replica = Replica(recent_limit=5)
    replica.install(_account(GROUP))
    replica.install(_group())
    newer = _account(OTHER_GROUP).model_copy(update={"as_of": 9})
    news = StreamSnapshot(as_of=Seq(9), kind="account", snapshot=newer.model_dump(mode="json"))
    replica.apply(EventMessage(account_stream(ACCOUNT), None, "stream.snapshot", START, news))
    assert not replica.groups
    assert replica.wanted == {group_stream(OTHER_GROUP)}
    replica.give_up(group_stream(OTHER_GROUP))
    assert not replica.wanted


@given(st.data())
def test_a_replica_that_misses_events_ends_up_right_once_it_has_what_it_wants(data: st.DataObject) -> None:
    """Streams interleaved at random, events lost and doubled, snapshots that come early, late and often."""
    recent = data.draw(st.integers(1, 4))
    account = data.draw(account_logs(groups=(GROUP, OTHER_GROUP), most=15))
    logs: dict[GroupId, Log] = {
        GROUP: data.draw(group_logs(GROUP, most=12)),
        OTHER_GROUP: data.draw(group_logs(OTHER_GROUP, most=12)),
    }
    chance = random.Random(data.draw(st.integers(0, 2**16)))  # cheaper to shrink than a draw at each step
    replica = Replica(recent)
    replica.install(account_as_of(account[:1]))
    ahead: list[Sequence[EventMessage]] = [account[1:], logs[GROUP], logs[OTHER_GROUP]]
    sent = {event.stream: 1 for event in account[:1]}

    def snapshot(stream: str) -> AccountSnapshot | GroupSnapshot:
        """What the server answers now: it may be ahead of what it has told, never behind."""
        log = account if stream.startswith("account:") else logs[GroupId(stream.removeprefix("group:"))]
        told = max(sent.get(account_stream(ACCOUNT) if log is account else log[0].stream, 0), 1)
        now = chance.randint(told, min(told + 2, len(log)))
        return account_as_of(log[:now]) if log is account else group_as_of(log[:now], recent)

    while ahead := [stream for stream in ahead if stream]:
        place = chance.randrange(len(ahead))
        event, ahead[place] = ahead[place][0], ahead[place][1:]
        assert event.seq is not None
        sent[event.stream] = event.seq
        for _ in range(chance.choice([0, 1, 1, 1, 1, 2])):
            with suppress(GapInStream):
                replica.apply(event)
        if chance.random() < 0.3:
            for stream in replica.wanted:
                with suppress(GapInStream):
                    replica.install(snapshot(stream))
    for log in (account, *logs.values()):
        # The end of a stream cannot show a gap: one more event does, as life would.
        last = EventMessage(log[0].stream, Seq(len(log) + 1), "news.unheard", START, {})
        log.append(last)
        with suppress(GapInStream):
            replica.apply(last)
    sent |= {log[0].stream: len(log) for log in (account, *logs.values())}
    for _ in range(4):
        for stream in replica.wanted:
            replica.install(snapshot(stream))
    assert not replica.wanted
    assert replica.account == account_as_of(account)
    mine = {it.group for it in account_as_of(account).memberships}
    assert {group: state for group, state in replica.groups.items() if group in mine} == {
        group: group_as_of(logs[group], recent) for group in mine
    }


def _account(*groups: GroupId) -> AccountSnapshot:
    return AccountSnapshot(
        as_of=Seq(1), account=account(), memberships=[membership(group) for group in groups], sessions=[]
    )


def _group() -> GroupSnapshot:
    return group_as_of([happened(group_stream(GROUP), 1, GroupCreated(group=view()))], 5)
