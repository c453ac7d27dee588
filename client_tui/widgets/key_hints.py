"""The line at the bottom: the keys that make sense where one stands, from the table of actions."""

from __future__ import annotations

from typing import Final

from textual import events
from textual.content import Content
from textual.dom import DOMNode
from textual.widget import Widget
from textual.widgets import Static

from client_tui.actions import ACTIONS, Action, Place, keys_in_words
from client_tui.i18n import _
from client_tui.prose import Run, width_of

_GAP: Final = 3


def hints(place: Place | None, beyond: tuple[Place, ...]) -> list[Action]:
    """The actions worth a hint: those of the place first, then further out; ``why`` only outside text."""
    writing = place in {"composer", "form"}
    wanted = dict.fromkeys([place, *beyond] if place else beyond)
    found = [action for where in wanted for action in ACTIONS if action.where == where and action.hint]
    return [action for action in found if not (writing and action.id == "why")]


def _key_and_label(action: Action) -> tuple[str, str]:
    key = keys_in_words(action.keys[:1])
    if action.own and len(action.keys) > 1 and action.id in {"choose", "scroll", "turn"}:
        key = keys_in_words(action.keys).replace(" ", "")
    return key, _(action.label)


def _width(action: Action) -> int:
    return width_of((Run(" ".join(_key_and_label(action))),))


class KeyHints(Static):
    DEFAULT_CSS = """
    KeyHints { height: 1; background: #0f1214; color: $quiet; padding: 0 1; }
    """

    def __init__(self, *beyond: Place) -> None:
        super().__init__(markup=False)
        self._beyond = beyond
        self._place: Place | None = None
        self._spans: list[tuple[int, int, Action]] = []

    def show(self, place: Place | None) -> None:
        if place != self._place:
            self._place = place
            self.refresh()

    def render(self) -> Content:
        room = self.content_size.width
        parts: list[tuple[str, str]] = []
        used = 0
        self._spans = []
        offered = hints(self._place, self._beyond)
        # Help goes last: whatever else does not fit can be found there.
        kept = sum(_width(action) + _GAP for action in offered if action.id == "help")
        for action in offered:
            if not (action.own or action.where == "everywhere" or self._doer(action)):
                continue  # the same place on another screen offers more
            key, label = _key_and_label(action)
            width = _width(action)
            if action.id == "help":
                kept = 0
            if used + width + kept > room:
                continue
            parts += [(key, "bold $foreground"), (f" {label}", ""), (" " * _GAP, "")]
            self._spans.append((used, used + width, action))
            used += width + _GAP
        return Content.assemble(*parts)

    async def on_click(self, event: events.Click) -> None:
        for start, end, action in self._spans:
            if start <= event.x - self.gutter.left < end:
                await self._run(action)

    async def _run(self, action: Action) -> None:
        """As if its key had been pressed where the focus is."""
        if action.where == "everywhere":
            await self.app.run_action(action.id, self.app)
            return
        doer = self._doer(action)
        if doer is not None:
            await self.app.run_action(action.id, doer)

    def _doer(self, action: Action) -> DOMNode | None:
        node: DOMNode | None = self.screen.focused or self.screen
        while node is not None and not hasattr(node, f"action_{action.id}"):
            node = node.parent
        return node


def place_of(focused: Widget | None) -> Place | None:
    """The place that the focus is in: the nearest widget, outwards, that says one."""
    node: DOMNode | None = focused
    while node is not None:
        place: Place | None = getattr(node, "place", None)
        if place is not None:
            return place
        node = node.parent
    return None


def topic_of(focused: Widget | None, otherwise: str) -> str:
    """The topic of what has the focus, likewise."""
    node: DOMNode | None = focused
    while node is not None:
        topic: str | None = getattr(node, "topic", None)
        if topic is not None:
            return topic
        node = node.parent
    return otherwise
