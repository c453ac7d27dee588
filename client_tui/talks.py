"""Small truths about one talk that several steps of the reducer need. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from client_tui.state import Entry, Talk, UiState
from server.wire.models import Member, Message
from server.wire.vocabulary import MemberRef

MOST_ENTRIES: Final = 2000  # some hundred screens; older ones are read again from the history when wanted


def with_talk(state: UiState, talk: Talk) -> UiState:
    """The state with this talk in its place; a new one stands at the end of the list."""
    return replace(state, talks=MappingProxyType({**state.talks, talk.id: talk}))


def joined_entries(older: Iterable[Entry], newer: Iterable[Entry]) -> tuple[Entry, ...]:
    """Both in order of seq, each seq once; where both have one, the newer knowledge stays."""
    by_seq = {entry.seq: entry for entry in older} | {entry.seq: entry for entry in newer}
    return tuple(by_seq[seq] for seq in sorted(by_seq))


def appended(talk: Talk, entry: Entry) -> Talk:
    """The talk with one newer entry; the oldest go when there are too many, to be loaded again if wanted."""
    entries = (*talk.entries, entry)
    if len(entries) > MOST_ENTRIES and talk.scroll.anchor is None:
        return replace(talk, entries=entries[len(entries) - MOST_ENTRIES :], more=True)
    return replace(talk, entries=entries)


def count_unread(talk: Talk) -> int:
    """Messages of others after the read marker: counted where they are loaded, else as last told."""
    if talk.read_seq >= talk.head:
        return 0
    known_from = talk.entries[0].seq if talk.entries else talk.head
    loaded = sum(
        isinstance(entry, Message) and entry.ref != talk.me and entry.seq > talk.read_seq
        for entry in talk.entries
    )
    return loaded if known_from <= talk.read_seq + 1 or not talk.more else max(loaded, talk.unread)


def roster(members: Mapping[MemberRef, Member]) -> list[Member]:
    """Members as a list is read: owner, admins, then the others, each by the time they came."""
    rank = {"owner": 0, "admin": 1, "member": 2}
    return sorted(members.values(), key=lambda member: (rank[member.role], member.joined_at, member.ref))
