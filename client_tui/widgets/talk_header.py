"""The head of the talk: name, id in full, members of the places there are (CG-08.1, CG-08.4)."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from client_tui.i18n import _, ngettext
from client_tui.prose import Run, fit, one_line, width_of
from client_tui.state import UiState


class TalkHeader(Static):
    topic = "header"
    DEFAULT_CSS = """
    TalkHeader { height: 1; padding: 0 1; background: $panel; }
    TalkHeader.-here { }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._state = UiState()
        self._narrow = False
        self._here = False

    def show(self, state: UiState, *, narrow: bool) -> None:
        self._state, self._narrow = state, narrow
        self.refresh()

    def here(self, is_here: bool) -> None:
        self._here = is_here
        self.refresh()

    def render(self) -> Content:
        talk = self._state.talk
        room = self.content_size.width
        unread = self._state.unread_elsewhere if self._narrow else 0
        elsewhere = (
            ngettext("{number} unread elsewhere", "{number} unread elsewhere", unread).format(number=unread)
            if unread
            else ""
        )
        sign = "▸ " if self._here else "  "
        if talk is None:
            return Content.assemble((sign, "bold $primary"), (_("No group is open"), "$quiet"))
        places = f"{talk.member_count}/{talk.view.cap}"
        closed = " · " + _("closed") if talk.view.status == "closed" else ""
        fixed = f"  {talk.id}  {places}{closed}"
        fixed_width = width_of((Run(sign + fixed),))
        if elsewhere and fixed_width + len(elsewhere) + 24 > room:
            elsewhere = f"({unread})"
        tail_width = width_of((Run(elsewhere),)) + 2 if elsewhere else 0
        name = fit(one_line(talk.view.name), max(room - fixed_width - tail_width, 8))
        used = fixed_width + width_of((Run(name),))
        blank = max(room - used - width_of((Run(elsewhere),)), 0)
        return Content.assemble(
            (sign, "bold $primary"),
            (name, "bold"),
            (f"  {talk.id}", "$primary"),
            (f"  {places}", "$quiet"),
            (closed, "$warning"),
            " " * blank,
            (elsewhere, "bold $accent"),
        )
