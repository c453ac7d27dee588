"""A button whose focus is a sign as well as a colour."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Button


class Push(Button):
    """``words`` are plain text: nothing in them is markup. ``primary`` is what Enter most likely means."""

    place = "form"

    def __init__(self, words: str, *, id: str, primary: bool = False, classes: str | None = None) -> None:
        super().__init__(
            Content(f"  {words}"),
            id=id,
            compact=True,
            classes=classes,
            variant="primary" if primary else "default",
        )
        self.active_effect_duration = 0.0  # a button that goes dim when pressed looks as if it had refused

    def say(self, words: str) -> None:
        self.label = Content(f"  {words}")

    def render(self) -> Content:
        assert isinstance(self.label, Content)
        return Content("▸ ") + self.label[2:] if self.has_focus else self.label
