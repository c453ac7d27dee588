"""A box to tick: ``[ ]`` or ``[x]``, so that it reads the same without colours. Never ticked by itself."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static


class Tick(Static, can_focus=True):
    DEFAULT_CSS = """
    Tick { height: auto; padding: 0 1; }
    Tick:focus { background: $block-cursor-background; }
    """
    place = "tick"

    class Toggled(Message):
        def __init__(self, tick: Tick) -> None:
            self.tick = tick
            super().__init__()

        @property
        def control(self) -> Tick:
            return self.tick

    def __init__(self, words: str, *, id: str, topic: str) -> None:
        super().__init__(markup=False, id=id)
        self._words = words
        self.value = False
        self.topic = topic

    def say(self, words: str) -> None:
        self._words = words
        self.refresh(layout=True)

    def render(self) -> Content:
        return Content.assemble(
            ("▸ " if self.has_focus else "  ", "bold $primary"),
            ("[x] " if self.value else "[ ] ", "bold $accent" if self.value else "bold"),
            self._words,
        )

    def toggle(self) -> None:
        self.value = not self.value
        self.refresh()
        self.post_message(self.Toggled(self))

    def on_key(self, event: events.Key) -> None:
        # Enter only goes on: nothing can be accepted by pressing it once too often.
        if event.key == "space":
            self.toggle()
        elif event.key == "enter":
            self.screen.focus_next()
        else:
            return
        event.stop()
        event.prevent_default()

    def on_click(self) -> None:
        self.toggle()
