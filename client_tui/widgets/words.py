"""A few lines of words whose height follows them. Plain text: nothing in it is markup."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Words(Static):
    def __init__(self, text: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(Content(text), id=id, classes=classes, markup=False)

    def say(self, text: str | Content) -> None:
        self.update(text if isinstance(text, Content) else Content(text))
        # An answer that comes while the screen is laid out for the first time would be painted at the old
        # height: that pass forgets that another was asked for.
        self.call_after_refresh(self.refresh, layout=True)
