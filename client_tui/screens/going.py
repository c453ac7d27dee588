"""Where a screen wants to go: typed messages to the app, the only one that knows which screen follows."""

from __future__ import annotations

from textual.message import Message

from server.wire.verbs.account import Consent
from server.wire.verbs.rules import RulesText


class LanguageChosen(Message):
    def __init__(self, locale: str) -> None:
        self.locale = locale
        super().__init__()


class AgreementAccepted(Message):
    """The person accepted this very text, and gave these optional consents; next comes a name."""

    def __init__(self, agreement: RulesText, consents: frozenset[Consent]) -> None:
        self.agreement, self.consents = agreement, consents
        super().__init__()


class LogInWanted(Message):
    """The person has an account already."""


class LoggedOut(Message):
    """This device's log-in is over, by one's own wish."""


class QuitConfirmed(Message):
    """Leave the program now."""
