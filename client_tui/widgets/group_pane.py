"""The list of one's groups: name, id, own role, unread count. Knows talks, and says which was opened."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from client_tui.actions import bindings
from client_tui.i18n import _
from client_tui.labels import role_label
from client_tui.messages import GroupOpened
from client_tui.prose import fit, one_line, pad
from client_tui.state import Talk, UiState
from client_tui.widgets.pane import Pane
from server.wire.group_id import GroupId

WIDTH = 30
_ROOM = WIDTH - 4  # a blank either side, and the cells of the scrollbar


def group_line(talk: Talk, *, selected: bool) -> Content:
    """Two lines: what it is called and how much is new; its id and my role in it (CG-08.4, CG-08.8)."""
    count = str(talk.unread) if talk.unread < 1000 else "999+"
    badge = f"({count})" if talk.unread else ""
    sign = "▸ " if selected else "  "
    name = pad(one_line(talk.view.name), _ROOM - 2 - len(badge) - 1)
    name_style = "bold" if selected or talk.unread else ""
    draft = "✎ " if talk.draft.text.strip() and not selected else "  "
    label = fit(role_label(talk.my_role), 13)
    return Content.assemble(
        (sign, "$primary bold"),
        (name, name_style),
        " ",
        (badge, "bold $accent"),
        "\n",
        (draft, "$accent"),
        (talk.id, "$quiet"),
        " ",
        (label, "$quiet"),
    )


class GroupList(OptionList):
    BINDINGS: ClassVar[list[BindingType]] = bindings("groups")
    topic = "groups"
    place = "groups"

    def __init__(self) -> None:
        super().__init__(markup=False, compact=True)
        self._shown: dict[GroupId, Content] = {}

    def show(self, state: UiState) -> None:
        lines = {id_: group_line(talk, selected=id_ == state.selected) for id_, talk in state.talks.items()}
        if lines.keys() != self._shown.keys() or list(lines) != list(self._shown):
            self.clear_options()
            self.add_options(Option(line, id=id_) for id_, line in lines.items())
            self._highlight(state.selected)
        else:
            for id_, line in lines.items():
                if not line.is_same(self._shown[id_]):
                    self.replace_option_prompt(id_, line)
        self._shown = lines

    def highlight_selected(self, selected: GroupId | None) -> None:
        self._highlight(selected)

    def _highlight(self, selected: GroupId | None) -> None:
        if selected is not None and selected in {option.id for option in self.options}:
            self.highlighted = self.get_option_index(selected)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id is not None:
            self.post_message(GroupOpened(GroupId(event.option_id)))


class GroupPane(Pane):
    topic = "groups"

    def __init__(self) -> None:
        super().__init__(id="groups")
        self.list = GroupList()

    def compose(self) -> ComposeResult:
        yield self.heading
        yield self.list

    def show(self, state: UiState) -> None:
        limit = state.caps.joined_of
        number = len(state.talks)
        self.heading.say(
            _("Groups  {number} of {limit}").format(number=number, limit=limit) if limit else _("Groups")
        )
        self.list.show(state)
