"""Messages on their way out and back: send, recall, read on, mark as read, show typing. Knows no screen.

A message is never lost here: it is in the draft, or pending, or on the server's disk, and the store says
which. Going out again after a failure it keeps its ``client_op_id``, so that it cannot be posted twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from client_tui import happenings as h
from client_tui.asking import Unsuccessful, done, read
from client_tui.mentions import mentioned_in
from client_tui.port import Sdk
from client_tui.refusals import Refusal
from client_tui.state import Talk
from client_tui.store import Store
from server.wire.group_id import GroupId
from server.wire.models import Message
from server.wire.verbs import message
from server.wire.vocabulary import Seq

_TYPING_EVERY_S: Final = 3.0  # the server lets one signal a second pass; three look steady enough


class Conversation:
    def __init__(self, sdk: Sdk, store: Store, clock: Callable[[], float]) -> None:
        self._sdk, self._store, self._clock = sdk, store, clock
        self._typing_said_s: dict[GroupId, float] = {}
        self._marking: set[GroupId] = set()

    def begin(self, group: GroupId, text: str) -> str | None:
        """Take a text out of the composer and on its way; ``deliver`` is next, with the id that this returns.

        None when there is nothing to send, or too much: the store then has the text back, with the reason.
        Not a coroutine, so that nothing typed afterwards can come between.
        """
        talk = self._store.state.talks[group]
        text = text.strip()
        if not text:
            return None
        if len(text) > self._store.state.text_max_chars:
            self._store.dispatch(h.DraftRefused(group, text, Refusal("too_large")))
            return None
        again = talk.draft.op_id is not None and talk.draft.text.strip() == text
        op_id = talk.draft.op_id if again and talk.draft.op_id else self._sdk.op_id()
        self._typing_said_s.pop(group, None)
        mentions = mentioned_in(text, talk.members, talk.draft.chosen)
        self._store.dispatch(h.SendStarted(group, op_id, text, mentions))
        return op_id

    async def deliver(self, group: GroupId, op_id: str) -> None:
        """Send what ``begin`` took. The store hears how it went; nothing is raised."""
        talk = self._store.state.talks.get(group)
        sent = next((one for one in talk.pending if one.op_id == op_id), None) if talk else None
        if sent is None:
            return

        async def ask() -> message.Sent:
            params = message.SendParams(
                group=group,
                text=sent.text,
                reply_to=sent.reply_to,
                mentions=list(sent.mentions),
                client_op_id=op_id,
            )
            return await self._sdk.call(message.SEND, params)

        try:
            answer = await done(ask)
        except Unsuccessful as error:
            self._store.dispatch(h.SendRefused(group, op_id, error.refusal))
        else:
            self._store.dispatch(h.SendAcknowledged(group, op_id, answer.event_seq))

    async def recall(self, group: GroupId, seq: Seq) -> None:
        """Raises Unsuccessful, such as ``recall_window_closed``."""
        params = message.RecallParams(group=group, message=seq, client_op_id=self._sdk.op_id())
        await done(lambda: self._sdk.call(message.RECALL, params))

    async def load_older(self, group: GroupId) -> None:
        """Bring the page of messages before the oldest one known. Does nothing while one is on its way."""
        talk = self._store.state.talks.get(group)
        if talk is None or not talk.loaded or not talk.more or talk.loading_older:
            return
        self._store.dispatch(h.OlderAsked(group))
        first = _oldest_message(talk)
        params = message.HistoryParams(group=group, before=first, limit=self._store.state.history_page)
        try:
            page = await read(self._sdk, message.HISTORY, params)
        except Unsuccessful:
            self._store.dispatch(h.OlderFailed(group))
        else:
            self._store.dispatch(h.OlderLoaded(group, tuple(page.messages), page.more))

    async def mark_read(self, group: GroupId, seq: Seq) -> None:
        """Say that everything up to ``seq`` was shown here. One call at a time for each group."""
        if group in self._marking:
            return
        self._marking.add(group)
        self._store.dispatch(h.ReadTo(group, seq))
        params = message.MarkReadParams(group=group, seq=seq, client_op_id=self._sdk.op_id())
        try:
            await done(lambda: self._sdk.call(message.MARK_READ, params))
        except Unsuccessful:
            pass  # the marker is a convenience: the next one moves it further anyway
        finally:
            self._marking.discard(group)

    async def show_typing(self, group: GroupId) -> None:
        """Let the group know that something is being written; every few seconds, and only when online."""
        now = self._clock()
        if self._sdk.state != "online" or now - self._typing_said_s.get(group, -60.0) < _TYPING_EVERY_S:
            return
        self._typing_said_s[group] = now
        try:
            await read(self._sdk, message.TYPING, message.TypingParams(group=group))
        except Unsuccessful:
            return  # nobody misses it


def _oldest_message(talk: Talk) -> Seq | None:
    """The page wanted is the one before this; before everything known where no message is."""
    messages = (entry.seq for entry in talk.entries if isinstance(entry, Message))
    return next(messages, talk.entries[0].seq if talk.entries else None)
