"""About this group: its id, what it is for, who is in it with which role. Knows one talk."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from client_tui.actions import bindings
from client_tui.i18n import _
from client_tui.labels import category_word, role_label
from client_tui.prose import harmless, isolated, one_line
from client_tui.state import Talk, UiState
from client_tui.talks import roster
from client_tui.widgets.pane import Pane

WIDTH = 34
_MOST_SHOWN = 500  # one page of the roster; more than any group of the demo may have


def card(talk: Talk) -> Content:
    """What the group is: in this version every member sees the same."""
    view = talk.view
    introduction = "\n".join(isolated(line) for line in harmless(view.introduction).splitlines())
    facts = (
        (_("category"), category_word(view.category)),
        (_("members"), f"{talk.member_count}/{view.cap}"),
        (_("created"), view.created_month),
        (_("join mode"), _("open, by its id")),
        (_("status"), _("closed") if view.status == "closed" else _("normal")),
    )
    parts: list[Content] = [
        Content.styled(one_line(view.name), "bold"),
        Content.assemble((talk.id, "$primary"), ("  " + _("y copies it"), "$faint")),
    ]
    if introduction:
        parts += [Content(""), Content(introduction)]
    parts.append(Content(""))
    parts += [Content.assemble((f"{label}: ", "$quiet"), value) for label, value in facts]
    return Content("\n").join(parts)


def roster_lines(talk: Talk) -> Content:
    """Members with their role labels, owner first (CG-08.8)."""
    members = roster(talk.members)
    lines: list[Content] = [Content.styled(_("Who is here"), "bold")]
    if not talk.loaded:
        return Content("\n").join([*lines, Content.styled(_("not loaded yet"), "$quiet")])
    for member in members[:_MOST_SHOWN]:
        you = " " + _("(you)") if member.ref == talk.me else ""
        lines.append(
            Content.assemble(
                (one_line(member.nickname), "bold" if you else ""), (you, "$quiet"), " ",
                (role_label(member.role), "$role-" + member.role),
            )
        )  # fmt: skip
    if len(members) > _MOST_SHOWN:
        lines.append(
            Content.styled(_("and {number} more").format(number=len(members) - _MOST_SHOWN), "$quiet")
        )
    return Content("\n").join(lines)


def reasons() -> Content:
    """Why a member may see and do this: the clauses, which ``?`` explains."""
    rows = (
        (_("the id"), "CG-08.4"),
        (_("the cap"), "CG-08.1"),
        (_("role labels"), "CG-08.8"),
        (_("who may post"), "CG-06.3"),
        (_("names of one's choice"), "CG-06.2"),
    )
    lines = [Content.styled(_("Why it is like this"), "bold")]
    lines += [Content.assemble((f"{words}: ", "$quiet"), clause) for words, clause in rows]
    lines.append(Content.styled(_("? explains"), "$faint"))
    return Content("\n").join(lines)


class AboutScroll(VerticalScroll, can_focus=True):
    BINDINGS: ClassVar[list[BindingType]] = bindings("about")
    topic = "about"
    place = "about"


class AboutPane(Pane):
    topic = "about"

    def __init__(self) -> None:
        super().__init__(id="about")
        self._talk: Talk | None = None
        self.scroll = AboutScroll()
        self._card, self._roster, self._reasons = (Static(markup=False) for _number in range(3))

    def compose(self) -> ComposeResult:
        yield self.heading
        with self.scroll:
            yield self._card
            yield self._roster
            yield self._reasons

    def show(self, state: UiState) -> None:
        self.heading.say(_("About this group"))
        talk = state.talk
        old, self._talk = self._talk, talk
        if talk is None:
            self._card.update(Content.styled(_("No group is open"), "$quiet"))
            self._roster.update("")
            self._reasons.update("")
        elif old is None or (old.view, old.members, old.member_count, old.loaded) != (
            talk.view, talk.members, talk.member_count, talk.loaded,
        ):  # fmt: skip
            self._card.update(card(talk))
            self._roster.update(roster_lines(talk))
            self._reasons.update(reasons())
