"""Every dialog by keyboard, at 80×24; help, rules, devices, and the ways out. On the fake SDK."""

from __future__ import annotations

from typing import Literal

import pytest
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static

from client_tui.i18n import LOCALES
from client_tui.screens.agreement import AgreementForm
from client_tui.screens.groups import JoinGroupForm, NicknameForm
from client_tui.screens.help import HelpScreen
from client_tui.screens.leaving import QuitForm, ServerGoneForm
from client_tui.screens.main import MainScreen
from client_tui.screens.welcome import WelcomeScreen
from client_tui.widgets.document_view import DocumentView
from client_tui.widgets.key_hints import KeyHints
from client_tui.widgets.top_bar import TopBar
from server.wire.vocabulary import WireModel
from tests.tui.conftest import Drive, until, write
from tests.tui.fake_sdk import FakeSdk, refusal
from tests.tui.looking import area_text, texts, words
from tests.tui.story import ME

# --- dialogs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "title"),
    [
        (["ctrl+n"], "Create a group"),
        (["ctrl+o"], "Join a group"),
        (["ctrl+l"], "Leave"),
        (["f5"], "My name in"),
        (["f7"], "Rules and notices"),
        (["f8"], "Who can read what"),
        (["f9"], "My devices"),
        (["f10"], "Menu"),
        (["f1"], "Help"),
        (["ctrl+q"], "Leave Qunzu?"),
        (["f10", *["down"] * 6, "enter"], "Change password"),
        (["f10", *["down"] * 7, "enter"], "Log out"),
        (["f10", *["down"] * 8, "enter"], "My agreement"),
    ],
)
async def test_every_dialog_opens_and_closes_by_keyboard_and_fits(
    drive: Drive, keys: list[str], title: str
) -> None:
    async with drive(FakeSdk()) as (app, pilot):
        await pilot.press(*keys)
        await until(pilot, lambda: title in words(app, ".title"), title)
        box = app.screen.query_one(".box").region
        assert app.screen.region.contains_region(box)
        for button in app.screen.query("Button"):
            assert box.contains_region(button.region)
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)


async def test_a_question_mark_says_which_clause_put_it_there(drive: Drive) -> None:
    async with drive(FakeSdk()) as (app, pilot):
        for keys, clause in ((["f3"], "CG-08.8"), (["f2"], "CG-08.3"), (["f4"], "CG-08.5")):
            await pilot.press(*keys, "question_mark")
            await until(pilot, lambda: isinstance(app.screen, HelpScreen))
            assert clause in app.screen.query_one(DocumentView).text
            await pilot.press("escape")


async def test_a_question_mark_in_the_composer_is_text(drive: Drive) -> None:
    async with drive(FakeSdk()) as (app, pilot):
        await pilot.press("question_mark", "r", "x", "y", "v", "d")
        assert area_text(app) == "?rxyvd"


async def test_the_nickname_changes_in_this_group(drive: Drive) -> None:
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, NicknameForm))
        await write(pilot, "Kite")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        assert sdk.asked("group.set_nickname")[0].nickname == "Kite"


@pytest.mark.clause("CG-05.3")
async def test_the_rules_open_anywhere_in_every_version_with_what_changed(drive: Drive) -> None:
    """CG-05.3: number, date, digest, other versions, and a readable comparison."""
    async with drive(FakeSdk()) as (app, pilot):
        await pilot.press("f7")
        await until(pilot, lambda: "version 2026-11 of 2026-10-20" in words(app, "#version"))
        assert "digest abababab" in words(app, "#version")
        await pilot.press("d")
        await until(pilot, lambda: "+| new" in app.screen.query_one(DocumentView).text)
        await pilot.press("d", "v")
        await until(pilot, lambda: "version 2026-09" in words(app, "#version"))
        await pilot.press("right", "right")
        await until(pilot, lambda: "you accepted 2026-11" in words(app, "#version"))


async def test_a_device_is_logged_out_from_the_list(drive: Drive) -> None:
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        await pilot.press("f9")
        await until(pilot, lambda: app.screen.query_one("#sessions", OptionList).option_count == 2)
        await pilot.press("enter")
        await until(pilot, lambda: sdk.asked("session.revoke"))
        assert sdk.asked("session.revoke")[0].session == "S-2"


async def test_leaving_the_program_says_what_would_be_lost(drive: Drive) -> None:
    async with drive(FakeSdk()) as (app, pilot):
        await write(pilot, "unsaid")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: "Leave Qunzu?" in words(app, ".title"))
        assert any("1 draft would be gone" in str(part.render()) for part in app.screen.query(Static))
        await pilot.press("enter")
        await until(pilot, lambda: app.return_code == 0 or not app.is_running)


@pytest.mark.parametrize(
    ("locale", "afterwards", "said"),
    [
        ("en", "stays", "You come back with your name and password."),
        ("en", "deleted", "everything of this demo is deleted"),
        ("zh", "deleted", "演示的全部内容都会删除"),
        ("en", "kept", "its data stay in the directory you named"),
    ],
)
async def test_leaving_says_what_becomes_of_the_server(
    drive: Drive, locale: str, afterwards: Literal["stays", "deleted", "kept"], said: str
) -> None:
    async with drive(FakeSdk(), locale=locale) as (app, pilot):
        app.desk.afterwards = afterwards
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, QuitForm))
        assert any(said in str(part.render()) for part in app.screen.query(Static))


async def test_a_server_that_is_gone_for_good_is_told_plainly_and_asked_no_more(drive: Drive) -> None:
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        sdk.become("offline", retry_in_s=4)
        app.desk.gone = lambda: True
        await app.look_for_server()
        await until(pilot, lambda: isinstance(app.screen, ServerGoneForm))
        assert words(app, ".title") == "The demo's server has ended; quit with Ctrl+Q."
        link = app.desk.store.state.link
        assert (link.state, link.retry_in_s, app.desk.courier) == ("offline", None, None)
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)
        assert "河边见 👋" in texts(app)
        await pilot.press("ctrl+q", "enter")
        await until(pilot, lambda: app.return_code == 0 or not app.is_running)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("token", [None, "t"])
async def test_help_is_the_last_thing_to_leave_the_footer(
    drive: Drive, locale: str, token: str | None
) -> None:
    async with drive(FakeSdk(logged_in=token is not None), locale=locale, token=token) as (app, pilot):
        ways = [["f2"], ["f3"], ["f4"], ["f1"], *([f"f{number}"] for number in (5, 6, 7, 8, 9, 10))]
        ways += [["ctrl+n"], ["ctrl+o"], ["ctrl+l"], ["ctrl+q"], ["tab"], ["tab"], ["tab"], ["tab"]]
        for keys in ways:
            await pilot.press(*keys)
            assert "F1" in str(app.screen.query_one(KeyHints).render()), keys
            if isinstance(app.screen, ModalScreen):
                await pilot.press("escape")


async def test_what_is_wrong_with_a_field_breaks_as_chinese_does(drive: Drive) -> None:
    """At 80×24 the sentence takes two lines: neither the mark nor a bracket stands alone on one."""
    async with drive(FakeSdk(), locale="zh") as (app, pilot):
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, JoinGroupForm))
        await write(pilot, "G-7KQ2M9X4TZ")
        await pilot.press("enter")
        below = str(app.screen.query_one("#group .below", Static).render())
        assert below.split("\n") == ["！编码输错了：末位校验字符不符。", "(CG-08.4)"]


async def test_logging_out_comes_back_to_the_first_screen(drive: Drive) -> None:
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        await pilot.press("f10", *["down"] * 7, "enter")
        await until(pilot, lambda: "Log out" in words(app, ".title"))
        app.screen.query_one("#submit").focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, WelcomeScreen))
        assert app.desk.store.state.account is None
        assert ME.nickname not in str(app.screen.query_one(TopBar).render())


@pytest.mark.clause("CG-05.4")
async def test_a_changed_agreement_is_shown_when_it_stands_in_the_way(drive: Drive) -> None:
    """CG-05.4: the unsent text is kept, the agreement is shown, and accepting is an act of its own."""
    sdk = FakeSdk()

    def refuse(_params: object) -> WireModel:
        raise refusal("agreement_required", clause="CG-05.4")

    works, sdk.answers["message.send"] = sdk.answers["message.send"], refuse
    async with drive(sdk) as (app, pilot):
        await write(pilot, "hello")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, AgreementForm))
        await until(pilot, lambda: "you accepted 2026-11" in words(app, "#version"))
        app.screen.query_one("#submit").focus()
        await pilot.press("enter")
        assert "tick the box yourself" in words(app, "#trouble")
        assert not sdk.asked("account.accept_agreement")
        await pilot.press("space")
        app.screen.query_one("#submit").focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        (params,) = sdk.asked("account.accept_agreement")
        assert (params.agreement.sha256, params.consents) == ("ab" * 32, [])
        sdk.answers["message.send"] = works
        assert area_text(app) == "hello"
        await pilot.press("enter")
        await until(pilot, lambda: len(sdk.asked("message.send")) == 2)
