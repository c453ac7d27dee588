"""Whether a name that others see gives away the legal name (CG-06.2). A warning for its owner."""

from __future__ import annotations

from server.wire.text import folded


def resembles(handle: str, legal_name: str) -> bool:
    """Equal or close: one holds the other, or one edit lies between them; blanks and marks do not count.

    Legal names of a single letter or character are only compared whole: everything contains one.
    """
    shown, legal = _letters(handle), _letters(legal_name)
    if not shown or not legal:
        return False
    if shown == legal:
        return True
    if min(len(shown), len(legal)) < 2:
        return False
    return legal in shown or shown in legal or _one_edit_apart(shown, legal)


def _letters(name: str) -> str:
    return "".join(char for char in folded(name) if char.isalnum())


def _one_edit_apart(left: str, right: str) -> bool:
    if abs(len(left) - len(right)) > 1 or min(len(left), len(right)) < 3:
        return False  # two-character names: one edit is a different name
    at = next(
        (i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right))
    )
    return left[at + 1 :] == right[at + 1 :] or left[at:] == right[at + 1 :] or left[at + 1 :] == right[at:]
