"""The terminal client against a real server on a real socket: from the first screen to an answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import UTC

import pytest

from client_tui.app import QunzuApp
from client_tui.desk import Desk
from client_tui.screens.groups import CreateGroupForm, ReceiptForm
from client_tui.screens.main import MainScreen
from client_tui.screens.register import RegisterForm
from client_tui.screens.verify import VerifyForm
from client_tui.sdk import RetryPolicy, connect, join_in, synthetic_person, this_program
from client_tui.widgets.composer import Composer
from client_tui.widgets.talk_header import TalkHeader
from client_tui.widgets.talk_view import TalkView
from client_tui.widgets.tick import Tick
from server.main import Server
from server.wire.verbs.group import JOIN_GROUP, JoinGroupParams
from server.wire.verbs.message import SEND, SendParams
from tests.conftest import PASSWORD, People
from tests.tui.conftest import until, write

Serve = Callable[..., AbstractAsyncContextManager[Server]]
NO_WAIT = RetryPolicy(first_s=0.0)


@pytest.mark.clause("CG-05.4", "CG-06.1", "CG-06.2", "CG-08.4", "CG-08.8")
async def test_from_the_first_screen_to_an_answer(server: Server, people: People) -> None:
    """Read, accept, name, verify, found a group, talk: with the keyboard alone, on the real thing."""
    desk = Desk(server.url, offered_person=synthetic_person(900), zone=UTC, tick_s=3600.0, blink=False)
    program = this_program("qunzu-tui")
    app = QunzuApp(
        lambda token: connect(server.url, token=token, client=program, retry=NO_WAIT), desk, locale="en"
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "version" in str(app.screen.query_one("#agree", Tick).render()))
        app.screen.query_one("#agree").focus()
        await pilot.press("space", "enter", "enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, RegisterForm))
        for text in ("风筝", "secret-pw", "secret-pw"):
            await write(pilot, text)
            await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, VerifyForm), "verify")
        await until(pilot, lambda: app.screen.query_one("#offer").has_focus)
        await pilot.press("enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "verified")
        await until(pilot, lambda: app.screen.query_one("#do-create").has_focus, "empty state")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, CreateGroupForm))
        await write(pilot, "Tea")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptForm), "receipt")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        await write(pilot, "好茶")
        await pilot.press("enter")

        state = desk.store
        view = app.screen.query_one(TalkView)
        await until(pilot, lambda: state.state.talk is not None and not state.state.talk.pending, "sent")
        await until(pilot, lambda: "好茶" in view.text)
        group = state.state.selected
        assert group is not None
        assert group in str(app.screen.query_one(TalkHeader).render())
        assert "风筝 (you) [群主 owner]" in view.text

        (bob,) = await people("bob")
        joined = await bob.call(JOIN_GROUP, JoinGroupParams(group=group, client_op_id=bob.op_id()))
        await until(pilot, lambda: "bob [成员 member] joined by its id" in view.text, "bob comes in")
        await bob.call(SEND, SendParams(group=group, text="hello @风筝", client_op_id=bob.op_id()))
        await until(pilot, lambda: "hello @风筝" in view.text, "bob talks")
        assert "2/" in str(app.screen.query_one(TalkHeader).render())
        assert joined.me.nickname == "bob"

        await pilot.press("f3", "up", "r")
        await until(pilot, lambda: state.state.talk is not None and state.state.talk.draft.reply_to)
        await write(pilot, "hello bob")
        await pilot.press("enter")
        await until(pilot, lambda: "┆ bob [成员 member] hello @风筝" in view.text, "answered")


async def test_a_text_written_while_the_server_is_away_arrives_once(serve: Serve) -> None:
    """The server goes, the person writes on; it comes back, and the message is there once."""
    async with AsyncExitStack() as first:
        server = await first.enter_async_context(serve())
        async with connect(server.url) as newcomer:
            await join_in(newcomer, "ann", PASSWORD, synthetic_person(901))
            token, url = newcomer.token, server.url
        desk = Desk(url, zone=UTC, tick_s=3600.0, blink=False)
        program = this_program("qunzu-tui")
        app = QunzuApp(
            lambda with_token: connect(url, token=with_token, client=program, retry=NO_WAIT),
            desk,
            locale="en",
            token=token,
        )
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: desk.store.state.listed and desk.courier, "logged in")
            assert desk.courier is not None
            await desk.courier.create_group("Tea", "", "other", None, None)
            view = app.screen.query_one(TalkView)
            await until(pilot, lambda: desk.store.state.talk and desk.store.state.talk.loaded, "group")
            await first.aclose()
            await until(pilot, lambda: desk.store.state.link.state == "offline", "offline")
            await until(pilot, lambda: app.screen.query_one(Composer).area.has_focus)
            await write(pilot, "written offline")
            await pilot.press("enter")
            await until(pilot, lambda: "◌ waiting for the connection" in view.text)
            async with serve(listen={"port": server.port}):
                await until(
                    pilot, lambda: desk.store.state.talk and not desk.store.state.talk.pending, "sent"
                )
                await until(pilot, lambda: view.text.count("written offline") == 1)
                assert "◌" not in view.text
