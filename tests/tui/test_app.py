"""The program as a whole: no server, a token that is over, a server that comes later; and how it ends."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from textual.widgets import Static

from client_tui import app as app_module
from client_tui.app import CANNOT_CONNECT, QunzuApp
from client_tui.desk import Desk
from client_tui.port import Sdk
from client_tui.screens.main import MainScreen
from client_tui.screens.welcome import WelcomeScreen
from client_tui.sdk import ConnectionLost
from client_tui.widgets.tick import Tick
from client_tui.widgets.top_bar import TopBar
from tests.tui.conftest import app_on, until
from tests.tui.fake_sdk import FakeSdk, refusal


class Dialling:
    """Fails with these errors, one try each, then connects to ``sdk``."""

    def __init__(self, sdk: FakeSdk, *errors: Exception) -> None:
        self._sdk, self.errors = sdk, list(errors)
        self.tokens: list[str | None] = []

    def __call__(self, token: str | None) -> AbstractAsyncContextManager[Sdk]:
        self.tokens.append(token)
        if self.errors:
            raise self.errors.pop(0)
        return self._sdk.dial(token)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "TRY_AGAIN_S", 0.0)


def words(app: QunzuApp, selector: str) -> str:
    return str(app.screen.query_one(selector, Static).render())


async def test_without_a_server_it_says_so_and_goes_on_trying() -> None:
    dial = Dialling(FakeSdk(logged_in=False), *[ConnectionLost("cannot connect")] * 100_000)
    app = QunzuApp(dial, Desk("ws://127.0.0.1:1/ws", tick_s=3600.0), locale="en")
    async with app.run_test(size=(80, 24)) as pilot:
        assert isinstance(app.screen, WelcomeScreen)
        await until(pilot, lambda: "No server answers at ws://127.0.0.1:1/ws" in words(app, "#trouble"))
        assert len(dial.tokens) > 1
        dial.errors.clear()
        await until(pilot, lambda: "2026-11" in str(app.screen.query_one("#agree", Tick).render()))
        assert not app.screen.query_one("#trouble").display


async def test_ending_without_ever_having_met_a_server_is_an_exit_code() -> None:
    app = QunzuApp(
        Dialling(FakeSdk(), *[ConnectionLost("no")] * 100_000), Desk("ws://x", tick_s=3600.0), locale="en"
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+q", "enter")
        await until(pilot, lambda: app.return_value is not None)
    assert app.return_value == CANNOT_CONNECT


async def test_a_token_that_is_over_leads_to_the_first_screen_with_the_reason() -> None:
    dial = Dialling(FakeSdk(logged_in=False), refusal("session_expired"))
    app = QunzuApp(dial, Desk("ws://x", tick_s=3600.0), locale="en", token="old")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, WelcomeScreen))
        assert dial.tokens[0] == "old"
        await until(pilot, lambda: dial.tokens == ["old", None])
        assert "This log-in is over" in words(app, "#trouble")


async def test_the_language_of_the_environment_is_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    app: Any = app_on(FakeSdk(logged_in=False), None)
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.screen.query_one("#language").has_focus
        await until(pilot, lambda: "已连接" in str(app.screen.query_one(TopBar).render()))


async def test_the_wait_for_a_connection_is_counted_down() -> None:
    sdk = FakeSdk()
    app = app_on(sdk, "en", token="t")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.desk.store.state.listed)
        assert isinstance(app.screen, MainScreen)
        sdk.become("offline", retry_in_s=3.0)
        for _second in range(5):
            app.screen.tick()
        await until(pilot, lambda: app.desk.store.state.link.retry_in_s == 1)
