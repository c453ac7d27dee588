"""Group ids: how they are built, read and checked. Knows nothing of any group.

Clause CG-08.4: ``G-``, nine random Crockford base-32 characters, one check character. Nothing is encoded
in the random part, and a mistyped id is recognised without looking anything up.

The check character is Luhn's sum modulo 32: it catches every single wrong character and nearly every swap
of neighbours. Crockford's own check (modulo 37) needs five extra symbols that do not survive in a URL.
"""

from __future__ import annotations

from typing import NewType

GroupId = NewType("GroupId", str)

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIX = "G-"
RANDOM_CHARS = 9

# What people type when they mean a digit: Crockford's reading rules.
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


def check_character(random_part: str) -> str:
    """The character that completes ``random_part`` (characters of ALPHABET only)."""
    total = 0
    for place, char in enumerate(reversed(random_part)):
        value = ALPHABET.index(char)
        if place % 2 == 0:
            value = value * 2 // 32 + value * 2 % 32
        total += value
    return ALPHABET[-total % 32]


def group_id_from(random_part: str) -> GroupId:
    """A complete id from nine random characters of ALPHABET."""
    return GroupId(f"{PREFIX}{random_part}{check_character(random_part)}")


def parse_group_id(text: str) -> GroupId:
    """The canonical id that a person meant by ``text``: case, spaces, O/I/L and a missing prefix forgiven.

    Raises ValueError when the check character does not fit, before anybody looks the id up.
    """
    body = text.strip().upper().replace(" ", "").removeprefix(PREFIX).translate(_READ_AS)
    shaped = len(body) == RANDOM_CHARS + 1 and all(char in ALPHABET for char in body)
    if not shaped or check_character(body[:-1]) != body[-1]:
        raise ValueError("mistyped group id: its check character does not fit")
    return GroupId(PREFIX + body)
