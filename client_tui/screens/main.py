"""Groups, talk, and what the group is: three panes over one state. Takes what widgets say to the courier.

On a narrow terminal the talk has the width, and the other panes come and go with their keys; nothing is
reachable only on a wide one.
"""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button

from client_tui import happenings as h
from client_tui import messages as m
from client_tui.actions import bindings
from client_tui.desk import Desk
from client_tui.i18n import _
from client_tui.screens.account import PasswordForm, SessionsForm
from client_tui.screens.agreement import AgreementForm
from client_tui.screens.groups import (
    CreateGroupForm,
    JoinGroupForm,
    LeaveGroupForm,
    NicknameForm,
    ReceiptForm,
)
from client_tui.screens.leaving import LogOutForm
from client_tui.screens.menu import MenuScreen
from client_tui.screens.recall import RecallForm
from client_tui.screens.verify import VerifyForm
from client_tui.state import UiState
from client_tui.widgets.about_pane import AboutPane
from client_tui.widgets.composer import Composer
from client_tui.widgets.group_pane import GroupPane
from client_tui.widgets.key_hints import KeyHints, place_of
from client_tui.widgets.push import Push
from client_tui.widgets.talk_header import TalkHeader
from client_tui.widgets.talk_view import TalkView
from client_tui.widgets.top_bar import TopBar
from client_tui.widgets.words import Words
from server.wire.group_id import GroupId
from server.wire.models import Message
from server.wire.verbs.group import GroupCreatedResult

THREE_PANES_FROM: Final = 110  # cells: 30 for the list, 34 for the group, the rest for lines of talk


def _in_sight(widget: Widget) -> bool:
    """Whether it is shown: what was just hidden must not keep the focus, or keys would go nowhere."""
    return all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))


class MainScreen(Screen[None]):
    BINDINGS: ClassVar[list[BindingType]] = bindings("everywhere", "main")
    topic = "talk"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._narrow = False
        self._first_time = True

    def compose(self) -> ComposeResult:
        yield TopBar()
        with Horizontal(id="panes"):
            yield GroupPane()
            with Vertical(id="talk-pane"):
                yield TalkHeader()
                yield TalkView(self.desk.zone, id="talk")
                with Vertical(id="empty"):
                    yield Words(id="empty-words")
                    yield Push(_("Verify"), id="do-verify", primary=True)
                    yield Push(_("Create a group"), id="do-create")
                    yield Push(_("Join a group by its id"), id="do-join")
                yield Push("", id="lock")
                yield Composer(blink=self.desk.blink)
            yield AboutPane()
        yield KeyHints("main", "everywhere")

    def on_mount(self) -> None:
        self._unwatch = self.desk.store.watch(lambda _state: self.post_message(m.StateChanged()))
        self.set_interval(self.desk.tick_s, self.tick)
        self._fit(self.size.width)
        self._draw()

    def on_unmount(self) -> None:
        self._unwatch()

    @property
    def state(self) -> UiState:
        return self.desk.store.state

    # --- showing -------------------------------------------------------------------------------------------

    def on_state_changed(self) -> None:
        self._draw()

    def _draw(self) -> None:
        state = self.state
        talk = state.talk
        online = state.link.state == "online"
        self.query_one(TopBar).show(state)
        self.query_one(GroupPane).show(state)
        self.query_one(AboutPane).show(state)
        self.query_one(TalkHeader).show(state, narrow=not self.query_one(GroupPane).display)
        empty = talk is None
        view, composer = self.query_one(TalkView), self.query_one(Composer)
        may_write = talk is not None and state.verified and talk.view.status != "closed"
        self.query_one("#empty").display = empty
        view.display = not empty
        composer.display = may_write
        self._draw_lock(state, may_write)
        view.show(talk, online=online)
        if talk is not None:
            composer.show(talk, state.text_max_chars)
        else:
            self._draw_empty(state)
        arrived = self._first_time and (state.listed or talk is not None)
        if arrived or (self.focused is not None and not _in_sight(self.focused)):
            self._first_time = self._first_time and not arrived
            self._focus_first()

    def _draw_lock(self, state: UiState, may_write: bool) -> None:
        lock = self.query_one("#lock", Push)
        lock.display = not may_write and state.talk is not None
        closed = state.talk is not None and state.talk.view.status == "closed"
        lock.say(
            _("This group is closed.")
            if closed
            else _("Locked: verify to post (Enter or F6). Nobody in any group sees it. CG-06.3")
        )

    def _draw_empty(self, state: UiState) -> None:
        if not state.listed:
            sentence = _("Fetching your groups …")
        elif state.verified:
            sentence = _("You are in no group yet. Create one, or join one whose id you have.")
            if self.desk.offered_group is not None:
                open_one = _("One is open to newcomers: {id}").format(id=self.desk.offered_group)
                sentence = f"{sentence}\n{open_one}"
        else:
            sentence = _(
                "Verify to post: before that you can read rules and look after your own data, but not "
                "create or join a group. Nobody in any group ever sees your identity. (CG-06.3)"
            )
        self.query_one("#empty-words", Words).say(sentence)
        self.query_one("#do-verify").display = state.listed and not state.verified
        self.query_one("#do-create").display = state.listed and state.verified
        self.query_one("#do-join").display = state.listed and state.verified

    def on_resize(self, event: events.Resize) -> None:
        self._fit(event.size.width)
        self._draw()

    def _fit(self, width: int) -> None:
        narrow = width < THREE_PANES_FROM
        if narrow != self._narrow or not self.has_class("-fitted"):
            self._narrow = narrow
            self.set_class(narrow, "-narrow")
            self.add_class("-fitted")
            self.query_one(GroupPane).display = not narrow
            self.query_one(AboutPane).display = not narrow

    def on_descendant_focus(self) -> None:
        place = place_of(self.focused)
        self.query_one(KeyHints).show(place)
        self.query_one(TalkHeader).here(place == "talk")

    def _focus_first(self) -> None:
        talk = self.state.talk
        if talk is None:
            wanted = "#do-create" if self.state.verified else "#do-verify"
            self.set_focus(self.query_one(wanted))
        else:
            self.action_write()

    # --- what widgets say ----------------------------------------------------------------------------------

    def on_group_opened(self, message: m.GroupOpened) -> None:
        self.desk.store.dispatch(h.GroupSelected(message.group))
        if self._narrow:
            self.query_one(GroupPane).display = False
        self._draw()
        self.action_write()

    def on_draft_edited(self, message: m.DraftEdited) -> None:
        self.desk.store.dispatch(h.DraftChanged(message.group, message.text))
        if message.text.strip() and self.desk.courier is not None:
            self._work(self.desk.courier.talk.show_typing(message.group))

    def on_mention_picked(self, message: m.MentionPicked) -> None:
        self.desk.store.dispatch(h.MentionChosen(message.group, message.ref))

    def on_submitted(self, message: m.Submitted) -> None:
        courier = self.desk.courier
        if courier is None:
            return
        op_id = courier.talk.begin(message.group, message.text)
        if op_id is not None:
            self._work(self._deliver(message.group, op_id))

    async def _deliver(self, group: GroupId, op_id: str) -> None:
        if self.desk.courier is None:
            return
        await self.desk.courier.talk.deliver(group, op_id)
        talk = self.state.talks.get(group)
        refusal = talk.draft.refusal if talk else None
        if refusal is not None and refusal.type == "agreement_required" and self.app.screen is self:
            self.action_agreement()  # the text is back in the composer; this is what it waits for

    def on_reply_wanted(self, message: m.ReplyWanted) -> None:
        if self.state.selected is not None:
            self.desk.store.dispatch(h.ReplyChosen(self.state.selected, message.seq))
            self.action_write()

    def on_recall_wanted(self, message: m.RecallWanted) -> None:
        talk = self.state.talk
        entry = talk.entry(message.seq) if talk else None
        if talk is None or self.desk.courier is None:
            return
        if not isinstance(entry, Message) or entry.ref != talk.me:
            self._tell(_("Only its sender can recall a message."), "warning")
        elif not entry.recalled:
            self.app.push_screen(RecallForm(self.desk, talk.id, entry))

    def on_copy_wanted(self, message: m.CopyWanted) -> None:
        self.app.copy_to_clipboard(message.text)
        self._tell(_("Copied: {what}").format(what=message.what))

    def on_cursor_placed(self, message: m.CursorPlaced) -> None:
        if self.state.selected is not None:
            self.desk.store.dispatch(h.CursorMoved(self.state.selected, message.seq))

    def on_view_moved(self, message: m.ViewMoved) -> None:
        self.desk.store.dispatch(h.Scrolled(message.group, message.anchor))

    def on_older_wanted(self, message: m.OlderWanted) -> None:
        if self.desk.courier is not None:
            self._work(self.desk.courier.talk.load_older(message.group))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        {
            "do-verify": self.action_verify,
            "do-create": self.action_create_group,
            "do-join": self.action_join_group,
            "lock": self.action_verify,
        }[event.button.id or "lock"]()

    def tick(self) -> None:
        """Once a second: the wait for a connection gets shorter, what was shown is marked as read, and who
        stopped writing is forgotten."""
        self.desk.store.dispatch(h.TimePassed(self.desk.clock()))
        link = self.state.link
        if link.retry_in_s is not None and link.retry_in_s > 1:
            self.desk.store.dispatch(h.LinkChanged(replace(link, retry_in_s=link.retry_in_s - 1)))
        talk = self.state.talk
        if talk is None or not talk.loaded or self.desk.courier is None:
            return
        seen = talk.head if talk.scroll.anchor is None else talk.scroll.anchor
        shown = self.app.screen is self and self.app.app_focus and self.state.link.state == "online"
        if shown and seen > talk.read_seq and talk.unread:
            self._work(self.desk.courier.talk.mark_read(talk.id, seen))

    def _work(self, work: Coroutine[Any, Any, None]) -> None:
        self.run_worker(work, exit_on_error=True)

    def _tell(self, text: str, severity: str = "information") -> None:
        self.app.notify(text, markup=False, severity="warning" if severity == "warning" else "information")

    # --- actions -------------------------------------------------------------------------------------------

    def action_write(self) -> None:
        composer, lock = self.query_one(Composer), self.query_one("#lock")
        if self.state.selected is not None:
            self.desk.store.dispatch(h.CursorMoved(self.state.selected, None))
        if composer.display:
            self.set_focus(composer.area)
        elif lock.display:
            self.set_focus(lock)
        if self._narrow:
            self.query_one(AboutPane).display = False
            self.query_one(GroupPane).display = False

    def action_groups(self) -> None:
        self._toggle(self.query_one(GroupPane), self.query_one(GroupPane).list, self.query_one(AboutPane))
        self.query_one(GroupPane).list.highlight_selected(self.state.selected)

    def action_about(self) -> None:
        self._toggle(self.query_one(AboutPane), self.query_one(AboutPane).scroll, self.query_one(GroupPane))

    def _toggle(self, pane: GroupPane | AboutPane, inner: Any, other: GroupPane | AboutPane) -> None:
        """Show the pane and go there; from inside, hide it and go back to writing."""
        if pane.display and inner.has_focus:
            pane.display = False
            self.action_write()
            return
        pane.display = True
        if self._narrow:
            other.display = False
        self.set_focus(inner)  # at once: what is hidden above must not have the focus any more
        self._draw()

    def action_talk(self) -> None:
        view = self.query_one(TalkView)
        if view.display:
            self.set_focus(view)

    def action_previous_group(self) -> None:
        self._neighbour(-1)

    def action_next_group(self) -> None:
        self._neighbour(1)

    def _neighbour(self, step: int) -> None:
        ids = list(self.state.talks)
        if self.state.selected in ids:
            place = ids.index(self.state.selected) + step
            if 0 <= place < len(ids):
                self.desk.store.dispatch(h.GroupSelected(ids[place]))

    def action_copy_id(self) -> None:
        if self.state.selected is not None:
            self.app.copy_to_clipboard(self.state.selected)
            self._tell(_("Copied: {what}").format(what=self.state.selected))

    def action_create_group(self) -> None:
        if self._may_act():
            self.app.push_screen(CreateGroupForm(self.desk), self._created)

    def _created(self, created: GroupCreatedResult | None) -> None:
        if created is not None:
            self.app.push_screen(ReceiptForm(self.desk, created), lambda _done: self.settle())

    def action_join_group(self) -> None:
        if self._may_act():
            self.app.push_screen(JoinGroupForm(self.desk), lambda _joined: self.settle())

    def _may_act(self) -> bool:
        if not self.state.verified:
            self._tell(_("Verify first: creating and joining need it. (CG-06.3)"), "warning")
            self.action_verify()
        return self.state.verified

    def action_leave_group(self) -> None:
        if self.state.talk is not None:
            form = LeaveGroupForm(self.desk, self.state.talk)
            self.app.push_screen(form, lambda _left: self.settle())

    def action_nickname(self) -> None:
        if self.state.talk is not None:
            self.app.push_screen(NicknameForm(self.desk, self.state.talk))

    def action_verify(self) -> None:
        account = self.state.account
        if account is not None and account.verification is not None:
            self._tell(_("Your identity is already verified."))
        else:
            self.app.push_screen(VerifyForm(self.desk), lambda _verified: self.settle())

    def action_sessions(self) -> None:
        self.app.push_screen(SessionsForm(self.desk))

    def action_password(self) -> None:
        self.app.push_screen(PasswordForm(self.desk))

    def action_agreement(self) -> None:
        self.app.push_screen(AgreementForm(self.desk), lambda _accepted: self.settle())

    def action_log_out(self) -> None:
        self.app.push_screen(LogOutForm(self.desk))

    def action_menu(self) -> None:
        self.app.push_screen(MenuScreen(), self._chosen)

    async def _chosen(self, action: str | None) -> None:
        if action is not None:
            await self.app.run_action(action, self if hasattr(self, f"action_{action}") else self.app)

    def settle(self) -> None:
        """After a dialog: where one would go on, given how things stand now."""
        self._draw()
        self._focus_first()
