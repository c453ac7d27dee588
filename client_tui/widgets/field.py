"""One line of a form: its name, what is typed, and what is wrong with it. Knows no meaning."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from client_tui.i18n import _
from client_tui.prose import Run, plain, width_of, wrap
from client_tui.widgets.words import Words

LABEL_CELLS = 20
BELOW_FROM = 22  # where the text field begins, and what is said below it


class Field(Vertical):
    """``id`` names the field; ``required`` says that Enter stops here while it is empty."""

    DEFAULT_CSS = """
    Field { height: auto; margin: 0 0 1 0; }
    Field > Horizontal { height: 1; }
    Field .label { width: 22; height: 1; color: $quiet; }
    Field .label.-here { color: $primary; text-style: bold; }
    Field Input { width: 1fr; background: $panel; }
    Field Input:focus { background: $block-cursor-background; }
    Field .below { height: auto; margin: 0 0 0 22; color: $quiet; }
    Field .below.-wrong { color: $error; text-style: bold; }
    """
    place = "form"

    def __init__(
        self,
        id: str,
        label: str,
        *,
        required: bool = True,
        secret: bool = False,
        hint: str = "",
        topic: str | None = None,
        limit: int = 0,
        blink: bool = True,
    ) -> None:
        super().__init__(id=id, classes="field")
        self._label_words, self._hint, self.required = label, hint, required
        self._judged = self._below_words = ""
        self._label = Static(classes="label", markup=False)
        self._below = Words(classes="below")
        self.input = Input(password=secret, compact=True, max_length=limit, select_on_focus=False)
        self.input.cursor_blink = blink
        if topic is not None:
            self.topic = topic

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self._label
            yield self.input
        yield self._below

    def on_mount(self) -> None:
        self._show_label(False)
        self.wrong("")

    @property
    def value(self) -> str:
        return self.input.value

    @value.setter
    def value(self, text: str) -> None:
        self.input.value = text

    def edited(self) -> None:
        """What was wrong is forgotten once something else stands there, not by late news of old typing."""
        if self.value != self._judged:
            self.wrong("")

    def clear(self) -> None:
        """Empty it and go there, to be typed anew."""
        self.input.value = ""
        self.input.focus()

    def wrong(self, words: str) -> None:
        """Say what is wrong with this field; nothing shows its hint again."""
        self._judged = self.value
        self._below.set_class(bool(words), "-wrong")
        self._below.display = bool(words or self._hint)
        self._below_words = _("! {why}").format(why=words) if words else self._hint
        self._wrap_below()

    def on_resize(self) -> None:
        self._wrap_below()

    def _wrap_below(self) -> None:
        # Broken where Chinese typesetting allows it: no mark and no bracket ever stands alone on a line.
        room = self.size.width - BELOW_FROM
        lines = wrap((Run(self._below_words),), room) if room > 0 else [(Run(self._below_words),)]
        self._below.say("\n".join(plain(line) for line in lines))

    def _show_label(self, here: bool) -> None:
        sign = "▸ " if here else "  "
        words = self._label_words
        blank = " " * max(LABEL_CELLS - width_of((Run(words),)), 0)
        self._label.update(Content(f"{sign}{words}{blank}"))
        self._label.set_class(here, "-here")

    def on_descendant_focus(self) -> None:
        self._show_label(True)

    def on_descendant_blur(self) -> None:
        self._show_label(False)
