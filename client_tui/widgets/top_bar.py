"""The line at the top: what this is, who I am, and how the connection stands. Knows only the state."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from client_tui.i18n import _
from client_tui.labels import METHODS
from client_tui.prose import Run as _Run
from client_tui.prose import fit, one_line, width_of
from client_tui.refusals import words
from client_tui.state import Link, UiState
from server.wire.models import Verification


def connection_words(link: Link) -> tuple[str, str]:
    """The sign and the words of the connection cell: never a colour alone."""
    if link.ended is not None:
        return "✕", _("disconnected: {why}").format(why=words(link.ended))
    if link.state == "offline" and link.retry_in_s is not None:
        return "↻", _("offline, trying again in {seconds} s").format(seconds=link.retry_in_s)
    return {
        "connecting": ("↻", _("connecting")),
        "anonymous": ("●", _("connected, not logged in")),
        "resuming": ("↻", _("catching up")),
        "online": ("●", _("online")),
        "offline": ("○", _("offline")),
    }[link.state]


def verification_words(verification: Verification | None) -> str:
    """That, how and when: all that exists outside the vault (CG-06.1)."""
    if verification is None:
        return "✕ " + _("not verified")
    method = _(METHODS[verification.method]) if verification.method in METHODS else verification.method
    return "✓ " + _("verified · {method} · {date}").format(method=method, date=f"{verification.at:%Y-%m-%d}")


class TopBar(Static):
    DEFAULT_CSS = """
    TopBar { height: 1; background: #0f1214; color: $foreground; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._state = UiState()

    def show(self, state: UiState) -> None:
        if (state.link, state.account) != (self._state.link, self._state.account):
            self._state = state
            self.refresh()

    def render(self) -> Content:
        room = self.content_size.width
        sign, words_ = connection_words(self._state.link)
        steady = self._state.link.state in {"online", "anonymous"} and self._state.link.ended is None
        connection = (f"{sign} {fit(words_, max(room // 2, 20))}", "$success" if steady else "bold $warning")
        left: list[tuple[str, str]] = [("群组 Qunzu", "bold $primary"), ("  ", "")]
        account = self._state.account
        used = _width(left) + _width([connection]) + 2
        if account is not None:
            verified = verification_words(account.verification)
            short = verified.split(" · ")[0]
            name = fit(one_line(account.handle), 24)
            for words_ in (verified, short):
                if used + _width([(name, ""), (words_, "")]) + 2 <= room:
                    left += [(name, "bold"), ("  ", ""), (words_, "$quiet")]
                    break
        used = _width(left) + _width([connection])
        simulation = _("teaching simulation")
        if used + _width([(simulation, "")]) + 3 <= room:
            left += [("   ", ""), (simulation, "$quiet italic")]
            used = _width(left) + _width([connection])
        return Content.assemble(*left, " " * max(room - used, 1), connection)


def _width(parts: list[tuple[str, str]]) -> int:
    return width_of(tuple(_Run(text) for text, _style in parts))
