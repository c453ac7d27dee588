"""The first screen: language, what one should read, and the agreement. No account and no identity before it.

Clauses: CG-05.3 (rules are readable by anybody), CG-05.4 (the agreement is shown and accepted separately,
consents are separate, unticked, refusable), INV-14 (who can read what, said plainly).
"""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button, Static

from client_tui.actions import bindings
from client_tui.asking import Unsuccessful
from client_tui.desk import Desk
from client_tui.i18n import LOCALES, N_, OWN_NAMES, _, current
from client_tui.messages import StateChanged
from client_tui.prose import pad
from client_tui.refusals import words
from client_tui.screens.going import AgreementAccepted, LanguageChosen, LogInWanted
from client_tui.screens.notice import plainly
from client_tui.widgets.choice import Choice
from client_tui.widgets.document_view import DocumentView
from client_tui.widgets.key_hints import KeyHints, place_of
from client_tui.widgets.push import Push
from client_tui.widgets.tick import Tick
from client_tui.widgets.top_bar import TopBar
from client_tui.widgets.words import Words
from server.wire.verbs.account import Consent
from server.wire.verbs.rules import RulesText
from server.wire.vocabulary import Document

TO_READ: Final[dict[Document, str]] = {
    "notice": N_("Who reads what"),
    "rules": N_("Rules"),
    "convention": N_("Convention"),
    "agreement": N_("Agreement"),
    "privacy": N_("Privacy"),
}


class WelcomeScreen(Screen[None]):
    BINDINGS: ClassVar[list[BindingType]] = bindings("everywhere")
    topic = "document"

    def __init__(self, desk: Desk, trouble: str = "", *, choose_language: bool = True) -> None:
        super().__init__()
        self.desk = desk
        self._trouble = trouble
        self._choose_language = choose_language
        self._texts: dict[Document, RulesText] = {}
        self._document: Document = "notice"

    def compose(self) -> ComposeResult:
        yield TopBar()
        yield Static(Content(plainly()), id="plainly", markup=False)
        languages = [(locale, OWN_NAMES[locale]) for locale in LOCALES]
        yield Choice("语言 Lang", languages, current(), id="language", topic="language")
        titles = [(document, _(title)) for document, title in TO_READ.items()]
        yield Choice(pad(_("Read"), 9), titles, self._document, id="documents", topic="document")
        yield DocumentView(id="document")
        yield Words(id="version")
        yield Tick(self._agree_words(), id="agree", topic="agreement")
        yield Tick(
            _("Optional: my phone number may be kept in the vault, if I enter one"),
            id="consent-phone",
            topic="consent",
        )
        yield Words(id="trouble")
        with Horizontal(classes="buttons"):
            yield Push(_("Go on: new account"), id="new", primary=True)
            yield Push(_("I have an account: log in"), id="log-in")
        yield KeyHints("form", "everywhere")

    def on_mount(self) -> None:
        self._draw_trouble()
        self.query_one("#language" if self._choose_language else "#document").focus()
        self.watch_store = self.desk.store.watch(lambda _state: self.post_message(StateChanged()))
        self._draw()
        self.load()

    def on_unmount(self) -> None:
        self.watch_store()

    # --- showing -----------------------------------------------------------------------------------------

    def on_state_changed(self) -> None:
        self._draw()
        if not self._texts:
            self.load()

    def _draw(self) -> None:
        self.query_one(TopBar).show(self.desk.store.state)

    def on_descendant_focus(self) -> None:
        self.query_one(KeyHints).show(place_of(self.focused))

    def load(self) -> None:
        """Fetch what is to be read. Called again when there is a connection at last."""
        if self.desk.courier is not None:
            self.run_worker(self._load(), exclusive=True)

    async def _load(self) -> None:
        courier = self.desk.courier
        if courier is None:
            return
        try:
            for document in (self._document, *TO_READ):
                if document not in self._texts:
                    self._texts[document] = await courier.document(document, current())
                if document == self._document:
                    self._show_document()
        except Unsuccessful as error:
            self.say(words(error.refusal))
            return
        self.query_one("#agree", Tick).say(self._agree_words())

    def _show_document(self) -> None:
        text = self._texts.get(self._document)
        if text is None:
            return
        self.query_one(DocumentView).show(text.body)
        facts = _("version {version} · in force since {date} · digest {digest}").format(
            version=text.version, date=text.effective, digest=text.sha256[:16]
        )
        self.query_one("#version", Words).say(Content.styled(facts, "$quiet"))

    def _agree_words(self) -> str:
        agreement = self._texts.get("agreement")
        if agreement is None:
            return _("I accept the service agreement")
        return _("I accept the service agreement, version {version}").format(version=agreement.version)

    def say(self, trouble: str) -> None:
        self._trouble = trouble
        self._draw_trouble()

    def _draw_trouble(self) -> None:
        line = self.query_one("#trouble", Words)
        line.display = bool(self._trouble)
        line.say(_("! {why}").format(why=self._trouble))

    # --- acting ------------------------------------------------------------------------------------------

    def on_choice_chosen(self, event: Choice.Chosen) -> None:
        event.stop()
        if event.choice.id == "language":
            self.post_message(LanguageChosen(event.key))
        else:
            self._document = next(document for document in TO_READ if document == event.key)
            self._show_document()

    def on_choice_entered(self, event: Choice.Entered) -> None:
        event.stop()
        self.focus_next()

    def on_key(self, event: events.Key) -> None:
        """Enter in a document reads on: the next page, then the next document, then the box to tick."""
        view = self.query_one(DocumentView)
        if event.key != "enter" or self.focused is not view:
            return
        event.stop()
        if not view.at_end:
            view.scroll_page_down(animate=False)
        elif not self.query_one("#documents", Choice).step(1):
            self.query_one("#agree").focus()

    def on_tick_toggled(self, event: Tick.Toggled) -> None:
        event.stop()
        self.say("")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "log-in":
            self.post_message(LogInWanted())
            return
        agreement = self._texts.get("agreement")
        if agreement is None:
            self.say(_("The agreement has not arrived yet: nobody can accept it unread. (CG-05.4)"))
            return
        if not self.query_one("#agree", Tick).value:
            self.say(
                _("To open an account, accept the agreement: tick the box yourself (Space). Until then no "
                  "account exists, and no identity is asked for. (CG-05.4)")
            )  # fmt: skip
            self.query_one("#agree").focus()
            return
        phone: frozenset[Consent] = (
            frozenset({"phone"}) if self.query_one("#consent-phone", Tick).value else frozenset()
        )
        self.post_message(AgreementAccepted(agreement, phone))
