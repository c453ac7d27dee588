"""One's devices and one's password (CG-06.4)."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from client_tui.asking import Unsuccessful
from client_tui.courier import Courier
from client_tui.i18n import _, ngettext
from client_tui.prose import one_line
from client_tui.screens.form import Form
from client_tui.widgets.field import Field
from client_tui.widgets.top_bar import verification_words
from server.wire.verbs.session import Sessions
from server.wire.vocabulary import SessionId


class SessionsForm(Form[bool]):
    """Each log-in on its line; Enter on one that is not this device logs it out."""

    topic = "sessions"
    wide = True

    def title_words(self) -> str:
        return _("My devices")

    def intro_words(self) -> str:
        account = self.desk.store.state.account
        if account is None:
            return ""
        return f"{one_line(account.handle)}  {verification_words(account.verification)}"

    def body(self) -> Iterator[Widget]:
        yield OptionList(id="sessions", markup=False, compact=True)
        yield Static(Content(_("Enter logs the chosen device out, at once.")), classes="quiet", markup=False)

    def cancel_words(self) -> str:
        return _("Close")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#sessions").focus()
        self.run_worker(self._load())

    async def _load(self) -> None:
        if self.desk.courier is None:
            return
        try:
            sessions = await self.desk.courier.sessions()
        except Unsuccessful as error:
            self.refuse(error.refusal)
            return
        self._show(sessions)

    def _show(self, sessions: Sessions) -> None:
        options = self.query_one("#sessions", OptionList)
        options.clear_options()
        for one in sessions.sessions:
            here = one.session == sessions.current
            opened = one.opened_at.astimezone(self.desk.zone)
            options.add_option(
                Option(
                    Content.assemble(
                        ("● " if here else "○ ", "$primary"),
                        (one_line(one.client), "bold"),
                        ("  " + _("since {date}").format(date=f"{opened:%Y-%m-%d %H:%M}"), "$quiet"),
                        ("  " + _("this device") if here else "", "$primary"),
                    ),
                    id=one.session,
                    disabled=here,
                )
            )
        others = len(sessions.sessions) - 1
        options.highlighted = next(
            (index for index, option in enumerate(options.options) if not option.disabled), None
        )
        self._say("" if others else _("No other device is logged in."))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id is not None:
            self.run_worker(self._revoke(SessionId(event.option_id)), exclusive=True)

    async def _revoke(self, session: SessionId) -> None:
        if self.desk.courier is None:
            return
        try:
            await self.desk.courier.revoke(session)
            self._show(await self.desk.courier.sessions())
        except Unsuccessful as error:
            self.refuse(error.refusal)
        else:
            self._say(_("Logged out."))


class PasswordForm(Form[bool]):
    topic = "password"

    def title_words(self) -> str:
        return _("Change password")

    def intro_words(self) -> str:
        return _("Your other devices are logged out.")

    def body(self) -> Iterator[Widget]:
        blink = self.desk.blink
        yield Field("old_password", _("Password now"), secret=True, topic="password", blink=blink)
        yield Field(
            "new_password",
            _("New password"),
            secret=True,
            hint=_("at least 8 characters"),
            topic="password",
            blink=blink,
        )
        yield Field("again", _("New one again"), secret=True, topic="password", blink=blink)

    def submit_words(self) -> str:
        return _("Change it")

    def sentence_for(self, field: str) -> str:
        return _("At least 8 characters, at most 256.")

    def check(self) -> bool:
        again = self.field("again")
        if self.field("new_password").value != again.value:
            again.clear()
            again.wrong(_("The two passwords are not the same."))
            return False
        return True

    async def submit(self, courier: Courier) -> None:
        changed = await courier.change_password(
            self.field("old_password").value, self.field("new_password").value
        )
        number = changed.sessions_closed
        self.app.notify(
            ngettext(
                "Password changed; {number} other device logged out.",
                "Password changed; {number} other devices logged out.",
                number,
            ).format(number=number),
            markup=False,
        )
        self.dismiss(True)
