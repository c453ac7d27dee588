"""Who can read what, and what this program is (INV-14): one page, from any screen."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from client_tui.actions import bindings
from client_tui.asking import Unsuccessful
from client_tui.desk import Desk
from client_tui.i18n import _, current
from client_tui.refusals import words
from client_tui.widgets.document_view import DocumentView
from client_tui.widgets.key_hints import KeyHints, place_of
from client_tui.widgets.words import Words
from server.wire.verbs.server import About


def plainly() -> str:
    """The one sentence that nobody may miss."""
    return _("Not end-to-end encrypted: this server's operator can read messages. (INV-14)")


class NoticeScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = bindings("everywhere", "form")
    topic = "notice"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -full"):
            yield Static(Content(_("Who can read what")), classes="title", markup=False)
            yield Static(Content(plainly()), id="plainly", markup=False)
            yield Words(id="version")
            yield DocumentView(id="document")
        yield KeyHints("form", "everywhere")

    def on_mount(self) -> None:
        view = self.query_one(DocumentView)
        view.topic = "notice"
        view.focus()
        self.run_worker(self._load())

    def on_descendant_focus(self) -> None:
        self.query_one(KeyHints).show(place_of(self.focused))

    async def _load(self) -> None:
        facts = self.query_one("#version", Words)
        if self.desk.courier is None:
            facts.say(_("Not connected."))
            return
        try:
            about = await self.desk.courier.about(current())
        except Unsuccessful as error:
            facts.say(words(error.refusal))
            return
        facts.say(Content.styled(_facts(about, self.desk.url), "$quiet"))
        self.query_one(DocumentView).show(f"{about.notice.strip()}\n\n{about.about.strip()}\n")

    def action_cancel(self) -> None:
        self.dismiss(None)


def _facts(about: About, url: str) -> str:
    facts = [
        f"{about.name} {about.version}",
        url,
        _("profile {profile}").format(profile=about.profile),
        _("policy {digest}").format(digest=about.policy[:12]),
    ]
    if about.simulation:
        facts.append(_("teaching simulation"))
    return " · ".join(facts)
