"""The reducer: old state and a happening make the new state. No loop, no widget, no network."""

from __future__ import annotations

from functools import reduce as fold
from typing import Any

import pytest

from client_tui import happenings as h
from client_tui.reducer import reduce
from client_tui.refusals import Refusal
from client_tui.state import Draft, Link, Note, Talk, UiState
from server.wire import events as e
from server.wire.models import Member, Message
from server.wire.vocabulary import Seq, WireModel, account_stream, group_stream
from tests.tui import story
from tests.tui.story import HERON, KITES, ME, TEA, WREN, XIAOMAN

STREAM = group_stream(KITES)
MINE = account_stream(story.account().account)


def after(state: UiState, *happenings: h.Happening) -> UiState:
    return fold(reduce, happenings, state)


def event(kind: e.EventType[Any], data: WireModel, seq: int | None = 18,
          stream: str = STREAM, now_s: float = 0.0, cause: str | None = None) -> h.EventSeen:  # fmt: skip
    at = data.at if isinstance(data, Message) else story.at(50)
    return h.EventSeen(stream, None if seq is None else Seq(seq), kind.name, at, data, cause, now_s)


def posted(seq: int, who: Member = WREN, text: str = "hello", cause: str | None = None) -> h.EventSeen:
    return event(e.MESSAGE_POSTED, story.message(seq, who, text, 40), seq, cause=cause)


@pytest.fixture
def state() -> UiState:
    """Logged in, two groups, the first one open and loaded."""
    return after(
        UiState(),
        h.LimitsKnown(story.LIMITS),
        h.AccountKnown(story.account()),
        h.GroupsListed(story.listing()),
        h.SnapshotTaken(story.snapshot()),
        h.SnapshotTaken(story.tea_snapshot()),
    )


def kites(state: UiState) -> Talk:
    return state.talks[KITES]


def test_the_first_group_is_open_and_loaded(state: UiState) -> None:
    assert state.selected == KITES
    assert kites(state).loaded
    assert [entry.seq for entry in kites(state).entries] == list(range(11, 18))
    assert kites(state).members.keys() == {XIAOMAN.ref, HERON.ref, WREN.ref, ME.ref}


def test_a_happening_that_changes_nothing_returns_the_same_state(state: UiState) -> None:
    for nothing in (
        h.LinkChanged(state.link),
        h.DraftChanged(KITES, ""),
        h.ReadTo(KITES, Seq(3)),
        h.TimePassed(5.0),
        posted(17),
        event(e.MEMBER_LEFT, e.MemberLeft(ref=WREN.ref, nickname="Wren"), 9),
    ):
        assert reduce(state, nothing) is state


def test_a_message_of_somebody_else_is_unread_and_ours_is_not(state: UiState) -> None:
    new = after(state, posted(18), posted(19, ME, "mine"))
    assert kites(new).unread == 1
    assert kites(new).head == 19


def test_a_replay_counts_nothing_twice(state: UiState) -> None:
    new = after(state, posted(18), posted(18))
    assert kites(new).unread == 1
    assert len(kites(new).entries) == 8


def test_reading_moves_the_marker_and_never_back(state: UiState) -> None:
    new = after(state, posted(18), posted(19), h.ReadTo(KITES, Seq(18)))
    assert kites(new).unread == 1
    new = after(new, h.ReadTo(KITES, Seq(19)), h.ReadTo(KITES, Seq(2)))
    assert (kites(new).unread, kites(new).read_seq) == (0, 19)


def test_another_device_reads_for_this_one_too(state: UiState) -> None:
    read = event(e.READ_ADVANCED, e.ReadAdvanced(group=KITES, seq=Seq(18)), 10, MINE)
    assert kites(after(state, posted(18), read)).unread == 0


def test_the_unread_line_stands_where_reading_stopped(state: UiState) -> None:
    away = after(state, h.GroupSelected(TEA), posted(18), posted(19))
    back = after(away, h.GroupSelected(KITES))
    assert kites(back).divider == 17
    assert (
        kites(after(back, h.GroupSelected(TEA), h.ReadTo(KITES, Seq(19)), h.GroupSelected(KITES))).divider
        is None
    )


def test_a_recalled_message_loses_its_text_and_keeps_its_place(state: UiState) -> None:
    new = after(state, event(e.MESSAGE_RECALLED, e.MessageRecalled(seq=Seq(17), ref=XIAOMAN.ref)))
    entry = kites(new).entry(Seq(17))
    assert isinstance(entry, Message)
    assert (entry.text, entry.mentions, entry.recalled) == (None, [], True)


def test_nobody_can_reply_to_what_was_recalled(state: UiState) -> None:
    new = after(state, h.ReplyChosen(KITES, Seq(17)))
    assert kites(new).draft.reply_to == 17
    new = after(new, event(e.MESSAGE_RECALLED, e.MessageRecalled(seq=Seq(17), ref=XIAOMAN.ref)))
    assert kites(new).draft.reply_to is None
    assert kites(after(new, h.ReplyChosen(KITES, Seq(15)))).draft.reply_to is None


@pytest.mark.clause("CG-08.8")
def test_a_role_is_the_one_of_this_moment(state: UiState) -> None:
    """CG-08.8: the label is the role at display, not at sending; somebody who left has none."""
    assert kites(state).role_of(HERON.ref) == "admin"
    gone = after(state, event(e.MEMBER_LEFT, e.MemberLeft(ref=HERON.ref, nickname="Heron 7")))
    assert kites(gone).role_of(HERON.ref) is None


def test_coming_going_and_renaming_leave_lines_and_change_the_roster(state: UiState) -> None:
    new_member = story.member("NEW", "新来的")
    new = after(
        state,
        event(e.MEMBER_JOINED, e.MemberJoined(member=new_member, mode="open_link"), 18),
        event(e.MEMBER_RENAMED, e.MemberRenamed(ref=WREN.ref, nickname="Wren 2"), 19),
        event(e.MEMBER_LEFT, e.MemberLeft(ref=new_member.ref, nickname="新来的"), 20),
    )
    notes = [entry for entry in kites(new).entries if isinstance(entry, Note)]
    assert [(note.kind, note.nickname, note.detail) for note in notes] == [
        ("joined", "新来的", "open_link"),
        ("renamed", "Wren 2", "Wren"),
        ("left", "新来的", ""),
    ]
    assert kites(new).members[WREN.ref].nickname == "Wren 2"
    assert kites(new).member_count == 4


# --- drafts and sending -----------------------------------------------------------------------------------


def sending(state: UiState, text: str = "hello", op_id: str = "op-1") -> UiState:
    return after(state, h.DraftChanged(KITES, text), h.SendStarted(KITES, op_id, text, ()))


def test_drafts_are_kept_for_each_group(state: UiState) -> None:
    new = after(state, h.DraftChanged(KITES, "one"), h.GroupSelected(TEA), h.DraftChanged(TEA, "two"))
    assert kites(new).draft.text == "one"
    assert new.talks[TEA].draft.text == "two"


def test_a_message_is_pending_until_its_event_is_here(state: UiState) -> None:
    new = sending(state)
    assert kites(new).draft == Draft()
    assert [sent.text for sent in kites(new).pending] == ["hello"]
    acknowledged = after(new, h.SendAcknowledged(KITES, "op-1", Seq(18)))
    assert kites(acknowledged).pending[0].seq == 18
    assert kites(after(acknowledged, posted(18, ME, "hello"))).pending == ()


def test_an_event_that_is_faster_than_the_answer_ends_the_waiting_too(state: UiState) -> None:
    for first in (posted(18, ME, "hello"), posted(18, ME, "hello", cause="op-1")):
        new = after(sending(state), first, h.SendAcknowledged(KITES, "op-1", Seq(18)))
        assert kites(new).pending == ()
        assert len(kites(new).entries) == 8


def test_a_refused_text_comes_back_with_the_reason_and_its_id(state: UiState) -> None:
    replying = after(state, h.ReplyChosen(KITES, Seq(12)))
    new = after(sending(replying), h.SendRefused(KITES, "op-1", Refusal("rate_limited")))
    draft = kites(new).draft
    assert (draft.text, draft.reply_to, draft.op_id) == ("hello", 12, "op-1")
    assert draft.refusal == Refusal("rate_limited")
    assert draft.revision == kites(state).draft.revision + 1
    assert kites(new).pending == ()


def test_a_refused_text_never_replaces_what_was_begun_meanwhile(state: UiState) -> None:
    new = after(
        sending(state), h.DraftChanged(KITES, "next"), h.SendRefused(KITES, "op-1", Refusal("internal"))
    )
    assert kites(new).draft.text == "hello\nnext"
    assert kites(new).draft.op_id is None


def test_another_text_is_another_message(state: UiState) -> None:
    """An id belongs to one content: used for another it would be refused as a mismatch."""
    refused = after(sending(state), h.SendRefused(KITES, "op-1", Refusal("connection_lost")))
    assert kites(after(refused, h.DraftChanged(KITES, "hello!"))).draft.op_id is None
    assert kites(after(refused, h.ReplyChosen(KITES, Seq(12)))).draft.op_id is None


def test_sending_follows_the_end_and_takes_the_unread_line_away(state: UiState) -> None:
    up = after(state, h.Scrolled(KITES, Seq(12)), posted(18))
    assert kites(up).scroll.unseen == 1
    new = sending(up)
    assert kites(new).scroll.anchor is None
    assert kites(new).divider is None


# --- groups come and go ------------------------------------------------------------------------------------


def test_leaving_opens_the_neighbour_and_keeps_the_draft(state: UiState) -> None:
    left = event(e.MEMBERSHIP_REMOVED, e.MembershipRemoved(group=KITES, reason="left"), 10, MINE)
    new = after(state, h.DraftChanged(KITES, "unsaid"), left)
    assert new.selected == TEA
    assert new.orphans[KITES].text == "unsaid"
    back = after(new, h.GroupEntered(story.group(), ME))
    assert back.talks[KITES].draft.text == "unsaid"


def test_a_group_just_created_is_loaded_by_its_snapshot(state: UiState) -> None:
    new_id = story.ELSEWHERE
    entered = after(state, h.GroupEntered(story.group(new_id, "New"), ME), h.GroupSelected(new_id))
    assert not entered.talks[new_id].loaded
    snapshot = story.snapshot([], 2).model_copy(update={"group": story.group(new_id, "New")})
    assert after(entered, h.SnapshotTaken(snapshot)).talks[new_id].loaded


def test_a_snapshot_that_events_have_overtaken_is_ignored(state: UiState) -> None:
    new = after(state, posted(18))
    assert reduce(new, h.SnapshotTaken(story.snapshot())) is new


def test_a_snapshot_after_a_long_absence_replaces_what_may_be_stale(state: UiState) -> None:
    recent = [story.message(50, WREN, "much later", 300)]
    new = after(state, h.SnapshotTaken(story.snapshot(recent, 60)))
    assert [entry.seq for entry in kites(new).entries] == [50]
    assert kites(new).more


def test_older_messages_go_before_the_others(state: UiState) -> None:
    page = tuple(story.message(seq, WREN, f"older {seq}", seq) for seq in range(3, 12))
    new = after(state, h.OlderAsked(KITES), h.OlderLoaded(KITES, page, more=False))
    assert [entry.seq for entry in kites(new).entries] == list(range(3, 18))
    assert (kites(new).more, kites(new).loading_older) == (False, False)


# --- the rest ---------------------------------------------------------------------------------------


def test_typing_is_believed_for_a_while_and_ends_with_the_message(state: UiState) -> None:
    typing = event(e.MEMBER_TYPING, e.MemberTyping(ref=WREN.ref), None, now_s=100.0)
    mine = event(e.MEMBER_TYPING, e.MemberTyping(ref=ME.ref), None, now_s=100.0)
    new = after(state, typing, mine)
    assert [ref for ref, _until in kites(new).typing] == [WREN.ref]
    assert kites(after(new, h.TimePassed(105.0))).typing
    assert not kites(after(new, h.TimePassed(107.0))).typing
    assert not kites(after(new, posted(18))).typing


@pytest.mark.clause("CG-06.3")
def test_withdrawing_the_identity_locks_at_once(state: UiState) -> None:
    """CG-06.3: no identity, no publishing; the screen follows the event."""
    new = after(state, event(e.VERIFICATION_WITHDRAWN, e.VerificationWithdrawn(reason="own_wish"), 10, MINE))
    assert state.verified
    assert not new.verified


def test_logging_out_leaves_nothing_of_the_account_behind(state: UiState) -> None:
    new = after(state, h.DraftChanged(KITES, "private"), h.AccountKnown(None))
    assert (dict(new.talks), new.account, dict(new.orphans)) == ({}, None, {})


def test_the_connection_cell_is_state_like_everything_else(state: UiState) -> None:
    link = Link("offline", retry_in_s=4)
    assert after(state, h.LinkChanged(link)).link == link


def test_a_happening_about_a_group_that_is_gone_changes_nothing(state: UiState) -> None:
    gone = story.ELSEWHERE
    for about_it in (
        h.DraftChanged(gone, "x"),
        h.OlderFailed(gone),
        h.GroupSelected(gone),
        h.ReadTo(gone, Seq(1)),
    ):
        assert reduce(state, about_it) is state
