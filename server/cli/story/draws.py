"""Chance that can be repeated: the same seed draws the same numbers on every machine and in every release."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draws:
    """Numbers from a seed. For scripts and casts, never for secrets."""

    def __init__(self, seed: int, name: str = "") -> None:
        self._start = f"{seed}/{name}"
        self._drawn = 0

    def below(self, bound: int) -> int:
        """A number from 0 up to, not including, ``bound``. Small bounds only: the bias is bound / 2^64."""
        self._drawn += 1
        digest = hashlib.sha256(f"{self._start}/{self._drawn}".encode()).digest()
        return int.from_bytes(digest[:8]) % bound

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]
