"""What a test sees of the app: the open talk, the words of a widget, what stands in the composer."""

from __future__ import annotations

from textual.widgets import Static

from client_tui.app import QunzuApp
from client_tui.state import Talk
from client_tui.widgets.composer import Composer
from client_tui.widgets.talk_view import TalkView

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
