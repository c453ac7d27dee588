"""Groups, talk, about: reading, writing, replying, recalling. On the fake SDK; 80×24 unless it says so."""

from __future__ import annotations

import pytest

from client_tui.screens.main import MainScreen
from client_tui.screens.welcome import WelcomeScreen
from client_tui.sdk import ConnectionLost
from client_tui.widgets.about_pane import AboutPane
from client_tui.widgets.composer import Composer
from client_tui.widgets.group_pane import GroupPane
from client_tui.widgets.push import Push
from client_tui.widgets.talk_view import TalkView
from client_tui.widgets.top_bar import TopBar
from server.wire import events as e
from server.wire.vocabulary import account_stream, group_stream
from tests.tui import story
from tests.tui.conftest import Drive, until, write
from tests.tui.fake_sdk import FakeSdk, refusal
from tests.tui.looking import WIDE, area_text, talk, texts, words
from tests.tui.story import HERON, KITES, TEA, WREN, XIAOMAN

# --- writing -------------------------------------------------------------------------------------------


async def test_a_message_is_pending_until_it_is_acknowledged(drive: Drive) -> None:
    sdk = FakeSdk()
    sdk.hold("message.send")
    async with drive(sdk) as (app, pilot):
        await write(pilot, "hello")
        await pilot.press("enter")
        await until(pilot, lambda: "◌ sending" in texts(app))
        assert area_text(app) == ""
        sdk.release("message.send")
        await until(pilot, lambda: "◌" not in texts(app))
        assert "hello" in texts(app)


async def test_what_cannot_be_sent_comes_back_with_the_reason(drive: Drive) -> None:
    sdk = FakeSdk()

    def refuse(_params: object) -> object:
        raise refusal("rate_limited", retry_after_ms=1500)

    works, sdk.answers["message.send"] = sdk.answers["message.send"], refuse  # type: ignore[assignment]
    async with drive(sdk) as (app, pilot):
        await write(pilot, "hello")
        await pilot.press("enter")
        await until(pilot, lambda: area_text(app) == "hello")
        assert "Not sent: Too fast. Wait 2 s." in words(app, "#composer-above")
        sdk.answers["message.send"] = works
        await pilot.press("enter")
        await until(pilot, lambda: area_text(app) == "" and not talk(app).pending)
        first, second = sdk.asked("message.send")
        assert first.client_op_id == second.client_op_id  # the same try: it cannot be posted twice


async def test_what_is_typed_after_enter_belongs_to_the_next_message(drive: Drive) -> None:
    sdk = FakeSdk()
    sdk.hold("message.send")
    async with drive(sdk) as (app, pilot):
        await write(pilot, "one")
        await pilot.press("enter", "t", "w", "o")
        assert area_text(app) == "two"
        assert [sent.text for sent in talk(app).pending] == ["one"]
        sdk.release("message.send")
        await until(pilot, lambda: not talk(app).pending)
        assert area_text(app) == "two"


async def test_ctrl_j_begins_a_new_line_and_enter_sends_both(drive: Drive) -> None:
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        await pilot.press(*"one", "ctrl+j", *"two", "enter")
        await until(pilot, lambda: sdk.asked("message.send"))
        assert sdk.asked("message.send")[0].text == "one\ntwo"
        assert area_text(app) == ""


async def test_a_draft_stays_with_its_group(drive: Drive) -> None:
    async with drive(FakeSdk()) as (app, pilot):
        await write(pilot, "unfinished")
        await pilot.press("alt+down")
        await until(pilot, lambda: talk(app).id == TEA)
        assert area_text(app) == ""
        await pilot.press("alt+up")
        await until(pilot, lambda: area_text(app) == "unfinished")


async def test_the_screen_can_be_made_again_from_the_state(drive: Drive) -> None:
    """Nothing that matters lives in a widget: a new screen over the same state shows the same."""
    async with drive(FakeSdk()) as (app, pilot):
        await write(pilot, "unfinished")
        await pilot.press("f3", "up", "up", "r")
        await until(pilot, lambda: talk(app).draft.reply_to == 16)

        def seen() -> tuple[str, str, str]:
            return area_text(app), texts(app), words(app, "#composer-above")

        before, old = seen(), app.screen
        assert "Reply to" in before[2]
        await app.switch_screen(MainScreen(app.desk))
        assert app.screen is not old
        await until(pilot, lambda: seen() == before)


async def test_a_mention_is_picked_from_the_list_and_sent_as_a_reference(drive: Drive) -> None:
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        await write(pilot, "hi @he")
        await until(pilot, lambda: app.screen.query_one("#mentions").display)
        await pilot.press("enter", *"!", "enter")
        await until(pilot, lambda: sdk.asked("message.send"))
        (params,) = sdk.asked("message.send")
        assert (params.text, params.mentions) == ("hi @Heron 7 !", [HERON.ref])


async def test_a_message_that_is_too_long_is_not_even_sent(drive: Drive) -> None:
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        app.screen.query_one(Composer).area.load_text("x" * 4001)
        await pilot.press("enter")
        await until(pilot, lambda: "longer than the limit" in words(app, "#composer-above"))
        assert area_text(app) == "x" * 4001
        assert not sdk.asked("message.send")


@pytest.mark.clause("CG-06.3")
async def test_without_an_identity_the_composer_is_a_lock(drive: Drive) -> None:
    """CG-06.3: the lock line says to verify; losing the identity locks within the same second."""
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        assert app.screen.query_one(Composer).display
        stream = account_stream(story.account().account)
        sdk.happen(stream, e.VERIFICATION_WITHDRAWN, e.VerificationWithdrawn(reason="own_wish"))
        await until(pilot, lambda: not app.screen.query_one(Composer).display)
        assert "verify to post" in str(app.screen.query_one("#lock", Push).render())


# --- in the talk ---------------------------------------------------------------------------------------


async def test_replying_says_to_whom_and_can_be_taken_back(drive: Drive) -> None:
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        await pilot.press("f3", "up", "up", "r")
        await until(pilot, lambda: talk(app).draft.reply_to == 16)
        assert "Reply to 风筝 [成员 member] 河边见" in words(app, "#composer-above")
        await pilot.press("escape")
        await until(pilot, lambda: talk(app).draft.reply_to is None)
        await pilot.press("f3", "up", "r", "y", "enter")
        await until(pilot, lambda: sdk.asked("message.send"))
        assert sdk.asked("message.send")[0].reply_to == 17


async def test_only_the_sender_recalls_and_the_fact_stays(drive: Drive) -> None:
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        await pilot.press("f3", "up", "x")
        assert not sdk.asked("message.recall")
        await pilot.press("up", "x", "escape")
        assert isinstance(app.screen, MainScreen)
        assert not sdk.asked("message.recall")
        await pilot.press("x")
        assert words(app, ".title") == "Recall this message?"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        await until(pilot, lambda: texts(app).count("⌫ recalled") == 2)
        assert "河边见 👋" not in texts(app)
        assert sdk.asked("message.recall")[0].message == 16


async def test_going_up_loads_what_is_older_and_keeps_the_place(drive: Drive) -> None:
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        view = app.screen.query_one(TalkView)
        # seven messages do not fill the pane: one page came unasked, so that there is a top to scroll to
        assert [params.before for params in sdk.asked("message.history")] == [11]
        await pilot.press("f3", "home")
        await until(pilot, lambda: len(sdk.asked("message.history")) == 2 and not talk(app).loading_older)
        assert sdk.asked("message.history")[1].before == 6
        await until(pilot, lambda: "older message 3" in texts(app))
        assert view.scroll_y > 0  # what was in view is still in view, further down
        assert "the beginning of this group" in texts(app)


async def test_new_messages_do_not_move_a_reader_who_is_further_up(drive: Drive) -> None:
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        view = app.screen.query_one(TalkView)
        await pilot.press("f3", "home")
        await until(pilot, lambda: talk(app).scroll.anchor is not None and not talk(app).loading_older)
        top = view.scroll_y
        for number in range(5):
            sdk.say(WREN, f"more {number}", 60 + number)
        await until(pilot, lambda: talk(app).head == 22)
        assert view.scroll_y == top
        assert talk(app).scroll.unseen == 5
        await pilot.press("end")
        await until(pilot, lambda: talk(app).scroll.anchor is None)


async def test_what_was_shown_is_marked_as_read_and_what_was_not_is_counted(drive: Drive) -> None:
    sdk = FakeSdk()
    async with drive(sdk, WIDE) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, MainScreen)
        sdk.say(WREN, "news")
        await until(pilot, lambda: talk(app).unread == 1)
        screen.tick()
        await until(pilot, lambda: sdk.asked("message.mark_read"))
        assert sdk.asked("message.mark_read")[0].seq == 18
        assert talk(app).unread == 0
        await pilot.press("alt+down")
        sdk.say(WREN, "more news")
        await until(pilot, lambda: app.desk.store.state.talks[KITES].unread == 1)
        line = str(app.screen.query_one(GroupPane).list.get_option(KITES).prompt)
        await until(
            pilot, lambda: "(1)" in str(app.screen.query_one(GroupPane).list.get_option(KITES).prompt), line
        )


async def test_who_is_writing_is_shown_and_said(drive: Drive) -> None:
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        sdk.happen(group_stream(KITES), e.MEMBER_TYPING, e.MemberTyping(ref=XIAOMAN.ref))
        await until(pilot, lambda: "小满 is writing" in words(app, "#composer-above"))
        await write(pilot, "abc")
        assert len(sdk.asked("message.typing")) == 1  # once for a burst


async def test_text_of_people_is_shown_as_it_is(drive: Drive) -> None:
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        sdk.say(WREN, "[red]no[/red] \x1b[31m \u202eevil")
        await until(pilot, lambda: "[red]no[/red] \ufffd[31m evil" in texts(app))


# --- the connection ------------------------------------------------------------------------------------


async def test_the_connection_cell_says_how_things_stand(drive: Drive) -> None:
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        bar = app.screen.query_one(TopBar)
        assert "● online" in str(bar.render())
        sdk.become("offline", retry_in_s=2.2)
        await until(pilot, lambda: "↻ offline, trying again in 3 s" in str(bar.render()))
        await write(pilot, "still here")
        assert area_text(app) == "still here"
        sdk.become("online")
        await until(pilot, lambda: "● online" in str(bar.render()))


async def test_a_device_that_was_logged_out_says_so(drive: Drive) -> None:
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        sdk.end(ConnectionLost("closed", code=4502, final=True))
        await until(pilot, lambda: isinstance(app.screen, WelcomeScreen))
        assert "logged out from another one" in words(app, "#trouble")
        assert not app.desk.store.state.talks


# --- the panes -----------------------------------------------------------------------------------------


async def test_narrow_shows_one_pane_and_every_other_by_its_key(drive: Drive) -> None:
    async with drive(FakeSdk()) as (app, pilot):
        groups, about = app.screen.query_one(GroupPane), app.screen.query_one(AboutPane)
        assert (groups.display, about.display) == (False, False)
        await pilot.press("f2")
        assert (groups.display, about.display) == (True, False)
        assert app.screen.focused is groups.list
        await pilot.press("f4")
        assert (groups.display, about.display) == (False, True)
        await pilot.press("escape")
        assert (groups.display, about.display) == (False, False)
        assert app.screen.query_one(Composer).area.has_focus


async def test_a_group_is_opened_from_the_list_and_writing_goes_on_there(drive: Drive) -> None:
    async with drive(FakeSdk()) as (app, pilot):
        await pilot.press("f2", "down", "enter")
        await until(pilot, lambda: talk(app).id == TEA)
        assert not app.screen.query_one(GroupPane).display
        assert app.focused is app.screen.query_one(Composer).area


async def test_wide_shows_all_three(drive: Drive) -> None:
    async with drive(FakeSdk(), WIDE) as (app, pilot):
        groups, about = app.screen.query_one(GroupPane), app.screen.query_one(AboutPane)
        assert (groups.display, about.display) == (True, True)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: (groups.display, about.display) == (False, False))


async def test_the_mouse_works_too(drive: Drive) -> None:
    async with drive(FakeSdk(), WIDE) as (app, pilot):
        await pilot.click(TalkView, offset=(12, 5))
        await until(pilot, lambda: talk(app).scroll.cursor is not None)
        await pilot.click(GroupPane, offset=(6, 3))
        await until(pilot, lambda: talk(app).id == TEA)
