"""A document one can scroll, painted line by line. Knows text and keys."""

from __future__ import annotations

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
from client_tui.documents import diff_lines, document_lines
from client_tui.prose import Line, plain

KINDS: Final = ("title", "heading", "text", "strong", "code", "mark", "went", "came", "quiet")


class DocumentView(ScrollView, can_focus=True):
    """Space and Page Down read on; the last line tells that there is no more."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("document")
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"document--{kind}" for kind in KINDS}
    topic = "document"
    place = "document"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._body, self._diff = "", False
        self._lines: list[Line] = []
        self._styles: dict[str, Style] = {}

    def show(self, body: str, *, diff: bool = False) -> None:
        """Show the document, or the comparison of two, from its beginning."""
        self._body, self._diff = body, diff
        self._lay_out()
        self.scroll_to(y=0, animate=False, immediate=True, force=True)
        self.refresh()

    @property
    def at_end(self) -> bool:
        return self.scroll_y >= self.max_scroll_y

    @property
    def text(self) -> str:
        return "\n".join(plain(line) for line in self._lines)

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if width > 0:
            self._lines = (diff_lines if self._diff else document_lines)(self._body, width - 1)
            self.virtual_size = Size(width, len(self._lines))

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def _style(self, kind: str) -> Style:
        if kind not in self._styles:
            name = f"document--{kind}"
            self._styles[kind] = (
                self.get_component_rich_style(name, partial=True) if kind in KINDS else Style()
            )
        return self._styles[kind]

    def render_line(self, y: int) -> Strip:
        number = y + int(self.scroll_y)
        base = self.rich_style
        if number >= len(self._lines):
            return Strip.blank(self.size.width, base)
        text = Text(end="", no_wrap=True)
        for run in self._lines[number]:
            text.append(run.text, self._style(run.kind))
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(number)) is not None:
            start, end = span
            text.stylize(
                self.screen.get_component_rich_style("screen--selection"), start, None if end == -1 else end
            )
        strip = Strip(text.render(self.app.console)).apply_style(base)
        return strip.adjust_cell_length(self.size.width, base).apply_offsets(0, number)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        return selection.extract(self.text), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    def key_space(self) -> None:
        self.scroll_page_down(animate=False)
