"""Holds the one state, and tells whoever watches that there is a new one. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable

from client_tui.happenings import Happening
from client_tui.reducer import reduce
from client_tui.state import UiState

Watcher = Callable[[UiState], object]


class Store:
    def __init__(self, state: UiState | None = None) -> None:
        self._state = state or UiState()
        self._watchers: list[Watcher] = []

    @property
    def state(self) -> UiState:
        return self._state

    def dispatch(self, happening: Happening) -> None:
        new = reduce(self._state, happening)
        if new is self._state:
            return
        self._state = new
        for watcher in tuple(self._watchers):
            watcher(new)

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Have ``watcher`` called after each change. Returns how to stop it."""
        self._watchers.append(watcher)

        def stop() -> None:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

        return stop
