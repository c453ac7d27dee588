"""The messages of one talk, painted line by line. Knows lines and keys; asks its screen for everything else.

A line API widget: a talk of two thousand messages is one widget, and only the lines in view are painted.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import ClassVar, Final

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from client_tui.actions import bindings
from client_tui.i18n import _
from client_tui.messages import (
    CopyWanted,
    CursorPlaced,
    OlderWanted,
    RecallWanted,
    ReplyWanted,
    ViewMoved,
)
from client_tui.prose import Line, Run, plain
from client_tui.state import Talk
from client_tui.talk_layout import Block, TalkLayout
from server.wire.group_id import GroupId
from server.wire.models import Message
from server.wire.vocabulary import Seq

KINDS: Final = (
    "name", "my-name", "you", "role-owner", "role-admin", "role-member", "role-gone", "time", "text",
    "mention", "mine", "to-me", "quote", "recalled", "note", "ids", "status", "day", "day-rule", "unread",
    "unread-rule", "top", "top-rule",
)  # fmt: skip
_CURSOR: Final = "▌"


class TalkView(ScrollView, can_focus=True):
    BINDINGS: ClassVar[list[BindingType]] = bindings("talk")
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"talk--{kind}" for kind in KINDS} | {"talk--cursor"}
    topic = "talk"
    place = "talk"

    def __init__(self, zone: tzinfo | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._layout = TalkLayout(zone)
        self._talk: Talk | None = None
        self._online = True
        self._blocks: list[Block] = []
        self._lines: list[tuple[Line, int]] = []
        """Every line with the index of its block."""
        self._tops: list[int] = []
        self._styles: dict[str, Style] = {}
        self._asked: tuple[GroupId, int] | None = None
        """Before which entry older ones were asked for without anybody scrolling."""
        self._settling = False
        """While lines are being replaced, scrolling is ours and says nothing about the reader."""

    # --- showing ---------------------------------------------------------------------------------------

    def show(self, talk: Talk | None, *, online: bool) -> None:
        """Show this talk. The reader stays where they are, or at the end if that is where they were."""
        before, was_online = self._talk, self._online
        self._talk, self._online = talk, online
        if before is None or talk is None or before.id != talk.id:
            self._lay_out(keep_place=False)
        elif online != was_online or not _same_lines(before, talk):
            self._lay_out(keep_place=True)
        elif before.scroll == talk.scroll:
            return  # a draft, a signal of typing, a read marker: nothing that is painted here
        elif talk.scroll.anchor is None and before.scroll.anchor is not None:
            self.scroll_to(y=self._bottom, animate=False, immediate=True)
        if before is not None and talk is not None and before.scroll.cursor != talk.scroll.cursor:
            self._reveal(talk.scroll.cursor)
        self.refresh()

    def _lay_out(self, *, keep_place: bool) -> None:
        talk = self._talk
        width = self.scrollable_content_region.width
        if width <= 0:
            return
        place = self._place() if keep_place else None
        self._blocks = [] if talk is None else self._layout.blocks(talk, width, online=self._online)
        self._lines, self._tops = [], []
        for index, block in enumerate(self._blocks):
            self._tops.append(len(self._lines))
            self._lines.extend((line, index) for line in block.lines)
        self._settling = True
        self.virtual_size = Size(width, len(self._lines))
        if talk is None or talk.scroll.anchor is None:
            self.scroll_to(y=self._bottom, animate=False, immediate=True, force=True)
        elif place is not None:
            seq, offset = place
            top = self._top_of(seq)
            if top is not None:
                self.scroll_to(y=top - offset, animate=False, immediate=True, force=True)
        else:
            top = self._top_of(talk.scroll.anchor)
            if top is not None:
                y = top + self._height_of(talk.scroll.anchor) - self.size.height
                self.scroll_to(y=y, animate=False, immediate=True, force=True)
        self._settling = False
        self._fill()

    def _fill(self) -> None:
        """A talk that does not fill its pane has no top to scroll to: what is older is asked for, once."""
        talk = self._talk
        if talk is None or not talk.loaded or not talk.more or len(self._lines) > self.size.height:
            return
        oldest = (talk.id, talk.entries[0].seq if talk.entries else 0)
        if oldest != self._asked:
            self._asked = oldest
            self.post_message(OlderWanted(talk.id))

    @property
    def _bottom(self) -> int:
        return max(len(self._lines) - self.size.height, 0)

    def _place(self) -> tuple[Seq, int] | None:
        """An entry in view and how far down it stands: finds the place again when lines come or go above."""
        top = int(self.scroll_y)
        for line_number in range(top, min(top + self.size.height, len(self._lines))):
            index = self._lines[line_number][1]
            seq = self._blocks[index].seq
            if seq is not None:
                return seq, self._tops[index] - top
        return None

    def _index_of(self, seq: Seq) -> int | None:
        return next((index for index, block in enumerate(self._blocks) if block.seq == seq), None)

    def _top_of(self, seq: Seq) -> int | None:
        index = self._index_of(seq)
        return None if index is None else self._tops[index]

    def _height_of(self, seq: Seq) -> int:
        index = self._index_of(seq)
        return 0 if index is None else len(self._blocks[index].lines)

    def _reveal(self, seq: Seq | None) -> None:
        """Scroll just as far as it takes to see the entry, or its beginning where it is too tall."""
        if seq is None:
            return
        top = self._top_of(seq)
        if top is None:
            return
        bottom = top + self._height_of(seq)
        if top < self.scroll_y or bottom - top >= self.size.height:
            self.scroll_to(y=top, animate=False, immediate=True)
        elif bottom > self.scroll_y + self.size.height:
            self.scroll_to(y=bottom - self.size.height, animate=False, immediate=True)

    # --- painting --------------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def _style(self, kind: str) -> Style:
        if kind not in self._styles:
            name = f"talk--{kind}"
            self._styles[kind] = (
                self.get_component_rich_style(name, partial=True) if kind in (*KINDS, "cursor") else Style()
            )
        return self._styles[kind]

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        number = y + int(self.scroll_y)
        if number >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        line, index = self._lines[number]
        cursor = self._talk.scroll.cursor if self._talk else None
        chosen = cursor is not None and self._blocks[index].seq == cursor
        text = Text(end="", no_wrap=True)
        for run in _with_cursor(line) if chosen else line:
            text.append(run.text, self._style(run.kind))
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(number)) is not None:
            start, end = span
            text.stylize(
                self.screen.get_component_rich_style("screen--selection"), start, None if end == -1 else end
            )
        base = self.rich_style + self._style("cursor") if chosen else self.rich_style
        strip = Strip(text.render(self.app.console)).apply_style(base)
        return strip.adjust_cell_length(width, base).apply_offsets(0, number)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        return selection.extract("\n".join(plain(line) for line, _index in self._lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    # --- moving ----------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out(keep_place=True)
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self._settling or self._talk is None or not self._lines:
            return
        group = self._talk.id
        self.post_message(ViewMoved(group, self._last_in_view()))
        if new_value <= 1 and new_value < old_value:
            self.post_message(OlderWanted(group))

    def _last_in_view(self) -> Seq | None:
        if self.scroll_y >= self._bottom:
            return None
        last = min(int(self.scroll_y) + self.size.height, len(self._lines)) - 1
        for index in range(self._lines[last][1], -1, -1):
            seq = self._blocks[index].seq
            if seq is not None:
                return seq
        return None

    def _choosable(self) -> list[Seq]:
        return [block.seq for block in self._blocks if block.seq is not None]

    def on_key(self, event: events.Key) -> None:
        step = {"up": -1, "down": 1}.get(event.key)
        if step is not None:
            self._move_cursor(step)
        elif event.key == "end":
            self.post_message(CursorPlaced(None))
            self.scroll_to(y=self._bottom, animate=False, immediate=True)
        elif event.key == "home":
            self.scroll_to(y=0, animate=False, immediate=True)
        else:
            return
        event.stop()
        event.prevent_default()

    def _move_cursor(self, step: int) -> None:
        seqs, talk = self._choosable(), self._talk
        if talk is None or not seqs:
            return
        cursor = talk.scroll.cursor
        if cursor is None or cursor not in seqs:
            if step < 0:
                self.post_message(CursorPlaced(self._last_in_view() or seqs[-1]))
            return
        place = seqs.index(cursor) + step
        if place < 0:
            self.scroll_to(y=0, animate=False, immediate=True)
            self.post_message(OlderWanted(talk.id))
        elif place < len(seqs):
            self.post_message(CursorPlaced(seqs[place]))
        else:
            self.post_message(CursorPlaced(None))
            self.scroll_to(y=self._bottom, animate=False, immediate=True)

    def on_click(self, event: events.Click) -> None:
        number = event.y + int(self.scroll_y)
        if number < len(self._lines):
            seq = self._blocks[self._lines[number][1]].seq
            if seq is not None:
                self.post_message(CursorPlaced(seq))

    # --- acting ----------------------------------------------------------------------------------------

    @property
    def chosen(self) -> Message | None:
        """The chosen message; the newest where none is chosen."""
        talk = self._talk
        if talk is None:
            return None
        if talk.scroll.cursor is not None:
            entry = talk.entry(talk.scroll.cursor)
            return entry if isinstance(entry, Message) else None
        return next((entry for entry in reversed(talk.entries) if isinstance(entry, Message)), None)

    def action_reply(self) -> None:
        if self.chosen is not None and not self.chosen.recalled:
            self.post_message(ReplyWanted(self.chosen.seq))

    def action_recall(self) -> None:
        if self.chosen is not None and not self.chosen.recalled:
            self.post_message(RecallWanted(self.chosen.seq))

    def action_copy_text(self) -> None:
        if self.chosen is not None and self.chosen.text is not None:
            self.post_message(CopyWanted(self.chosen.text, _("the message")))

    @property
    def group(self) -> GroupId | None:
        return self._talk.id if self._talk else None

    @property
    def text(self) -> str:
        """Everything laid out, as plain lines: what a test or a screen reader would read."""
        return "\n".join(plain(line) for line, _index in self._lines)


def _same_lines(one: Talk, other: Talk) -> bool:
    """Whether two states of a talk look the same. By identity: the reducer copies only what it changes."""
    return (
        one.entries is other.entries
        and one.members is other.members
        and one.pending is other.pending
        and (one.divider, one.loaded, one.more, one.loading_older)
        == (other.divider, other.loaded, other.more, other.loading_older)
    )


def _with_cursor(line: Line) -> Line:
    """The line with the cursor's bar in its first cell, which every line leaves free."""
    if not line or not line[0].text.startswith(" "):
        return (Run(_CURSOR, "mine"), *line)
    first, *rest = line
    return (Run(_CURSOR, "mine"), Run(first.text[1:], first.kind), *rest)
