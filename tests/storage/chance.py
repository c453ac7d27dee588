"""Chance that counts: no two draws alike, and the same ones in every run."""

from __future__ import annotations

import hashlib
from itertools import count


class CountingSecrets:
    """Bytes that look like chance and never repeat within one instance; ``seed`` tells instances apart."""

    def __init__(self, seed: str = "") -> None:
        self._seed, self._numbers = seed, count(1)

    def token(self) -> str:
        return f"token-{self._seed}-{next(self._numbers):032d}"

    def bytes(self, length: int) -> bytes:
        return hashlib.shake_256(f"{self._seed}/{next(self._numbers)}".encode()).digest(length)
