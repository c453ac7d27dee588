"""Cursors: what is news, and where a resumed session goes on."""

from __future__ import annotations

from client_tui.sdk.cursors import Cursors
from server.wire.events import GroupCreated, MembershipAdded, MembershipRemoved, MemberTyping, StreamSnapshot
from server.wire.verbs.session import StreamHead
from server.wire.vocabulary import MemberRef, Seq, StreamName, account_stream, group_stream
from tests.sdk.logs import (
    ACCOUNT,
    GROUP,
    OTHER_GROUP,
    group_as_of,
    happened,
    member,
    membership,
    message,
    view,
)

MINE, TALK, OTHER = account_stream(ACCOUNT), group_stream(GROUP), group_stream(OTHER_GROUP)


def heads(**seqs: int) -> list[StreamHead]:
    names: dict[str, StreamName] = {"mine": MINE, "talk": TALK, "other": OTHER}
    return [StreamHead(stream=names[name], head=Seq(seq), resumed=False) for name, seq in seqs.items()]


def test_an_event_is_news_once() -> None:
    cursors = Cursors()
    post = happened(TALK, 4, message(4, member(1)))
    assert cursors.admit(post)
    assert not cursors.admit(post)
    assert not cursors.admit(happened(TALK, 3, message(3, member(1))))
    assert cursors.admit(happened(OTHER, 3, message(3, member(1))))
    assert cursors.to_resume() == {TALK: 4, OTHER: 3}


def test_what_is_not_kept_is_always_news() -> None:
    cursors = Cursors()
    typing = happened(TALK, None, MemberTyping(ref=MemberRef("M-1")))
    assert cursors.admit(typing)
    assert cursors.admit(typing)
    assert cursors.to_resume() == {}


def test_a_snapshot_moves_the_cursor_of_its_stream() -> None:
    cursors = Cursors()
    state = group_as_of([happened(TALK, 1, GroupCreated(group=view()))], 5)
    cursors.admit(
        happened(
            TALK,
            None,
            StreamSnapshot(as_of=state.as_of, kind="group", snapshot=state.model_dump(mode="json")),
        )
    )
    assert cursors.to_resume() == {TALK: 1}


def test_a_session_that_asks_for_no_past_begins_at_the_heads() -> None:
    cursors = Cursors()
    cursors.opened(heads(mine=7, talk=40), from_now=True)
    assert cursors.to_resume() == {MINE: 7, TALK: 40}


def test_a_session_that_asks_for_the_past_knows_nothing_until_it_comes() -> None:
    cursors = Cursors()
    cursors.opened(heads(mine=7, talk=40), from_now=False)
    assert cursors.to_resume() == {}


def test_streams_that_are_ours_no_longer_are_not_asked_for_again() -> None:
    cursors = Cursors()
    cursors.admit(happened(TALK, 4, message(4, member(1))))
    cursors.admit(happened(OTHER, 9, message(9, member(1))))
    cursors.opened(heads(talk=6), from_now=False)
    assert cursors.to_resume() == {TALK: 4}


def test_whoever_joins_again_begins_in_the_middle() -> None:
    """Events of a group that come after one has left it, on their way, leave no trace."""
    cursors = Cursors()
    cursors.admit(happened(TALK, 4, message(4, member(1))))
    cursors.admit(happened(MINE, 2, MembershipRemoved(group=GROUP, reason="left")))
    assert cursors.admit(happened(TALK, 5, message(5, member(1))))
    assert cursors.to_resume() == {MINE: 2}
    cursors.admit(happened(MINE, 3, MembershipAdded(membership=membership(GROUP))))
    assert cursors.admit(happened(TALK, 20, message(20, member(1))))
    assert cursors.to_resume() == {MINE: 3, TALK: 20}


def test_logging_out_forgets_all_of_it() -> None:
    cursors = Cursors()
    cursors.admit(happened(TALK, 4, message(4, member(1))))
    cursors.forget()
    assert cursors.to_resume() == {}
