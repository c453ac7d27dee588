"""Creating, joining, leaving a group, and one's name in it: small forms that show the id (CG-08.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Select, Static

from client_tui.courier import Courier
from client_tui.desk import Desk
from client_tui.i18n import _
from client_tui.labels import CATEGORIES
from client_tui.prose import one_line
from client_tui.screens.form import Form
from client_tui.state import Talk
from client_tui.widgets.field import Field
from client_tui.widgets.push import Push
from policies.model import GroupCategory
from server.wire.group_id import GroupId, parse_group_id
from server.wire.verbs.group import GroupCreatedResult


def name_sentence() -> str:
    return _("1 to 24 characters with something to see, without brackets or invisible characters.")


class CreateGroupForm(Form[GroupCreatedResult]):
    topic = "create"

    def title_words(self) -> str:
        return _("Create a group")

    def intro_words(self) -> str:
        return _("You become its owner. Only the name is needed; Enter after it is enough.")

    def body(self) -> Iterator[Widget]:
        blink = self.desk.blink
        yield Field("name", _("Name"), topic="create", blink=blink)
        yield Field("introduction", _("What it is for"), required=False, topic="create", blink=blink)
        with Horizontal(classes="row"):
            yield Static(Content("  " + _("Category")), classes="label", markup=False)
            yield Select(
                [(_(text), category) for category, text in CATEGORIES.items()],
                value="other",
                allow_blank=False,
                compact=True,
                id="category",
            )
        yield Field(
            "cap",
            _("Most members"),
            required=False,
            hint=_("empty: as many as the platform allows"),
            topic="create",
            blink=blink,
        )
        yield Field(
            "nickname",
            _("My name there"),
            required=False,
            hint=_("empty: {handle}").format(handle=one_line(self._handle())),
            topic="nickname",
            blink=blink,
        )

    def _handle(self) -> str:
        account = self.desk.store.state.account
        return account.handle if account else ""

    def submit_words(self) -> str:
        return _("Create it")

    def sentence_for(self, field: str) -> str:
        return {
            "name": _("1 to 40 characters with something to see, without brackets or invisible characters."),
            "introduction": _("At most 300 characters."),
            "cap": _("A whole number, not above the platform's."),
        }.get(field) or name_sentence()

    def check(self) -> bool:
        cap = self.field("cap")
        if cap.value.strip() and not cap.value.strip().isdecimal():
            cap.wrong(self.sentence_for("cap"))
            cap.input.focus()
            return False
        return True

    async def submit(self, courier: Courier) -> None:
        cap = self.field("cap").value.strip()
        created = await courier.create_group(
            self.field("name").value,
            self.field("introduction").value,
            cast(GroupCategory, self.query_one("#category", Select).value),
            int(cap) if cap else None,
            self.field("nickname").value.strip() or None,
        )
        self.dismiss(created)


class ReceiptForm(Form[bool]):
    """The creation receipt: the new id in full, to be passed on (CG-08.4)."""

    topic = "receipt"

    def __init__(self, desk: Desk, created: GroupCreatedResult) -> None:
        super().__init__(desk)
        self.created = created

    def title_words(self) -> str:
        return _("Created: {name}").format(name=one_line(self.created.group.name))

    def body(self) -> Iterator[Widget]:
        yield Static(
            Content.assemble((_("Its id") + "  ", "$quiet"), (self.created.group.group, "bold $primary")),
            markup=False,
            id="receipt-id",
        )
        yield Static(
            Content(_("Whoever has the id can join. It never changes and is never used again.")),
            classes="quiet",
            markup=False,
        )

    def submit_words(self) -> str:
        return _("Begin to talk")

    def cancel_words(self) -> str:
        return _("Copy the id")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#submit").focus()

    def go_on(self) -> None:
        self.dismiss(True)

    def action_cancel(self) -> None:
        if self.focused is not None and self.focused.id == "cancel":
            self.app.copy_to_clipboard(self.created.group.group)
            self._say(_("Copied: {what}").format(what=self.created.group.group))
        else:
            self.dismiss(True)


class JoinGroupForm(Form[GroupId]):
    topic = "join"

    def title_words(self) -> str:
        return _("Join a group by its id")

    def intro_words(self) -> str:
        return _("Whoever has the id of a group may join it, as long as there is a place.")

    def body(self) -> Iterator[Widget]:
        if self.desk.offered_group is not None:
            words = _("Fill in one that is open to newcomers: {id}").format(id=self.desk.offered_group)
            yield Push(words, id="offer", classes="offer")
        yield Field(
            "group",
            _("Group id"),
            hint=_("G- and ten characters; a slip is noticed here"),
            topic="join",
            blink=self.desk.blink,
        )
        yield Field("nickname", _("My name there"), required=False, topic="nickname", blink=self.desk.blink)

    def submit_words(self) -> str:
        return _("Join")

    def sentence_for(self, field: str) -> str:
        return name_sentence()

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#offer" if self.desk.offered_group else "#group Input").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id != "offer" or self.desk.offered_group is None:
            super().on_button_pressed(event)
            return
        event.stop()
        self.field("group").value = self.desk.offered_group
        self.query_one("#submit").focus()

    def check(self) -> bool:
        field = self.field("group")
        try:
            group = parse_group_id(field.value)
        except ValueError:
            # Said before anybody is asked: the last character checks the others.
            field.wrong(_("This id is mistyped: its last character does not fit the others. (CG-08.4)"))
            field.input.focus()
            return False
        field.value = group
        if group in self.desk.store.state.talks:
            field.wrong(_("You are already in this group."))
            return False
        return True

    async def submit(self, courier: Courier) -> None:
        group = parse_group_id(self.field("group").value)
        await courier.join_group(group, self.field("nickname").value.strip() or None)
        self.dismiss(group)


class LeaveGroupForm(Form[bool]):
    topic = "leave"

    def __init__(self, desk: Desk, talk: Talk) -> None:
        super().__init__(desk)
        self.talk = talk

    def title_words(self) -> str:
        return _("Leave {name}?").format(name=one_line(self.talk.view.name))

    def body(self) -> Iterator[Widget]:
        yield Static(
            Content.assemble((_("Its id") + "  ", "$quiet"), (self.talk.id, "bold $primary")), markup=False
        )
        last = self.talk.member_count <= 1
        yield Static(
            Content(
                _("You are the last one here: the group is closed, and its id is never used again.")
                if last
                else _("You can come back with the id, as long as there is a place.")
            ),
            classes="quiet",
            markup=False,
        )
        if self.talk.draft.text.strip():
            yield Static(Content(_("What you began to write here is kept.")), classes="quiet", markup=False)

    def submit_words(self) -> str:
        return _("Leave")

    def cancel_words(self) -> str:
        return _("Stay")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#cancel").focus()

    async def submit(self, courier: Courier) -> None:
        await courier.leave_group(self.talk.id)
        self.dismiss(True)


class NicknameForm(Form[bool]):
    topic = "nickname"

    def __init__(self, desk: Desk, talk: Talk) -> None:
        super().__init__(desk)
        self.talk = talk

    def title_words(self) -> str:
        return _("My name in {name}").format(name=one_line(self.talk.view.name))

    def intro_words(self) -> str:
        me = self.talk.members.get(self.talk.me)
        now = _("Now: {nickname}").format(nickname=one_line(me.nickname)) if me else ""
        return f"{self.talk.id}   {now}"

    def body(self) -> Iterator[Widget]:
        yield Field("nickname", _("New name"), hint=words_of_names(), topic="nickname", blink=self.desk.blink)

    def submit_words(self) -> str:
        return _("Change it")

    def sentence_for(self, field: str) -> str:
        return name_sentence()

    async def submit(self, courier: Courier) -> None:
        await courier.set_nickname(self.talk.id, self.field("nickname").value)
        self.dismiss(True)


def words_of_names() -> str:
    return _("1 to 24 characters of any script, no brackets")
