"""Leaving the program or the account: asked once, with what would be lost said first."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from client_tui.courier import Courier
from client_tui.desk import Desk
from client_tui.i18n import _, ngettext
from client_tui.refusals import GONE, Refusal, words
from client_tui.screens.form import Form
from client_tui.screens.going import LoggedOut, QuitConfirmed
from client_tui.state import UiState


def unsent_words(state: UiState) -> str:
    """What has not reached the server: texts on their way, and drafts. Empty when there is nothing."""
    pending = sum(len([one for one in talk.pending if one.seq is None]) for talk in state.talks.values())
    drafts = sum(bool(talk.draft.text.strip()) for talk in state.talks.values())
    parts = []
    if pending:
        parts.append(
            ngettext(
                "{number} message is still on its way.", "{number} messages are still on their way.", pending
            ).format(number=pending)
        )
    if drafts:
        parts.append(
            ngettext(
                "{number} draft would be gone: drafts are kept only while this program runs.",
                "{number} drafts would be gone: drafts are kept only while this program runs.",
                drafts,
            ).format(number=drafts)
        )
    return " ".join(parts)


def afterwards_words(desk: Desk) -> str:
    """What is left of the server once this program is left; empty where nobody has an account there."""
    if desk.afterwards == "deleted":
        return _("The demo ends with it: everything of this demo is deleted, accounts too.")
    if desk.afterwards == "kept":
        return _("The demo ends with it: its server stops, and its data stay in the directory you named.")
    return "" if desk.store.state.account is None else _("You come back with your name and password.")


class QuitForm(Form[bool]):
    topic = "menu"

    def title_words(self) -> str:
        return _("Leave Qunzu?")

    def body(self) -> Iterator[Widget]:
        if unsent := unsent_words(self.desk.store.state):
            yield Static(Content(unsent), markup=False)
        if afterwards := afterwards_words(self.desk):
            yield Static(Content(afterwards), classes="quiet", markup=False)

    def submit_words(self) -> str:
        return _("Quit")

    def cancel_words(self) -> str:
        return _("Stay")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#submit").focus()

    def go_on(self) -> None:
        self.dismiss(True)
        self.app.post_message(QuitConfirmed())


class ServerGoneForm(QuitForm):
    """The server is gone for good: what is on the screen can be read on, and nothing else."""

    def title_words(self) -> str:
        return words(Refusal(GONE))

    def body(self) -> Iterator[Widget]:
        yield Static(Content(_("What is on the screen can still be read.")), classes="quiet", markup=False)


class LogOutForm(Form[bool]):
    topic = "sessions"

    def title_words(self) -> str:
        return _("Log out on this device?")

    def body(self) -> Iterator[Widget]:
        if unsent := unsent_words(self.desk.store.state):
            yield Static(Content(unsent), markup=False)
        yield Static(Content(_("Your other devices stay logged in.")), classes="quiet", markup=False)

    def submit_words(self) -> str:
        return _("Log out")

    def cancel_words(self) -> str:
        return _("Stay")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#cancel").focus()

    async def submit(self, courier: Courier) -> None:
        await courier.log_out()
        self.dismiss(True)
        self.app.post_message(LoggedOut())
