"""A name and a password. The name field is empty and stays so until the person types (CG-06.2)."""

from __future__ import annotations

from collections.abc import Iterator

from textual.widget import Widget

from client_tui.courier import Courier
from client_tui.desk import Desk
from client_tui.i18n import _
from client_tui.screens.form import Form
from client_tui.widgets.field import Field
from server.wire.verbs.account import Consent
from server.wire.verbs.rules import RulesText

SHORTEST_PASSWORD = 8  # the contract's; said here so that nobody has to ask the server to learn it


class RegisterForm(Form[bool]):
    topic = "handle"

    def __init__(self, desk: Desk, agreement: RulesText, consents: frozenset[Consent]) -> None:
        super().__init__(desk)
        self._agreement = agreement
        self._consents = consents

    def title_words(self) -> str:
        return _("Step 2 of 3 · A name of your choice")

    def intro_words(self) -> str:
        return _(
            "Others see the name you choose here, or another one in each group. It need not be, and is never "
            "filled from, your real name."
        )

    def body(self) -> Iterator[Widget]:
        blink = self.desk.blink
        yield Field(
            "handle",
            _("Name"),
            hint=_("1 to 24 characters of any script, no brackets"),
            topic="handle",
            blink=blink,
        )
        yield Field(
            "password",
            _("Password"),
            secret=True,
            hint=_("at least 8 characters"),
            topic="password",
            blink=blink,
        )
        yield Field("again", _("Password again"), secret=True, topic="password", blink=blink)

    def submit_words(self) -> str:
        return _("Open the account")

    def sentence_for(self, field: str) -> str:
        if field == "handle":
            return _("1 to 24 characters with something to see, without brackets or invisible characters.")
        return _("At least 8 characters, at most 256.")

    def check(self) -> bool:
        password, again = self.field("password"), self.field("again")
        if len(password.value) < SHORTEST_PASSWORD:
            password.wrong(self.sentence_for("password"))
            password.input.focus()
            return False
        if password.value != again.value:
            again.clear()
            again.wrong(_("The two passwords are not the same."))
            return False
        return True

    async def submit(self, courier: Courier) -> None:
        await courier.register(
            self.field("handle").value, self.field("password").value, self._agreement, sorted(self._consents)
        )
        self.dismiss(True)
