"""Everything one can do, as a list with keys: for whoever would rather choose than remember."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from client_tui.actions import ACTIONS, bindings, keys_in_words
from client_tui.i18n import _
from client_tui.prose import pad
from client_tui.widgets.key_hints import KeyHints


class MenuScreen(ModalScreen[str]):
    """Dismissed with the id of the chosen action."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("everywhere", "form")
    topic = "menu"

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(Content(_("Menu")), classes="title", markup=False)
            yield OptionList(
                *(
                    Option(
                        Content.assemble(
                            (pad(keys_in_words(action.keys[:1]), 8), "bold $primary"), _(action.label)
                        ),
                        id=action.id,
                    )
                    for action in sorted(ACTIONS, key=lambda one: one.where == "everywhere")
                    if action.menu
                ),
                id="menu",
                markup=False,
                compact=True,
            )
        yield KeyHints("form", "everywhere")

    def on_mount(self) -> None:
        menu = self.query_one("#menu", OptionList)
        menu.focus()
        self.query_one(KeyHints).show("groups")
        menu.highlighted = 0

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option_id)

    def action_cancel(self) -> None:
        self.dismiss(None)
