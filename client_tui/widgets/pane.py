"""A pane of the main screen: a heading that says whether the focus is here, and what stands under it."""

from __future__ import annotations

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from client_tui.prose import fit


class Heading(Static):
    """A line that begins with a sign while the focus is in its pane: not by colour alone."""

    DEFAULT_CSS = """
    Heading { height: 1; padding: 0 1; color: $quiet; }
    Heading.-here { color: $primary; text-style: bold; }
    """

    def __init__(self, words: str = "") -> None:
        super().__init__(markup=False)
        self._words = words

    def say(self, words: str) -> None:
        if words != self._words:
            self._words = words
            self.refresh()

    def here(self, is_here: bool) -> None:
        self.set_class(is_here, "-here")
        self.refresh()

    def render(self) -> Content:
        sign = "▸ " if self.has_class("-here") else "  "
        return Content(sign + fit(self._words, max(self.content_size.width - 2, 1)))


class Pane(Vertical):
    """``heading`` is its first line."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.heading = Heading()

    def on_descendant_focus(self) -> None:
        self.heading.here(True)

    def on_descendant_blur(self) -> None:
        self.heading.here(False)
