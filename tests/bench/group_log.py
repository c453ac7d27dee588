"""What one group was told, byte for byte: read once, and every receiver's stream compared with it.

Every member must get the same frames in the same order, so the first to hear a frame has it parsed and
checked, and for everybody else one comparison of memory proves content, order and completeness together.
That is what keeps the load generator lighter than the servers it measures.
"""

from __future__ import annotations

from tests.bench.process import BenchFault

_TEXT_FRAME = 0x81


class GroupLog:
    """``number`` counts messages from 0 for each sender; ``#sender-number#`` stands in every text."""

    def __init__(self, *, with_seq: bool) -> None:
        self.data = bytearray()
        self.ends: list[int] = []
        """Where each frame ends in ``data``."""
        self._with_seq = with_seq
        self._seq: int | None = None
        self._numbers: dict[int, int] = {}
        self._read = 0

    def match(self, at: int, piece: bytes) -> int:
        """Compare what a member received at its place ``at``; returns the place after it."""
        known = len(self.data) - at
        if known >= len(piece):
            same = self.data.startswith(piece, at)
        else:
            same = self.data.endswith(piece[:known], at) if known else True
            self.data += piece[known:]
            self._parse()
        if not same:
            raise BenchFault("two members of a group were not told the same")
        return at + len(piece)

    def _parse(self) -> None:
        while (span := whole_frame(self.data, self._read)) is not None:
            start, stop = span
            if self.data[self._read] != _TEXT_FRAME:
                raise BenchFault(f"a frame that is no text came: {self.data[self._read]:#x}")
            self._check(bytes(self.data[start:stop]))
            self._read = stop
            self.ends.append(stop)

    def _check(self, payload: bytes) -> None:
        sender, number = stamp_of(payload)
        if number != self._numbers.get(sender, -1) + 1:
            raise BenchFault(f"message {number} of sender {sender} came out of order")
        self._numbers[sender] = number
        if self._with_seq:
            _, _, rest = payload.partition(b'"seq":')
            seq = int(rest[: rest.index(b",")])
            if self._seq is not None and seq != self._seq + 1:
                raise BenchFault(f"seq {seq} came after {self._seq}")
            self._seq = seq


def whole_frame(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """Where the payload of the unmasked frame at ``at`` starts and stops; None while it is incomplete."""
    left = len(data) - at
    if left < 2:
        return None
    length, head = data[at + 1], 2
    if length == 126:
        if left < 4:
            return None
        length, head = data[at + 2] << 8 | data[at + 3], 4
    elif length == 127:
        if left < 10:
            return None
        length, head = int.from_bytes(data[at + 2 : at + 10]), 10
    return (at + head, at + head + length) if left >= head + length else None


def stamp(sender: int, number: int) -> str:
    return f"#{sender}-{number}#"


def stamp_of(payload: bytes) -> tuple[int, int]:
    """Sender and number of the message in a frame's payload."""
    parts = payload.split(b"#", 2)
    if len(parts) != 3:
        raise BenchFault(f"a frame that nobody sent came: {payload[:200]!r}")
    sender, _, number = parts[1].partition(b"-")
    return int(sender), int(number)
