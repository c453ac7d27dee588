"""What an event of the server does to the state. Pure; the rest of the reducer is in ``reducer``.

Events at or before a talk's ``head`` were already counted in and change nothing, so a replay is harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from client_tui.happenings import EventSeen
from client_tui.state import Note, NoteKind, Talk, UiState
from client_tui.talks import appended, count_unread, with_talk
from server.wire import events as e
from server.wire.group_id import GroupId
from server.wire.models import Message
from server.wire.vocabulary import MemberRef, Seq

TYPING_BELIEVED_S: Final = 6.0  # twice the pause between two signals, so that a steady writer does not blink


def after_event(state: UiState, event: EventSeen) -> UiState:
    kind, _, name = event.stream.partition(":")
    if kind == "account":
        step = _ACCOUNT_STEPS.get(event.type)
        return step(state, event.data) if step else state
    talk = state.talks.get(GroupId(name))
    if talk is None:
        return state
    if event.seq is None:
        return _typing(state, talk, event)
    if event.seq <= talk.head:
        return state
    group_step = _GROUP_STEPS.get(event.type)
    new = group_step(talk, event.seq, event) if group_step else talk
    return with_talk(state, replace(new, head=event.seq))


# --- the stream of a group ----------------------------------------------------------------------------


def _posted(talk: Talk, seq: Seq, event: EventSeen) -> Talk:
    message = event.data
    assert isinstance(message, Message)
    mine = message.ref == talk.me
    away = talk.scroll.anchor is not None
    return replace(
        appended(talk, message),
        unread=talk.unread + (not mine),
        pending=tuple(sent for sent in talk.pending if sent.seq != seq and sent.op_id != event.cause),
        typing=tuple(entry for entry in talk.typing if entry[0] != message.ref),
        scroll=replace(talk.scroll, unseen=talk.scroll.unseen + 1) if away and not mine else talk.scroll,
    )


def _recalled(talk: Talk, seq: Seq, event: EventSeen) -> Talk:
    fact = event.data
    assert isinstance(fact, e.MessageRecalled)
    entries = tuple(
        entry.model_copy(update={"text": None, "mentions": [], "recalled": True})
        if entry.seq == fact.seq and isinstance(entry, Message)
        else entry
        for entry in talk.entries
    )
    draft = talk.draft
    if draft.reply_to == fact.seq:
        draft = replace(draft, reply_to=None, op_id=None)
    return replace(talk, entries=entries, draft=draft)


def _joined(talk: Talk, seq: Seq, event: EventSeen) -> Talk:
    fact = event.data
    assert isinstance(fact, e.MemberJoined)
    if fact.mode == "created":  # the line of the founding says it already
        return _with_members(talk, {**talk.members, fact.member.ref: fact.member}, +1)
    talk = _noted(talk, seq, event, "joined", fact.member.ref, fact.member.nickname, fact.mode)
    return _with_members(talk, {**talk.members, fact.member.ref: fact.member}, +1)


def _left(talk: Talk, seq: Seq, event: EventSeen) -> Talk:
    fact = event.data
    assert isinstance(fact, e.MemberLeft)
    talk = _noted(talk, seq, event, "left", fact.ref, fact.nickname)
    typing = tuple(entry for entry in talk.typing if entry[0] != fact.ref)
    others = {ref: member for ref, member in talk.members.items() if ref != fact.ref}
    return replace(_with_members(talk, others, -1), typing=typing)


def _renamed(talk: Talk, seq: Seq, event: EventSeen) -> Talk:
    fact = event.data
    assert isinstance(fact, e.MemberRenamed)
    member = talk.members.get(fact.ref)
    talk = _noted(talk, seq, event, "renamed", fact.ref, fact.nickname, member.nickname if member else "")
    if member is None:
        return talk
    renamed = member.model_copy(update={"nickname": fact.nickname})
    return _with_members(talk, {**talk.members, fact.ref: renamed}, 0)


def _created(talk: Talk, seq: Seq, event: EventSeen) -> Talk:
    fact = event.data
    assert isinstance(fact, e.GroupCreated)
    return replace(_noted(talk, seq, event, "created", None, fact.group.name), view=fact.group)


def _closed(talk: Talk, seq: Seq, event: EventSeen) -> Talk:
    closed = talk.view.model_copy(update={"status": "closed"})
    return replace(_noted(talk, seq, event, "closed", None, talk.view.name), view=closed)


def _noted(
    talk: Talk,
    seq: Seq,
    event: EventSeen,
    kind: NoteKind,
    ref: MemberRef | None,
    nickname: str,
    detail: str = "",
) -> Talk:
    return appended(talk, Note(seq, event.at, kind, ref, nickname, detail))


def _with_members(talk: Talk, members: Mapping[MemberRef, Any], change: int) -> Talk:
    # Before the roster is loaded only a part of it is known here, and the count is what the list said.
    count = len(members) if talk.loaded else max(talk.member_count + change, 0)
    return replace(talk, members=MappingProxyType(dict(members)), member_count=count)


def _typing(state: UiState, talk: Talk, event: EventSeen) -> UiState:
    fact = event.data
    if not isinstance(fact, e.MemberTyping) or fact.ref == talk.me:
        return state
    others = tuple(entry for entry in talk.typing if entry[0] != fact.ref)
    return with_talk(state, replace(talk, typing=(*others, (fact.ref, event.now_s + TYPING_BELIEVED_S))))


# --- the stream of the account ------------------------------------------------------------------------


def _registered(state: UiState, fact: e.AccountRegistered) -> UiState:
    return replace(state, account=fact.account)


def _verified(state: UiState, fact: e.AccountVerified) -> UiState:
    return _account(state, verification=fact.verification)


def _withdrawn(state: UiState, fact: e.VerificationWithdrawn) -> UiState:
    return _account(state, verification=None)


def _handle_changed(state: UiState, fact: e.HandleChanged) -> UiState:
    return _account(state, handle=fact.handle)


def _account(state: UiState, **changes: object) -> UiState:
    if state.account is None:
        return state
    return replace(state, account=state.account.model_copy(update=changes))


def _membership_removed(state: UiState, fact: e.MembershipRemoved) -> UiState:
    gone = state.talks.get(fact.group)
    if gone is None:
        return state
    names = list(state.talks)
    talks = {key: talk for key, talk in state.talks.items() if key != fact.group}
    orphans = state.orphans
    if gone.draft.text:
        orphans = MappingProxyType({**orphans, gone.id: gone.draft})
    selected = state.selected
    if selected == fact.group:
        place = min(names.index(fact.group), len(talks) - 1)
        selected = list(talks)[place] if talks else None
    return replace(state, talks=MappingProxyType(talks), orphans=orphans, selected=selected)


def _read_advanced(state: UiState, fact: e.ReadAdvanced) -> UiState:
    talk = state.talks.get(fact.group)
    if talk is None or fact.seq <= talk.read_seq:
        return state
    talk = replace(talk, read_seq=fact.seq)
    return with_talk(state, replace(talk, unread=count_unread(talk)))


_GROUP_STEPS: Final[Mapping[str, Callable[[Talk, Seq, EventSeen], Talk]]] = {
    e.GROUP_CREATED.name: _created,
    e.GROUP_CLOSED.name: _closed,
    e.MEMBER_JOINED.name: _joined,
    e.MEMBER_LEFT.name: _left,
    e.MEMBER_RENAMED.name: _renamed,
    e.MESSAGE_POSTED.name: _posted,
    e.MESSAGE_RECALLED.name: _recalled,
}
_ACCOUNT_STEPS: Final[Mapping[str, Callable[[UiState, Any], UiState]]] = {
    e.ACCOUNT_REGISTERED.name: _registered,
    e.ACCOUNT_VERIFIED.name: _verified,
    e.VERIFICATION_WITHDRAWN.name: _withdrawn,
    e.HANDLE_CHANGED.name: _handle_changed,
    e.MEMBERSHIP_REMOVED.name: _membership_removed,
    e.READ_ADVANCED.name: _read_advanced,
}
