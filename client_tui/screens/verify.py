"""Proving an identity backstage (CG-06.1). Offers a synthetic one; fills nothing in before it is asked to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Select, Static

from client_tui.asking import Unsuccessful
from client_tui.courier import Courier
from client_tui.i18n import _
from client_tui.labels import DOCUMENTS, METHODS
from client_tui.prose import pad
from client_tui.screens.form import Form
from client_tui.widgets.choice import Choice
from client_tui.widgets.field import LABEL_CELLS, Field
from client_tui.widgets.push import Push
from server.wire.verbs.identity import OtherDocument, Verified
from server.wire.vocabulary import Method


class VerifyForm(Form[Verified]):
    topic = "identity"
    wide = True

    def title_words(self) -> str:
        return _("Step 3 of 3 · Verify backstage")

    def intro_words(self) -> str:
        return _(
            "Who sees this: nobody in any group, and no other user. It goes into a sealed vault; outside it "
            "there is only: verified, how, since when. Made-up identities only: a number that could be real "
            "is refused."
        )

    def body(self) -> Iterator[Widget]:
        if self.desk.offered_person is not None:
            words = _("Fill in a made-up identity for me")
            yield Push(words, id="offer", classes="offer")
        yield Choice(
            pad(_("How"), LABEL_CELLS - 2),
            [(method, _(text)) for method, text in METHODS.items()],
            "resident_id",
            id="method",
            topic="identity",
        )
        with Horizontal(classes="row", id="document-row"):
            yield Static(Content("  " + _("Which")), classes="label", markup=False)
            yield Select(
                [(_(text), document) for document, text in DOCUMENTS.items()],
                value="passport",
                allow_blank=False,
                compact=True,
                id="document",
            )
        yield Field("legal_name", _("Legal name"), topic="identity", blink=self.desk.blink)
        yield Field(
            "number",
            _("Number"),
            hint=_("made up: the region digits are 000000"),
            topic="identity",
            blink=self.desk.blink,
        )
        yield Field(
            "phone",
            _("Phone (optional)"),
            required=False,
            hint=_("made up: it begins with 1000000"),
            topic="consent",
            blink=self.desk.blink,
        )
        yield Static(
            Content(_("Skipping is fine: reading rules and your own data needs no identity.")),
            classes="quiet",
            markup=False,
        )

    def submit_words(self) -> str:
        return _("Verify")

    def cancel_words(self) -> str:
        return _("Skip for now")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#document-row").display = False
        self.query_one("#phone").display = "phone" in self.desk.consents
        self.query_one("#offer" if self.desk.offered_person is not None else "#legal_name Input").focus()
        if not self.desk.consents:
            self.run_worker(self._learn_consents())

    async def _learn_consents(self) -> None:
        """The phone field is there only for somebody who consented to it, in this run or an earlier one."""
        if self.desk.courier is None:
            return
        try:
            accepted = await self.desk.courier.accepted_agreement()
        except Unsuccessful:
            return
        self.query_one("#phone").display = "phone" in accepted.consents

    def on_choice_chosen(self, event: Choice.Chosen) -> None:
        event.stop()
        if event.choice.id == "method":
            self.query_one("#document-row").display = event.key == "other_document"

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id != "offer":
            super().on_button_pressed(event)
            return
        event.stop()
        person = self.desk.offered_person
        if person is None:
            return
        self.query_one("#method", Choice).choose("resident_id")
        self.field("legal_name").value = person.legal_name
        self.field("number").value = person.number
        self.query_one("#submit").focus()

    async def submit(self, courier: Courier) -> None:
        method = cast(Method, self.query_one("#method", Choice).chosen)
        which = cast(OtherDocument, self.query_one("#document", Select).value)
        phone = self.field("phone")
        verified = await courier.verify(
            method,
            which if method == "other_document" else None,
            self.field("legal_name").value,
            self.field("number").value.strip(),
            phone.value.strip() or None if phone.display else None,
        )
        if verified.handle_resembles_name:
            self.app.notify(
                _("Your name here is close to your verified name. You may change it at any time."),
                markup=False,
                severity="warning",
            )
        self.dismiss(verified)
