"""Back to an account that exists."""

from __future__ import annotations

from collections.abc import Iterator

from textual.widget import Widget

from client_tui.courier import Courier
from client_tui.i18n import _
from client_tui.screens.form import Form
from client_tui.widgets.field import Field


class LogInForm(Form[bool]):
    topic = "password"

    def title_words(self) -> str:
        return _("Log in")

    def body(self) -> Iterator[Widget]:
        yield Field("handle", _("Name"), blink=self.desk.blink)
        yield Field("password", _("Password"), secret=True, blink=self.desk.blink)

    def submit_words(self) -> str:
        return _("Log in")

    async def submit(self, courier: Courier) -> None:
        await courier.log_in(self.field("handle").value, self.field("password").value)
        self.dismiss(True)
