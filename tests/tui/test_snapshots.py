"""Whole screens, compared with the ones that a person looked at: both sizes, both languages.

A picture only says that something changed; beside each stand assertions of what must not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen

from client_tui.app import QunzuApp
from client_tui.screens.main import MainScreen
from client_tui.screens.register import RegisterForm
from client_tui.screens.verify import VerifyForm
from client_tui.screens.welcome import WelcomeScreen
from client_tui.widgets.document_view import DocumentView
from client_tui.widgets.talk_header import TalkHeader
from client_tui.widgets.talk_view import TalkView
from client_tui.widgets.tick import Tick
from server.wire.events import MEMBER_TYPING, MemberTyping
from server.wire.vocabulary import group_stream
from tests.tui import story
from tests.tui.conftest import app_on, ready, until, write
from tests.tui.fake_sdk import FakeSdk
from tests.tui.story import KITES, WREN, XIAOMAN

SIZES = [(80, 24), (120, 40)]
LOCALES = ["en", "zh"]
Before = Callable[[Pilot[int]], Awaitable[None]]
Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def no_idling() -> None:
    """A picture is taken when Textual itself finds that nothing is left to be laid out."""


def app_of(pilot: Pilot[int]) -> QunzuApp:
    assert isinstance(pilot.app, QunzuApp)
    return pilot.app


async def on_main(pilot: Pilot[int]) -> None:
    app = app_of(pilot)
    await until(pilot, lambda: ready(app), "groups loaded")
    assert isinstance(app.screen, MainScreen)
    assert KITES in str(app.screen.query_one(TalkHeader).render())


def opened(*keys: str) -> Before:
    """The main screen, then these keys, and what they open."""

    async def run(pilot: Pilot[int]) -> None:
        await on_main(pilot)
        await pilot.press(*keys)
        app = app_of(pilot)
        assert isinstance(app.screen, MainScreen | ModalScreen)
        views = app.screen.query(DocumentView)
        await until(pilot, lambda: all(view.text for view in views), "the document")

    return run


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("locale", LOCALES)
def test_main(snap_compare: Compare, size: tuple[int, int], locale: str) -> None:
    sdk = FakeSdk()
    sdk.listing = story.listing(read_seq=16, unread=1)

    async def run(pilot: Pilot[int]) -> None:
        await on_main(pilot)
        sdk.happen(group_stream(KITES), MEMBER_TYPING, MemberTyping(ref=XIAOMAN.ref))
        await until(pilot, lambda: app_of(pilot).desk.store.state.talks[KITES].typing)
        text = pilot.app.screen.query_one(TalkView).text
        for label in ("[群主 owner]", "[管理 admin]", "[成员 member]", "┆ 小满", "⌫"):
            assert label in text

    assert snap_compare(app_on(sdk, locale, token="t"), terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("locale", LOCALES)
def test_welcome(snap_compare: Compare, size: tuple[int, int], locale: str) -> None:
    async def run(pilot: Pilot[int]) -> None:
        app = app_of(pilot)
        await until(pilot, lambda: "2026-11" in str(app.screen.query_one("#agree", Tick).render()))
        assert isinstance(app.screen, WelcomeScreen)
        assert "INV-14" in str(app.screen.query_one("#plainly").render())

    assert snap_compare(app_on(FakeSdk(logged_in=False), locale), terminal_size=size, run_before=run)


@pytest.mark.parametrize("locale", LOCALES)
def test_verify(snap_compare: Compare, locale: str) -> None:
    async def run(pilot: Pilot[int]) -> None:
        app = app_of(pilot)
        await until(pilot, lambda: "2026-11" in str(app.screen.query_one("#agree", Tick).render()))
        app.screen.query_one("#agree").focus()
        await pilot.press("space", "enter", "enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, RegisterForm))
        for text in ("风筝", "secret-pw", "secret-pw"):
            await write(pilot, text)
            await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, VerifyForm))
        await until(pilot, lambda: app.screen.query_one("#offer").has_focus)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query_one("#submit").has_focus)

    assert snap_compare(app_on(FakeSdk(logged_in=False), locale), terminal_size=(80, 24), run_before=run)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("groups", ["f2"]),
        ("about", ["f4"]),
        ("reply", ["f3", "up", "up", "r"]),
        ("mention", ["@"]),
        ("create", ["ctrl+n"]),
        ("join", ["ctrl+o"]),
        ("rules", ["f7"]),
        ("help", ["f3", "f1"]),
        ("menu", ["f10"]),
    ],
)
def test_narrow(snap_compare: Compare, name: str, keys: list[str]) -> None:
    app: Any = app_on(FakeSdk(), "en", token="t")
    assert snap_compare(app, terminal_size=(80, 24), run_before=opened(*keys))


def test_offline_with_a_text_that_came_back(snap_compare: Compare) -> None:
    sdk = FakeSdk()

    async def run(pilot: Pilot[int]) -> None:
        await on_main(pilot)
        sdk.become("offline", retry_in_s=4)
        sdk.hold("message.send")
        await write(pilot, "河边见，带上剪刀")
        await pilot.press("enter")
        await write(pilot, "and the next one is being written")
        text = pilot.app.screen.query_one(TalkView)
        await until(pilot, lambda: "◌ waiting for the connection" in text.text)

    app: Any = app_on(sdk, "en", token="t")
    assert snap_compare(app, terminal_size=(80, 24), run_before=run)


def test_locked(snap_compare: Compare) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await on_main(pilot)
        assert pilot.app.screen.query_one("#lock").display

    app: Any = app_on(FakeSdk(verified=False), "en", token="t")
    assert snap_compare(app, terminal_size=(80, 24), run_before=run)
    assert WREN.role == "member"
