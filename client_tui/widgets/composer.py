"""Where one writes: the text, whom it answers, who is mentioned, why it did not go out. Knows one draft.

Enter sends, Ctrl+J begins a new line. The text is let go only when the screen is told to send it, and what
comes back from a failed try is shown again (``Draft.revision``).
"""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static, TextArea
from textual.widgets.option_list import Option

from client_tui.i18n import _, ngettext
from client_tui.labels import role_label
from client_tui.mentions import candidates, query_before
from client_tui.messages import DraftEdited, MentionPicked, ReplyWanted, Submitted
from client_tui.prose import fit, one_line
from client_tui.refusals import words
from client_tui.state import Talk
from server.wire.models import Member, Message
from server.wire.vocabulary import MemberRef

_COUNTED_FROM = 200  # characters before the limit at which the number left is shown


class MessageArea(TextArea):
    """The text itself. Enter and the mention list are its parent's business."""

    place = "composer"
    topic = "composer"

    async def _on_key(self, event: events.Key) -> None:
        composer = self.parent
        assert isinstance(composer, Composer)
        if composer.takes_key(event.key):
            event.stop()
            event.prevent_default()
            return
        if event.key == "ctrl+j":
            event.stop()
            event.prevent_default()
            self.insert("\n")
            return
        await super()._on_key(event)


class Composer(Vertical):
    topic = "composer"

    def __init__(self, *, blink: bool = True) -> None:
        super().__init__(id="composer")
        self._talk: Talk | None = None
        self._limit = 4000
        self._shown: tuple[str, int] | None = None
        """Group and revision of the draft that the text area shows."""
        self._let_go = False
        """The text was handed over to be sent: that the area is empty now is no edit of the draft."""
        self._offered: list[Member] = []
        self._above = Static(markup=False, id="composer-above")
        self._mentions = OptionList(id="mentions", markup=False, compact=True)
        self._mentions.can_focus = False
        self.area = MessageArea(compact=True, highlight_cursor_line=False, id="message")
        self.area.cursor_blink = blink

    def compose(self) -> ComposeResult:
        yield self._above
        yield self._mentions
        yield self.area

    def on_mount(self) -> None:
        self._mentions.display = False
        self._above.display = False

    def show(self, talk: Talk, limit: int) -> None:
        self._talk, self._limit = talk, limit
        wanted = (talk.id, talk.draft.revision)
        if wanted != self._shown:
            self._shown = wanted
            self.area.load_text(talk.draft.text)
            self.area.move_cursor(self.area.document.end)
            self._close_mentions()
        placeholder = _("Write to {group}").format(group=one_line(talk.view.name))
        if self.area.placeholder != placeholder:
            self.area.placeholder = placeholder
        self._show_above()

    # --- what stands above the text --------------------------------------------------------------------

    def _show_above(self) -> None:
        talk = self._talk
        lines = [] if talk is None else [*self._refusal(talk), *self._reply(talk), *self._typing(talk)]
        if talk is not None and (left := self._limit - len(self.area.text)) < _COUNTED_FROM:
            text = ngettext("{number} character left", "{number} characters left", left).format(number=left)
            lines.append(Content.styled(text, "$quiet" if left >= 0 else "bold $error"))
        self._above.display = bool(lines)
        self._above.update(Content("\n").join(lines))

    def _refusal(self, talk: Talk) -> list[Content]:
        if talk.draft.refusal is None:
            return []
        words_ = _("Not sent: {why}").format(why=words(talk.draft.refusal))
        return [Content.styled(f"! {words_}", "bold $error")]

    def _reply(self, talk: Talk) -> list[Content]:
        if talk.draft.reply_to is None:
            return []
        entry = talk.entry(talk.draft.reply_to)
        said = ""
        if isinstance(entry, Message):
            label = role_label(talk.role_of(entry.ref))
            said = f"{one_line(entry.nickname)} {label} {one_line(entry.text or '')}"
        line = "┆ " + _("Reply to {whom}").format(whom=said)
        return [Content.styled(fit(line, max(self.content_size.width - 2, 20)), "$secondary")]

    def _typing(self, talk: Talk) -> list[Content]:
        names = [talk.members[ref].nickname for ref, _until in talk.typing if ref in talk.members]
        if not names:
            return []
        shown = ", ".join(one_line(name) for name in names[:3])
        text = ngettext("{names} is writing …", "{names} are writing …", len(names)).format(names=shown)
        return [Content.styled(fit(text, max(self.content_size.width - 2, 20)), "$quiet italic")]

    # --- keys ------------------------------------------------------------------------------------------

    def takes_key(self, key: str) -> bool:
        """Whether the key is for the composer and not for the text. Acts on it if so."""
        if self._mentions.display:
            if key in {"up", "down"}:
                step = self._mentions.action_cursor_up if key == "up" else self._mentions.action_cursor_down
                step()
                return True
            if key in {"enter", "tab"}:
                self._pick(self._mentions.highlighted or 0)
                return True
            if key == "escape":
                self._close_mentions()
                return True
        if key == "enter":
            self._submit()
            return True
        if key == "escape" and self._talk is not None and self._talk.draft.reply_to is not None:
            self.post_message(ReplyWanted(None))
            return True
        return False

    def _submit(self) -> None:
        text = self.area.text
        if self._talk is None or not text.strip():
            return
        self._let_go = True
        self.area.load_text("")  # at once: what is typed next belongs to the next message
        self.post_message(Submitted(self._talk.id, text))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self._talk is None:
            return
        let_go, self._let_go = self._let_go and not self.area.text, False
        if not let_go and self.area.text != self._talk.draft.text:
            self.post_message(DraftEdited(self._talk.id, self.area.text))
        self._offer_mentions()
        self._show_above()

    # --- mentions --------------------------------------------------------------------------------------

    def _offer_mentions(self) -> None:
        talk = self._talk
        row, column = self.area.cursor_location
        query = query_before(self.area.document.get_line(row)[:column])
        if talk is None or query is None:
            self._close_mentions()
            return
        found = candidates(query, talk.members, talk.me)
        if not found or (len(found) == 1 and found[0].nickname == query.rstrip()):
            self._close_mentions()
            return
        if [member.ref for member in found] != [member.ref for member in self._offered]:
            self._offered = found
            self._mentions.clear_options()
            self._mentions.add_options(Option(mention_line(member), id=member.ref) for member in found)
            self._mentions.highlighted = 0
        self._mentions.display = True

    def _close_mentions(self) -> None:
        self._mentions.display = False
        self._offered = []

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._pick(event.option_index)
        self.area.focus()

    def _pick(self, index: int) -> None:
        if self._talk is None or not 0 <= index < len(self._offered):
            return
        member = self._offered[index]
        row, column = self.area.cursor_location
        at = self.area.document.get_line(row)[:column].rfind("@")
        self.area.replace(f"@{member.nickname} ", (row, at), (row, column))
        self._close_mentions()
        self.post_message(MentionPicked(self._talk.id, MemberRef(member.ref)))


def mention_line(member: Member) -> Content:
    """A member in the mention list, with the role label (CG-08.8)."""
    return Content.assemble("@", one_line(member.nickname), " ", (role_label(member.role), "$quiet"))
