"""Taking a message of one's own back: asked once, since what is gone does not come again (SA-05.3)."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from client_tui.courier import Courier
from client_tui.desk import Desk
from client_tui.i18n import _
from client_tui.prose import fit, one_line
from client_tui.screens.form import Form
from server.wire.group_id import GroupId
from server.wire.models import Message

_QUOTED_CELLS = 60  # one line of the dialog


class RecallForm(Form[bool]):
    topic = "talk"

    def __init__(self, desk: Desk, group: GroupId, message: Message) -> None:
        super().__init__(desk)
        self._group, self._message = group, message

    def title_words(self) -> str:
        return _("Recall this message?")

    def body(self) -> Iterator[Widget]:
        yield Static(Content(fit(one_line(self._message.text or ""), _QUOTED_CELLS)), markup=False)
        yield Static(
            Content(_("Its text goes for everybody and does not come back; that it was here stays visible.")),
            classes="quiet",
            markup=False,
        )

    def submit_words(self) -> str:
        return _("Recall")

    def cancel_words(self) -> str:
        return _("Leave it")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#submit").focus()

    async def submit(self, courier: Courier) -> None:
        await courier.talk.recall(self._group, self._message.seq)
        self.dismiss(True)
