"""What widgets say to their screen, typed; of a burst only the last counts (``can_replace``)."""

from __future__ import annotations

from textual.message import Message

from server.wire.group_id import GroupId
from server.wire.vocabulary import MemberRef, Seq


class StateChanged(Message):
    """There is a new state. However many came meanwhile, the screen is drawn once."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, StateChanged)


class GroupOpened(Message):
    """A group of the list was chosen."""

    def __init__(self, group: GroupId) -> None:
        self.group = group
        super().__init__()


class DraftEdited(Message):
    """The text in the composer is now this."""

    def __init__(self, group: GroupId, text: str) -> None:
        self.group, self.text = group, text
        super().__init__()


class Submitted(Message):
    """The text is to be sent. The composer has let go of it."""

    def __init__(self, group: GroupId, text: str) -> None:
        self.group, self.text = group, text
        super().__init__()


class MentionPicked(Message):
    """This member was taken from the mention list."""

    def __init__(self, group: GroupId, ref: MemberRef) -> None:
        self.group, self.ref = group, ref
        super().__init__()


class ReplyWanted(Message):
    """The next message is to answer this one; None: no longer."""

    def __init__(self, seq: Seq | None) -> None:
        self.seq = seq
        super().__init__()


class RecallWanted(Message):
    def __init__(self, seq: Seq) -> None:
        self.seq = seq
        super().__init__()


class CopyWanted(Message):
    """``text`` is to go to the clipboard; ``what`` says what it is, for the confirmation."""

    def __init__(self, text: str, what: str) -> None:
        self.text, self.what = text, what
        super().__init__()


class CursorPlaced(Message):
    """This entry is chosen now; None: none, and the newest is followed."""

    def __init__(self, seq: Seq | None) -> None:
        self.seq = seq
        super().__init__()


class ViewMoved(Message):
    """The last entry in view; None when the end is in view."""

    def __init__(self, group: GroupId, anchor: Seq | None) -> None:
        self.group, self.anchor = group, anchor
        super().__init__()

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ViewMoved) and message.group == self.group


class OlderWanted(Message):
    """The top of what is loaded is in view."""

    def __init__(self, group: GroupId) -> None:
        self.group = group
        super().__init__()

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, OlderWanted) and message.group == self.group
