"""One of a few, on one line, by arrow keys or mouse. Chosen is a filled circle, not just a colour."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from client_tui.prose import Run, width_of


class Choice(Static, can_focus=True):
    """``options``: key and words of each, in order."""

    DEFAULT_CSS = """
    Choice { height: 1; padding: 0 1; color: $quiet; }
    Choice:focus { color: $foreground; background: $block-cursor-background; }
    """
    place = "form"

    class Chosen(Message):
        def __init__(self, choice: Choice, key: str) -> None:
            self.choice, self.key = choice, key
            super().__init__()

        @property
        def control(self) -> Choice:
            return self.choice

    class Entered(Message):
        """Enter: whoever chose is done with this."""

        def __init__(self, choice: Choice) -> None:
            self.choice = choice
            super().__init__()

    def __init__(
        self,
        label: str,
        options: Sequence[tuple[str, str]],
        chosen: str,
        *,
        id: str,
        topic: str | None = None,
    ) -> None:
        super().__init__(markup=False, id=id)
        self._label, self._options, self.chosen = label, list(options), chosen
        if topic is not None:
            self.topic = topic

    def render(self) -> Content:
        parts: list[tuple[str, str]] = [("▸ " if self.has_focus else "  ", "bold $primary")]
        if self._label:
            parts.append((f"{self._label}  ", ""))
        for key, words in self._options:
            chosen = key == self.chosen
            parts.append((f"{'●' if chosen else '○'} {words}", "bold $primary" if chosen else ""))
            parts.append(("  ", ""))
        return Content.assemble(*parts)

    def choose(self, key: str) -> None:
        if key != self.chosen:
            self.chosen = key
            self.refresh()
            self.post_message(self.Chosen(self, key))

    def step(self, by: int) -> bool:
        """Choose the next one; False at the end of the line."""
        keys = [key for key, _words in self._options]
        place = keys.index(self.chosen) + by
        if not 0 <= place < len(keys):
            return False
        self.choose(keys[place])
        return True

    def on_key(self, event: events.Key) -> None:
        if event.key in {"left", "right"}:
            self.step(-1 if event.key == "left" else 1)
        elif event.key == "space":
            if not self.step(1):
                self.choose(self._options[0][0])
        elif event.key == "enter":
            self.post_message(self.Entered(self))
        else:
            return
        event.stop()
        event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        at = event.x - self.gutter.left - 2 - (width_of((Run(self._label),)) + 2 if self._label else 0)
        for key, words in self._options:
            width = width_of((Run(words),)) + 2
            if 0 <= at < width:
                self.choose(key)
                return
            at -= width + 2
