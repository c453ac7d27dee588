"""What one is looking at, which clause put it there, and every key: made from the topics and the actions."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from client_tui.actions import PLACES, Place, bindings, keys_in_words, of
from client_tui.i18n import _
from client_tui.topics import TOPICS
from client_tui.widgets.document_view import DocumentView
from client_tui.widgets.key_hints import KeyHints


def help_text(topic: str, place: Place | None) -> str:
    """The page: the topic and its clauses, then the keys, those of the place where one stands first."""
    parts: list[str] = []
    if topic in TOPICS:
        about = TOPICS[topic]
        parts += [f"# {_(about.title)}", _(about.text)]
        clauses = ", ".join(f"**{clause}**" for clause in about.clauses)
        parts.append(
            _("Clauses behind it: {clauses}").format(clauses=clauses)
            if clauses
            else _("No clause asks for it: it is there because it helps.")
        )
    parts.append("# " + _("Keys"))
    for where in sorted(PLACES, key=lambda one: one != place):
        parts.append(f"## {_(PLACES[where])}")
        rows = []
        for action in of(where):
            keys = keys_in_words(action.keys) or _("menu")
            clauses = f" ({', '.join(action.clauses)})" if action.clauses else ""
            rows.append(f"- **{keys}** {_(action.label)}: {_(action.help)}{clauses}")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


class HelpScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = bindings("everywhere", "form")

    def __init__(self, topic: str, place: Place | None) -> None:
        super().__init__()
        self._asked = topic
        self._place: Place | None = place

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -full"):
            yield Static(Content(_("Help")), classes="title", markup=False)
            yield DocumentView(id="document")
        yield KeyHints("form", "everywhere")

    def on_mount(self) -> None:
        view = self.query_one(DocumentView)
        view.focus()
        view.show(help_text(self._asked, self._place))
        self.query_one(KeyHints).show("document")

    def action_cancel(self) -> None:
        self.dismiss(None)
