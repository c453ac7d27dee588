"""The documents, in every version, with what changed (CG-05.3), and what one accepted (CG-05.4)."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from client_tui.actions import bindings
from client_tui.asking import Unsuccessful
from client_tui.desk import Desk
from client_tui.i18n import N_, _, current
from client_tui.refusals import words
from client_tui.widgets.choice import Choice
from client_tui.widgets.document_view import DocumentView
from client_tui.widgets.key_hints import KeyHints, place_of
from client_tui.widgets.words import Words
from server.wire.verbs.account import AcceptedAgreement
from server.wire.verbs.rules import RulesText
from server.wire.vocabulary import Document

TITLES: Final[dict[Document, str]] = {
    "rules": N_("Rules"),
    "convention": N_("Convention"),
    "agreement": N_("Agreement"),
    "privacy": N_("Privacy"),
    "notice": N_("Notice"),
    "about": N_("About"),
}


class ReaderScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = bindings("everywhere", "reader")
    topic = "document"

    def __init__(self, desk: Desk, document: Document = "rules") -> None:
        super().__init__()
        self.desk = desk
        self._document: Document = document
        self._text: RulesText | None = None
        self._comparing = False
        self._accepted: AcceptedAgreement | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -full"):
            yield Static(Content(_("Rules and notices")), classes="title", markup=False)
            titles = [(document, _(title)) for document, title in TITLES.items()]
            yield Choice("", titles, self._document, id="documents", topic="document")
            yield Words(id="version")
            yield DocumentView(id="document")
        yield KeyHints("reader", "everywhere")

    def on_mount(self) -> None:
        self.query_one("#document").focus()
        self.run_worker(self._load(None), exclusive=True)

    def on_descendant_focus(self) -> None:
        self.query_one(KeyHints).show(place_of(self.focused))

    async def _load(self, version: str | None) -> None:
        courier = self.desk.courier
        if courier is None:
            self._say(_("Not connected."))
            return
        try:
            self._text = await courier.document(self._document, current(), version)
            if self._document == "agreement" and self.desk.store.state.account is not None:
                self._accepted = await courier.accepted_agreement()
        except Unsuccessful as error:
            self._say(words(error.refusal))
            return
        self._comparing = False
        self._say(self._facts(self._text))
        self.query_one(DocumentView).show(self._text.body)

    def _facts(self, text: RulesText) -> str:
        facts = [
            _("version {version} of {date}, in force since {effective}").format(
                version=text.version, date=text.date, effective=text.effective
            ),
            _("digest {digest}").format(digest=text.sha256[:16]),
        ]
        if len(text.versions) > 1:
            facts.append(_("also: {versions}").format(
                versions=", ".join(one for one in text.versions if one != text.version)
            ))  # fmt: skip
        if self._accepted is not None and self._document == "agreement":
            when = self._accepted.at.astimezone(self.desk.zone)
            facts.append(
                _("you accepted {version} on {date}").format(
                    version=self._accepted.version, date=f"{when:%Y-%m-%d %H:%M}"
                )
            )
        return " · ".join(facts)

    def _say(self, facts: str) -> None:
        self.query_one("#version", Words).say(Content.styled(facts, "$quiet"))

    # --- acting --------------------------------------------------------------------------------------------

    def on_choice_chosen(self, event: Choice.Chosen) -> None:
        event.stop()
        self._document = next(document for document in TITLES if document == event.key)
        self.run_worker(self._load(None), exclusive=True)

    def on_choice_entered(self, event: Choice.Entered) -> None:
        event.stop()
        self.query_one("#document").focus()

    def on_key(self, event: events.Key) -> None:
        # In the document, left and right turn to the next document: it never scrolls sideways.
        if event.key in {"left", "right"} and self.focused is self.query_one(DocumentView):
            event.stop()
            self.query_one("#documents", Choice).step(-1 if event.key == "left" else 1)

    def action_other_version(self) -> None:
        """The version before this one; from the oldest, the newest again."""
        if self._text is not None and len(self._text.versions) > 1:
            versions = self._text.versions
            before = versions[versions.index(self._text.version) - 1]
            self.run_worker(self._load(before), exclusive=True)

    def action_what_changed(self) -> None:
        if self._text is None:
            return
        if self._comparing:
            self.run_worker(self._load(self._text.version), exclusive=True)
            return
        place = self._text.versions.index(self._text.version)
        if place == 0:
            self._say(_("There is no version before this one."))
        else:
            old, new = self._text.versions[place - 1], self._text.version
            self.run_worker(self._compare(old, new), exclusive=True)

    async def _compare(self, old: str, new: str) -> None:
        if self.desk.courier is None:
            return
        try:
            comparison = await self.desk.courier.compare(self._document, current(), old, new)
        except Unsuccessful as error:
            self._say(words(error.refusal))
            return
        self._comparing = True
        self.query_one(DocumentView).show(comparison.diff or _("Nothing changed."), diff=True)
        self._say(_("what changed from {old} to {new}: - went, + came").format(old=old, new=new))

    def action_cancel(self) -> None:
        self.dismiss(None)
