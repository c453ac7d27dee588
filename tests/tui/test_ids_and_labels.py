"""The id of a group and the role beside a name, one test for each place that has to show them."""

from __future__ import annotations

import pytest
from textual.widgets import OptionList, Static

from client_tui.screens.groups import JoinGroupForm, LeaveGroupForm
from client_tui.screens.main import MainScreen
from client_tui.widgets.field import Field
from client_tui.widgets.group_pane import GroupPane
from client_tui.widgets.talk_header import TalkHeader
from server.wire import events as e
from server.wire.vocabulary import group_stream
from tests.tui.conftest import Drive, until
from tests.tui.fake_sdk import FakeSdk
from tests.tui.looking import WIDE, texts, words
from tests.tui.story import ELSEWHERE, HERON, KITES, TEA

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
