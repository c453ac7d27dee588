"""The agreement as it now stands: to read, to accept when changed, to give or take back consent (CG-05.4)."""

from __future__ import annotations

from collections.abc import Iterator

from textual.widget import Widget

from client_tui.asking import Unsuccessful
from client_tui.courier import Courier
from client_tui.desk import Desk
from client_tui.i18n import _, current
from client_tui.refusals import words
from client_tui.screens.form import Form
from client_tui.widgets.document_view import DocumentView
from client_tui.widgets.tick import Tick
from client_tui.widgets.words import Words
from server.wire.verbs.account import Consent
from server.wire.verbs.rules import RulesText


class AgreementForm(Form[bool]):
    topic = "agreement"
    wide = True

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._shown: RulesText | None = None

    def title_words(self) -> str:
        return _("My agreement")

    def body(self) -> Iterator[Widget]:
        yield Words(id="version")
        yield DocumentView(id="document")
        yield Tick(_("I accept the service agreement"), id="agree", topic="agreement")
        yield Tick(
            _("Optional: my phone number may be kept in the vault, if I enter one"),
            id="consent-phone",
            topic="consent",
        )

    def submit_words(self) -> str:
        return _("Accept")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(DocumentView).focus()
        self.run_worker(self._load())

    async def _load(self) -> None:
        if self.desk.courier is None:
            return
        facts = self.query_one("#version", Words)
        try:
            accepted = await self.desk.courier.accepted_agreement()
            self._shown = await self.desk.courier.document("agreement", current())
        except Unsuccessful as error:
            facts.say(words(error.refusal))
            return
        facts.say(
            _("now in force: {version} · you accepted {accepted} on {date}").format(
                version=self._shown.version,
                accepted=accepted.version,
                date=f"{accepted.at.astimezone(self.desk.zone):%Y-%m-%d}",
            )
        )
        self.query_one(DocumentView).show(self._shown.body)
        self.query_one("#agree", Tick).say(
            _("I accept the service agreement, version {version}").format(version=self._shown.version)
        )
        # What was consented to before stands as it is; nothing new is ticked for anybody.
        if "phone" in accepted.consents:
            self.query_one("#consent-phone", Tick).toggle()

    def check(self) -> bool:
        if self._shown is not None and self.query_one("#agree", Tick).value:
            return True
        self._say(_("Nothing is accepted for you: tick the box yourself (Space). (CG-05.4)"), wrong=True)
        self.set_focus(self.query_one("#agree"))
        return False

    async def submit(self, courier: Courier) -> None:
        if self._shown is None:
            return
        phone: list[Consent] = ["phone"] if self.query_one("#consent-phone", Tick).value else []
        await courier.accept_agreement(self._shown, phone)
        self.desk.consents = frozenset(phone)
        self.dismiss(True)
