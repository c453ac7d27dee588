"""Groups, talk, about: reading, writing, replying, recalling, at 80×24 and at 120×40. On the fake SDK."""

from __future__ import annotations

import pytest
from textual.widgets import OptionList, Static

from client_tui.app import QunzuApp
from client_tui.screens.groups import JoinGroupForm, LeaveGroupForm, NicknameForm
from client_tui.screens.help import HelpScreen
from client_tui.screens.main import MainScreen
from client_tui.screens.welcome import WelcomeScreen
from client_tui.sdk import ConnectionLost
from client_tui.state import Talk
from client_tui.widgets.about_pane import AboutPane
from client_tui.widgets.composer import Composer
from client_tui.widgets.document_view import DocumentView
from client_tui.widgets.field import Field
from client_tui.widgets.group_pane import GroupPane
from client_tui.widgets.push import Push
from client_tui.widgets.talk_header import TalkHeader
from client_tui.widgets.talk_view import TalkView
from client_tui.widgets.top_bar import TopBar
from server.wire import events as e
from server.wire.vocabulary import account_stream, group_stream
from tests.tui import story
from tests.tui.conftest import Drive, until, write
from tests.tui.fake_sdk import FakeSdk, refusal
from tests.tui.story import ELSEWHERE, HERON, KITES, ME, TEA, WREN, XIAOMAN

WIDE = (120, 40)


def talk(app: QunzuApp) -> Talk:
    found = app.desk.store.state.talk
    assert found is not None
    return found


def words(app: QunzuApp, selector: str) -> str:
    return str(app.screen.query_one(selector, Static).render())


def texts(app: QunzuApp) -> str:
    return app.screen.query_one(TalkView).text


def area_text(app: QunzuApp) -> str:
    return app.screen.query_one(Composer).area.text


# --- the id of the group, one test for each place ------------------------------------------------------


@pytest.mark.clause("CG-08.4", "CG-08.1")
async def test_the_head_of_the_talk_has_the_id_and_the_places(drive: Drive) -> None:
    """CG-08.4: the chat header shows the id; CG-08.1: it shows members of the cap."""
    async with drive(FakeSdk()) as (app, _pilot):
        head = str(app.screen.query_one(TalkHeader).render())
        assert KITES in head
        assert "4/30" in head


@pytest.mark.clause("CG-08.4")
async def test_the_list_of_groups_has_every_id(drive: Drive) -> None:
    """CG-08.4: the group list shows the id of each group."""
    async with drive(FakeSdk(), WIDE) as (app, _pilot):
        lines = "\n".join(str(option.prompt) for option in app.screen.query_one(GroupPane).list.options)
        assert KITES in lines
        assert TEA in lines


@pytest.mark.clause("CG-08.4")
async def test_the_card_of_the_group_has_the_id(drive: Drive) -> None:
    """CG-08.4: the header card shows the id."""
    async with drive(FakeSdk(), WIDE) as (app, _pilot):
        card = "\n".join(str(part.render()) for part in app.screen.query("#about Static").results(Static))
        assert KITES in card


@pytest.mark.clause("CG-08.4")
async def test_the_join_dialog_notices_a_mistyped_id_by_itself(drive: Drive) -> None:
    """CG-08.4: a wrong check character is called mistyped without a look-up."""
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, JoinGroupForm))
        field = app.screen.query_one("#group", Field)
        wrong = ELSEWHERE[:-1] + ("0" if ELSEWHERE[-1] != "0" else "1")
        field.value = wrong
        await pilot.press("enter")
        assert "mistyped" in words(app, "#group .below")
        assert not sdk.asked("group.join")
        field.value = ELSEWHERE.lower().replace("g-", " ")
        await pilot.press("enter")
        await until(pilot, lambda: sdk.asked("group.join"))
        assert sdk.asked("group.join")[0].group == ELSEWHERE
        assert field.value == ELSEWHERE


@pytest.mark.clause("CG-08.4")
async def test_the_leave_dialog_has_the_id(drive: Drive) -> None:
    """CG-08.4: whoever is about to leave sees which group by its id."""
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        await pilot.press("ctrl+l")
        await until(pilot, lambda: isinstance(app.screen, LeaveGroupForm))
        assert any(KITES in str(part.render()) for part in app.screen.query(Static))
        assert app.focused is app.screen.query_one("#cancel")
        app.screen.query_one("#submit").focus()
        await pilot.press("enter")
        await until(pilot, lambda: app.desk.store.state.selected == TEA)
        assert isinstance(app.screen, MainScreen)


async def test_the_id_can_be_copied_with_one_key(drive: Drive) -> None:
    async with drive(FakeSdk()) as (app, pilot):
        await pilot.press("f4", "y")
        assert app.clipboard == KITES


# --- role labels, one test for each place --------------------------------------------------------------


@pytest.mark.clause("CG-08.8")
async def test_the_stream_shows_roles_and_follows_a_change_at_once(drive: Drive) -> None:
    """CG-08.8: in the message stream; who has left has no role any more, on the screen at once."""
    sdk = FakeSdk()
    async with drive(sdk) as (app, pilot):
        assert "Heron 7 [管理 admin]" in texts(app)
        sdk.happen(group_stream(KITES), e.MEMBER_LEFT, e.MemberLeft(ref=HERON.ref, nickname="Heron 7"))
        await until(pilot, lambda: "Heron 7 [已退 left]" in texts(app))


@pytest.mark.clause("CG-08.8")
async def test_the_roster_shows_roles_owner_first(drive: Drive) -> None:
    """CG-08.8: in the roster."""
    async with drive(FakeSdk(), WIDE) as (app, _pilot):
        lines = [
            line
            for part in app.screen.query("#about Static").results(Static)
            for line in str(part.render()).splitlines()
        ]
        roster = [line for line in lines if "[" in line]
        assert roster == [
            "小满 [群主 owner]", "Heron 7 [管理 admin]", "Wren [成员 member]", "风筝 (you) [成员 member]",
        ]  # fmt: skip


@pytest.mark.clause("CG-08.8")
async def test_the_mention_list_shows_roles(drive: Drive) -> None:
    """CG-08.8: in the mention list."""
    async with drive(FakeSdk()) as (app, pilot):
        await pilot.press("@")
        options = app.screen.query_one("#mentions", OptionList)
        await until(pilot, lambda: options.display)
        assert [str(option.prompt) for option in options.options] == [
            "@小满 [群主 owner]",
            "@Heron 7 [管理 admin]",
            "@Wren [成员 member]",
        ]


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
        await pilot.press("up", "x")
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
