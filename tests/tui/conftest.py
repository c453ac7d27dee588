"""The terminal client on a fake SDK, of any size and language, ready to be driven."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from client_tui import i18n
from client_tui.app import QunzuApp
from client_tui.desk import Desk
from client_tui.sdk import synthetic_person
from tests.tui.fake_sdk import FakeSdk

PATIENCE_S = 20.0  # by the loop's clock: far longer than anything takes, so only a fault meets it
Driven = tuple[QunzuApp, Pilot[int]]
Drive = Callable[..., AbstractAsyncContextManager[Driven]]


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same screen whatever terminal and language the tests are run from."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR", "COLORTERM", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(i18n, "_locale", "en")
    assert "TEXTUAL" not in os.environ


async def _turns(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """In place of Textual's own wait, which watches the processor until it seems idle: that takes 80 ms a key
    on a quiet machine, and guesses on a busy one. What a test needs, it awaits with ``until``."""
    for _turn in range(30):
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def no_idling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.app.wait_for_idle", _turns)
    monkeypatch.setattr("textual.pilot.wait_for_idle", _turns)


def app_on(sdk: FakeSdk, locale: str | None = "en", *, token: str | None = None) -> QunzuApp:
    desk = Desk(
        "ws://127.0.0.1:1/ws",
        offered_person=synthetic_person(7),
        zone=UTC,
        clock=lambda: 0.0,
        tick_s=3600.0,
        blink=False,
    )
    return QunzuApp(sdk.dial, desk, locale=locale, token=token)


async def until(pilot: Pilot[int], holds: Callable[[], object], what: str = "") -> None:
    """Let the app run until this holds; fails the test when it never does."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE_S
    while not holds():
        assert loop.time() < deadline, f"never happened: {what or holds}"
        await asyncio.sleep(0)
    await pilot.pause()


async def write(pilot: Pilot[int], text: str) -> None:
    """Type a text into whatever has the focus, in one go: a key a time would take the suite minutes."""
    focused = pilot.app.focused
    if isinstance(focused, Input):
        focused.insert_text_at_cursor(text)
    elif isinstance(focused, TextArea):
        focused.insert(text)
    else:
        raise AssertionError(f"nothing to write in: {focused}")
    await pilot.pause()


def ready(app: QunzuApp) -> bool:
    """Everything that the story has is on the screen."""
    state = app.desk.store.state
    settled = not any(talk.loading_older for talk in state.talks.values())
    return bool(state.listed and settled and all(talk.loaded for talk in state.talks.values()))


@pytest.fixture
def drive() -> Drive:
    @asynccontextmanager
    async def driven(
        sdk: FakeSdk, size: tuple[int, int] = (80, 24), locale: str = "en", *, token: str | None = "t"
    ) -> AsyncIterator[Driven]:
        """The app on its first screen (``token=None``), or logged in with everything loaded."""
        app = app_on(sdk, locale, token=token)
        async with app.run_test(size=size) as pilot:
            if token is not None:
                await until(pilot, lambda: ready(app), "groups loaded")
            yield app, pilot

    return driven
