"""The load: raw sockets under one epoll, each member a comparison of bytes, each sender a little more.

It decides nothing about speed: a sender sends its next message when an earlier one is answered, so the server
under test sets the pace. Knows no server; a ``Dialect`` says how messages and answers look.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from tests.bench.group_log import GroupLog, stamp_of, whole_frame
from tests.bench.process import BenchFault

_STALLED_S = 30
_READ_BYTES = 1 << 18


class Dialect(Protocol):
    """How one server is spoken to."""

    def message(self, sender: int, number: int, group: str) -> bytes:
        """A whole frame that sends a message whose text begins with its stamp."""
        ...

    def answered(self, payload: bytes, sender: int) -> tuple[int | None, bool]:
        """For a frame that reached ``sender``: the number of the message it answers, or None, and whether it
        belongs to the group's log."""
        ...


class Member:
    """Somebody who listens."""

    __slots__ = ("at", "heard", "log", "socket")

    def __init__(self, connected: socket.socket, log: GroupLog) -> None:
        self.socket, self.log = connected, log
        self.at = 0
        self.heard = 0
        """Frames of the log whose time of arrival was noted."""

    def take(self, data: bytes) -> None:
        self.at = self.log.match(self.at, data)


class Sender(Member):
    """Somebody who talks, and so gets answers between the frames of the log."""

    __slots__ = (
        "_dialect",
        "_due",
        "_group",
        "_next",
        "_rest",
        "_sent_ns",
        "answered",
        "identity",
        "latencies_ns",
    )

    def __init__(
        self, connected: socket.socket, log: GroupLog, dialect: Dialect, identity: int, group: str
    ) -> None:
        super().__init__(connected, log)
        self._dialect, self.identity, self._group = dialect, identity, group
        self._next = self._due = self.answered = 0
        self._rest = b""
        self._sent_ns: dict[int, int] = {}
        self.latencies_ns: list[int] = []

    def begin(self, messages: int, in_flight: int) -> None:
        """Send ``messages`` more, ``in_flight`` at a time."""
        self._due = self._next + messages
        self._send(min(messages, in_flight))

    @property
    def done(self) -> bool:
        return self.answered == self._due

    def take(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        at = answers = 0
        while (span := whole_frame(data, at)) is not None:
            start, stop = span
            number, is_event = self._dialect.answered(data[start:stop], self.identity)
            if is_event:
                self.at = self.log.match(self.at, data[at:stop])
            if number is not None:
                self.latencies_ns.append(time.perf_counter_ns() - self._sent_ns.pop(number))
                answers += 1
            at = stop
        self._rest = data[at:]
        if answers:
            self.answered += answers
            self._send(min(answers, self._due - self._next))

    def _send(self, count: int) -> None:
        if count <= 0:
            return
        numbers = range(self._next, self._next + count)
        frames = b"".join(self._dialect.message(self.identity, number, self._group) for number in numbers)
        self._next += count
        now = time.perf_counter_ns()
        self._sent_ns.update((number, now) for number in numbers)
        self.socket.settimeout(_STALLED_S)
        self.socket.sendall(frames)
        self.socket.setblocking(False)


class Crowd:
    """Everybody who is connected to one server."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = members
        self.senders = [member for member in members if isinstance(member, Sender)]
        self.logs = list({id(member.log): member.log for member in members}.values())
        self._by_fd = {member.socket.fileno(): member for member in members}
        self._epoll = select.epoll()
        for fd, member in self._by_fd.items():
            member.socket.setblocking(False)
            self._epoll.register(fd, select.EPOLLIN)
        self._expected = 0

    def exchange(self, messages: int, in_flight: int, progress: Callable[[int], None]) -> None:
        """Have every sender send ``messages``; returns when everybody was told everything.

        Raises BenchFault when something is missing, out of order, or different for two members.
        """
        for sender in self.senders:
            sender.begin(messages, in_flight)
        shown = answered = sum(sender.answered for sender in self.senders)
        while not all(sender.done for sender in self.senders):
            self._turn(_STALLED_S)
            answered = sum(sender.answered for sender in self.senders)
            progress(answered - shown)
            shown = answered
        self._finish(messages * len(self.senders))

    def pace(self, messages: int, interval_s: float, progress: Callable[[int], None]) -> list[int]:
        """Have the one sender send every ``interval_s``; returns the time from sending to arrival in
        nanoseconds, one figure for each message and member."""
        (sender,), (log,) = self.senders, self.logs
        first, sent_ns, latencies = len(log.ends), list[int](), list[int]()
        for member in self.members:
            member.heard = first

        def note(member: Member) -> None:
            now = time.perf_counter_ns()
            while member.heard < len(log.ends) and log.ends[member.heard] <= member.at:
                latencies.append(now - sent_ns[member.heard - first])
                member.heard += 1

        start = time.perf_counter_ns()
        for number in range(messages):
            due = start + int(number * interval_s * 1e9)
            while (left := due - time.perf_counter_ns()) > 0:
                self._turn(left / 1e9, note, idle=True)
            sent_ns.append(time.perf_counter_ns())
            sender.begin(1, 1)
            progress(1)
        while not sender.done or len(latencies) < messages * len(self.members):
            self._turn(_STALLED_S, note)
        self._finish(messages)
        return latencies

    def close(self) -> None:
        self._epoll.close()
        for member in self.members:
            member.socket.close()

    def _finish(self, messages: int) -> None:
        self._expected += messages
        while any(member.at < len(member.log.data) for member in self.members):
            self._turn(_STALLED_S)
        got = sum(len(log.ends) for log in self.logs)
        if got != self._expected:
            raise BenchFault(f"{self._expected} messages were answered, {got} were delivered")

    def _turn(
        self, timeout_s: float, note: Callable[[Member], None] | None = None, *, idle: bool = False
    ) -> None:
        ready = self._epoll.poll(timeout_s)
        if not ready and not idle:
            raise BenchFault(f"nothing arrived for {timeout_s} s, and something is missing")
        for fd, _ in ready:
            member = self._by_fd[fd]
            data = member.socket.recv(_READ_BYTES)
            if not data:
                raise BenchFault("a server closed a connection")
            member.take(data)
            if note is not None:
                note(member)


def masked_frame(payload: bytes) -> bytes:
    """A client's text frame. The mask is zero: it spares the generator work, and the server none."""
    length = len(payload)
    head = bytes((0x81, 0x80 | length)) if length < 126 else bytes((0x81, 0xFE, length >> 8, length & 0xFF))
    return head + b"\0\0\0\0" + payload


def upgrade(port: int, path: str) -> socket.socket:
    """A connection whose WebSocket handshake is done."""
    connected = socket.create_connection(("127.0.0.1", port), timeout=_STALLED_S)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):  # nobody talks before we do, so nothing follows the headers
        piece = connected.recv(4096)
        if not piece:
            raise BenchFault("a server refused a connection")
        answer += piece
    if not answer.startswith(b"HTTP/1.1 101"):
        raise BenchFault(f"a server refused the handshake: {answer[:100]!r}")
    return connected


def own_echo(payload: bytes, sender: int) -> int | None:
    """The number of the message if ``sender`` sent it: where no answer exists, one's own message is it."""
    who, number = stamp_of(payload)
    return number if who == sender else None
