"""Old state and one happening make the new state. Pure: no clock, no widget, no network, no surprise.

A happening that changes nothing returns the very same object, so a screen can compare by identity.
Events of the server are in ``reducer_events``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, TypeVar

from client_tui import happenings as h
from client_tui.reducer_events import after_event
from client_tui.state import Caps, Draft, Entry, Note, Pending, Scroll, Talk, UiState
from client_tui.talks import count_unread, joined_entries, with_talk
from server.wire.group_id import GroupId
from server.wire.models import GroupView, Message
from server.wire.vocabulary import MemberRef, Seq

H = TypeVar("H", bound=h.Happening)


def reduce(state: UiState, happening: h.Happening) -> UiState:
    return _STEPS[type(happening)](state, happening)


def _link_changed(state: UiState, happened: h.LinkChanged) -> UiState:
    return state if happened.link == state.link else replace(state, link=happened.link)


def _account_known(state: UiState, happened: h.AccountKnown) -> UiState:
    if happened.account is None:
        # Logged out: nothing of one account may be seen by the next one at this keyboard.
        return UiState(link=state.link, recall_seconds=state.recall_seconds, history_page=state.history_page)
    return replace(state, account=happened.account)


def _limits_known(state: UiState, happened: h.LimitsKnown) -> UiState:
    return replace(
        state,
        recall_seconds=happened.limits.recall_seconds,
        text_max_chars=happened.limits.text_max_chars,
        history_page=min(happened.limits.history_page_max, 50),
    )


def _groups_listed(state: UiState, happened: h.GroupsListed) -> UiState:
    listing = happened.listing
    talks: dict[GroupId, Talk] = {}
    for listed in listing.groups:
        old = state.talks.get(listed.group.group)
        if old is None:
            talks[listed.group.group] = Talk(
                view=listed.group,
                me=listed.me.ref,
                head=listed.head,
                read_seq=listed.read_seq,
                unread=listed.unread,
                member_count=listed.members,
                members=MappingProxyType({listed.me.ref: listed.me}),
                draft=state.orphans.get(listed.group.group, Draft()),
            )
        elif listed.head >= old.head:  # else events have overtaken the answer, and know better
            read_seq = max(old.read_seq, listed.read_seq)
            talks[old.id] = replace(old, view=listed.group, read_seq=read_seq, unread=listed.unread)
        else:
            talks[old.id] = old
    gone = {key: talk.draft for key, talk in state.talks.items() if key not in talks and talk.draft.text}
    kept = {key: draft for key, draft in state.orphans.items() if key not in talks}
    selected = state.selected if state.selected in talks else next(iter(talks), None)
    state = replace(
        state,
        talks=MappingProxyType(talks),
        listed=True,
        caps=Caps(joined_of=listing.joined_of, owned_of=listing.owned_of),
        orphans=MappingProxyType(kept | gone),
    )
    return state if selected == state.selected else _selected(state, selected)


def _group_entered(state: UiState, happened: h.GroupEntered) -> UiState:
    return with_talk(state, _entered(state, happened.view, happened.me.ref, {happened.me.ref: happened.me}))


def _entered(state: UiState, view: GroupView, me: MemberRef, members: Mapping[MemberRef, Any]) -> Talk:
    known = state.talks.get(view.group)
    if known is not None:
        return known
    return Talk(
        view=view,
        me=me,
        head=Seq(0),
        read_seq=Seq(0),
        unread=0,
        member_count=len(members),
        members=MappingProxyType(dict(members)),
        draft=state.orphans.get(view.group, Draft()),
    )


def _snapshot_taken(state: UiState, happened: h.SnapshotTaken) -> UiState:
    snapshot = happened.snapshot
    talk = state.talks.get(snapshot.group.group)
    if talk is None:
        if happened.me is None:
            return state
        talk = _entered(state, snapshot.group, happened.me, {})
    if snapshot.as_of < talk.head:
        return state  # events have overtaken it; whoever asked sees `loaded` unchanged and asks again
    recent = tuple(snapshot.recent)
    oldest = recent[0].seq if recent else snapshot.as_of
    # Older messages are dropped, not kept: a recall among the missed events may have emptied one of them.
    notes: list[Entry] = [e for e in talk.entries if isinstance(e, Note) and e.seq >= oldest]
    talk = replace(
        talk,
        view=snapshot.group,
        head=snapshot.as_of,
        members=MappingProxyType({member.ref: member for member in snapshot.members}),
        member_count=len(snapshot.members),
        entries=joined_entries(tuple(notes), recent),
        loaded=True,
        more=bool(recent),
        loading_older=False,
        pending=tuple(sent for sent in talk.pending if sent.seq is None or sent.seq > snapshot.as_of),
    )
    return with_talk(state, replace(talk, unread=count_unread(talk)))


def _older_asked(state: UiState, happened: h.OlderAsked) -> UiState:
    return _on_talk(state, happened.group, lambda talk: replace(talk, loading_older=True))


def _older_loaded(state: UiState, happened: h.OlderLoaded) -> UiState:
    def step(talk: Talk) -> Talk:
        entries = joined_entries(happened.messages, talk.entries)
        return replace(talk, entries=entries, more=happened.more, loading_older=False)

    return _on_talk(state, happened.group, step)


def _older_failed(state: UiState, happened: h.OlderFailed) -> UiState:
    return _on_talk(state, happened.group, lambda talk: replace(talk, loading_older=False))


def _group_selected(state: UiState, happened: h.GroupSelected) -> UiState:
    if happened.group not in state.talks:
        return state
    return _selected(state, happened.group)


def _selected(state: UiState, group: GroupId | None) -> UiState:
    state = replace(state, selected=group)
    talk = state.talk
    if talk is None:
        return state
    return with_talk(state, replace(talk, divider=talk.read_seq if talk.unread else None))


def _draft_changed(state: UiState, happened: h.DraftChanged) -> UiState:
    def step(talk: Talk) -> Talk:
        if happened.text == talk.draft.text:
            return talk
        # Another text is another message: the id of the failed try must not be used for it.
        return replace(talk, draft=replace(talk.draft, text=happened.text, op_id=None, refusal=None))

    return _on_talk(state, happened.group, step)


def _mention_chosen(state: UiState, happened: h.MentionChosen) -> UiState:
    def step(talk: Talk) -> Talk:
        if happened.ref in talk.draft.chosen:
            return talk
        return replace(talk, draft=replace(talk.draft, chosen=(*talk.draft.chosen, happened.ref)))

    return _on_talk(state, happened.group, step)


def _reply_chosen(state: UiState, happened: h.ReplyChosen) -> UiState:
    def step(talk: Talk) -> Talk:
        entry = None if happened.seq is None else talk.entry(happened.seq)
        seq = entry.seq if isinstance(entry, Message) and not entry.recalled else None
        return replace(talk, draft=replace(talk.draft, reply_to=seq, op_id=None))

    return _on_talk(state, happened.group, step)


def _send_started(state: UiState, happened: h.SendStarted) -> UiState:
    def step(talk: Talk) -> Talk:
        draft = talk.draft
        sent = Pending(happened.op_id, happened.text, draft.reply_to, happened.mentions, draft.chosen)
        return replace(
            talk,
            draft=Draft(revision=draft.revision),
            pending=(*talk.pending, sent),
            divider=None,
            scroll=Scroll(),
        )

    return _on_talk(state, happened.group, step)


def _send_acknowledged(state: UiState, happened: h.SendAcknowledged) -> UiState:
    def step(talk: Talk) -> Talk:
        if talk.entry(happened.seq) is not None:  # the event was faster than the answer
            pending = tuple(sent for sent in talk.pending if sent.op_id != happened.op_id)
        else:
            pending = tuple(
                replace(sent, seq=happened.seq) if sent.op_id == happened.op_id else sent
                for sent in talk.pending
            )
        return replace(talk, pending=pending)

    return _on_talk(state, happened.group, step)


def _send_refused(state: UiState, happened: h.SendRefused) -> UiState:
    def step(talk: Talk) -> Talk:
        failed = next((sent for sent in talk.pending if sent.op_id == happened.op_id), None)
        if failed is None:
            return talk
        pending = tuple(sent for sent in talk.pending if sent is not failed)
        draft = talk.draft
        if draft.text.strip():
            # Something new was begun meanwhile: neither text may be lost, so the older one goes before it.
            back = replace(draft, text=f"{failed.text}\n{draft.text}", op_id=None)
        else:
            back = Draft(failed.text, failed.reply_to, failed.chosen, failed.op_id)
        back = replace(back, refusal=happened.refusal, revision=draft.revision + 1)
        return replace(talk, pending=pending, draft=back)

    return _on_talk(state, happened.group, step)


def _draft_refused(state: UiState, happened: h.DraftRefused) -> UiState:
    def step(talk: Talk) -> Talk:
        draft = talk.draft
        back = replace(
            draft, text=happened.text, refusal=happened.refusal, op_id=None, revision=draft.revision + 1
        )
        return replace(talk, draft=back)

    return _on_talk(state, happened.group, step)


def _cursor_moved(state: UiState, happened: h.CursorMoved) -> UiState:
    def step(talk: Talk) -> Talk:
        if talk.scroll.cursor == happened.seq:
            return talk
        return replace(talk, scroll=replace(talk.scroll, cursor=happened.seq))

    return _on_talk(state, happened.group, step)


def _scrolled(state: UiState, happened: h.Scrolled) -> UiState:
    def step(talk: Talk) -> Talk:
        if talk.scroll.anchor == happened.anchor:
            return talk
        unseen = 0 if happened.anchor is None else talk.scroll.unseen
        return replace(talk, scroll=replace(talk.scroll, anchor=happened.anchor, unseen=unseen))

    return _on_talk(state, happened.group, step)


def _read_to(state: UiState, happened: h.ReadTo) -> UiState:
    def step(talk: Talk) -> Talk:
        if happened.seq <= talk.read_seq:
            return talk
        talk = replace(talk, read_seq=happened.seq)
        return replace(talk, unread=count_unread(talk))

    return _on_talk(state, happened.group, step)


def _time_passed(state: UiState, happened: h.TimePassed) -> UiState:
    for talk in state.talks.values():
        still = tuple((ref, until) for ref, until in talk.typing if until > happened.now_s)
        if still != talk.typing:
            state = with_talk(state, replace(talk, typing=still))
    return state


def _on_talk(state: UiState, group: GroupId, step: Callable[[Talk], Talk]) -> UiState:
    """The step on one group's talk; a happening about a group that is gone changes nothing."""
    talk = state.talks.get(group)
    if talk is None:
        return state
    new = step(talk)
    return state if new is talk else with_talk(state, new)


_STEPS: Final[Mapping[type[Any], Callable[[UiState, Any], UiState]]] = {
    h.LinkChanged: _link_changed,
    h.AccountKnown: _account_known,
    h.LimitsKnown: _limits_known,
    h.GroupsListed: _groups_listed,
    h.GroupEntered: _group_entered,
    h.SnapshotTaken: _snapshot_taken,
    h.EventSeen: after_event,
    h.OlderAsked: _older_asked,
    h.OlderLoaded: _older_loaded,
    h.OlderFailed: _older_failed,
    h.GroupSelected: _group_selected,
    h.DraftChanged: _draft_changed,
    h.MentionChosen: _mention_chosen,
    h.ReplyChosen: _reply_chosen,
    h.SendStarted: _send_started,
    h.SendAcknowledged: _send_acknowledged,
    h.SendRefused: _send_refused,
    h.DraftRefused: _draft_refused,
    h.CursorMoved: _cursor_moved,
    h.Scrolled: _scrolled,
    h.ReadTo: _read_to,
    h.TimePassed: _time_passed,
}
