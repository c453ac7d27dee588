"""The dialog that every form is: a title, some words, fields, one line for what went wrong, buttons.

Enter goes to the next empty field that is required, and from there does what the form is for; Escape closes
it without doing anything. Calls run in a worker, so the screen stays alive while the server thinks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from client_tui.actions import bindings
from client_tui.asking import Unsuccessful
from client_tui.courier import Courier
from client_tui.desk import Desk
from client_tui.i18n import _
from client_tui.refusals import OFFLINE, Refusal, at_fault, words
from client_tui.widgets.choice import Choice
from client_tui.widgets.field import Field
from client_tui.widgets.key_hints import KeyHints, place_of
from client_tui.widgets.push import Push
from client_tui.widgets.words import Words

T = TypeVar("T")


class Form(ModalScreen[T]):
    """A subclass gives ``title_words``, ``body``, ``submit_words`` and ``submit``."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("everywhere", "form")
    topic: str = "help"
    place = "form"
    wide = False

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._busy = False

    # --- what a subclass says ----------------------------------------------------------------------------

    def title_words(self) -> str:
        raise NotImplementedError

    def intro_words(self) -> str:
        return ""

    def body(self) -> Iterator[Widget]:
        yield from ()

    def submit_words(self) -> str:
        """What the first button says; empty where there is nothing to do but close."""
        return ""

    def cancel_words(self) -> str:
        return _("Back")

    async def submit(self, courier: Courier) -> None:
        """Do what the form is for, and ``dismiss``. Raises Unsuccessful."""

    def sentence_for(self, field: str) -> str:
        """What is wrong when the contract says that this parameter does not fit."""
        return _("This does not fit.")

    # --- the dialog --------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -wide" if self.wide else "box"):
            yield Static(Content(self.title_words()), classes="title", markup=False)
            if intro := self.intro_words():
                yield Static(Content(intro), classes="intro", markup=False)
            with VerticalScroll(classes="body", can_focus=False):
                yield from self.body()
            yield Words(id="trouble", classes="trouble")
            with Horizontal(classes="buttons"):
                if submit := self.submit_words():
                    yield Push(submit, id="submit", primary=True)
                yield Push(self.cancel_words(), id="cancel")
        yield KeyHints("form", "everywhere")

    def on_mount(self) -> None:
        self._say("")
        self.query_one(KeyHints).show(None)

    def on_descendant_focus(self) -> None:
        self.query_one(KeyHints).show(place_of(self.focused))
        if self.focused is not None:
            self.focused.scroll_visible(animate=False)

    def fields(self) -> list[Field]:
        return [field for field in self.query(Field) if field.display]

    def field(self, id: str) -> Field:
        return self.query_one(f"#{id}", Field)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # Enter on anything but a text field is that widget's own: a button, a list, a choice.
        return isinstance(self.focused, Input) if action == "submit" else True

    async def action_submit(self) -> None:
        """Enter in a text field. First the field takes in what was typed before it: keys that come fast must
        land where they were meant, and a password never in the field above."""
        field = self.focused
        if field is not None:
            taken_in = asyncio.Event()
            if field.call_later(taken_in.set):
                await taken_in.wait()
        self.go_on()

    def on_choice_entered(self, event: Choice.Entered) -> None:
        event.stop()
        self.focus_next()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        for parent in event.input.ancestors:
            if isinstance(parent, Field):
                parent.edited()
                break

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "submit":
            self.go_on()
        elif event.button.id == "cancel":
            self.action_cancel()

    def go_on(self) -> None:
        """To the next required field that is empty; with none left, do it."""
        for field in self.fields():
            if field.required and not field.value.strip():
                self.set_focus(field.input)
                return
        if self.check() and not self._busy:
            self._busy = True
            self._say(_("One moment …"))
            self.run_worker(self._submit(), exclusive=True)

    def check(self) -> bool:
        """Whether what was entered can be sent at all; says so at the field if not. No network."""
        return True

    async def _submit(self) -> None:
        try:
            courier = self.desk.courier
            if courier is None:
                raise Unsuccessful(Refusal(OFFLINE))
            await self.submit(courier)
        except Unsuccessful as error:
            self.refuse(error.refusal)
        finally:
            self._busy = False

    def refuse(self, refusal: Refusal) -> None:
        """Say why not: at the fields at fault where the answer names them, else above the buttons."""
        faults = [field for field in self.fields() if field.id in at_fault(refusal)]
        for field in faults:
            field.wrong(self.sentence_for(field.id or ""))
        if faults:
            faults[0].input.focus()
            self._say("")
        else:
            self._say(words(refusal), wrong=True)

    def _say(self, text: str, *, wrong: bool = False) -> None:
        trouble = self.query_one("#trouble", Words)
        trouble.display = bool(text)
        self.query_one(".body").set_class(bool(text), "-troubled")
        trouble.set_class(wrong, "-wrong")
        trouble.say(_("! {why}").format(why=text) if wrong else text)

    def action_cancel(self) -> None:
        self.dismiss(None)
