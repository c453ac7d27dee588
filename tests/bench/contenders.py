"""The two servers that are measured, and how each is spoken to."""

from __future__ import annotations

import json
import socket
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.bench import controls
from tests.bench.group_log import GroupLog, stamp, whole_frame
from tests.bench.load import Dialect, Member, Sender, masked_frame, own_echo, upgrade
from tests.bench.population import PROFILE, Population
from tests.bench.process import BenchFault, Process

TEXT_BYTES = 200
_FILLER = "群里的一句话，不长也不短。A line of talk, neither short nor long, as people write them; "
_CAUGHT_UP = b'"session.caught_up"'


@dataclass(frozen=True, slots=True)
class Seat:
    """One connection to be made."""

    member: int
    group: str
    talks: bool


class Contender(Protocol):
    """One server process, from its start to its end."""

    name: str
    process: Process

    def seat(self, seats: Sequence[Seat]) -> list[Member]:
        """Connect everybody; returns when each of them would hear a message."""
        ...

    def end(self, messages: int) -> None:
        """Stop the server and check what it owes for ``messages`` acknowledged ones."""
        ...


def text_of(sender: int, number: int) -> str:
    """200 bytes of Chinese and Latin text (fewer by at most two), beginning with the stamp."""
    return (stamp(sender, number) + _FILLER * 3).encode()[:TEXT_BYTES].decode(errors="ignore")


class Bare:
    """``broadcast()`` of `websockets`: no identity, no check, no log, no disk."""

    name = "bare"

    def __init__(self, directory: Path, core: int | None) -> None:
        self.process = Process(["-m", "tests.bench.bare"], directory / "bare.err", core)

    def seat(self, seats: Sequence[Seat]) -> list[Member]:
        port, logs = int(self.process.greeting), _logs(seats, with_seq=False)
        return [_member(upgrade(port, f"/{seat.group}"), seat, logs, _BareDialect()) for seat in seats]

    def end(self, messages: int) -> None:
        self.process.stop()


class Qunzu:
    """``qunzu serve`` on a copy of the prepared data directory, everything on."""

    name = "qunzu"

    def __init__(self, directory: Path, core: int | None, population: Population) -> None:
        self._population = population
        self._data = population.copy(Path(tempfile.mkdtemp(dir=directory)) / "data")
        arguments = ["serve", "--port", "0", "--profile", PROFILE, "--json", "--data-dir", str(self._data)]
        start = "from server.cli.main import app_main; app_main()"  # what the `qunzu` command runs
        self.process = Process(["-c", start, *arguments], directory / "qunzu.err", core)

    def seat(self, seats: Sequence[Seat]) -> list[Member]:
        port, logs = int(json.loads(self.process.greeting)["port"]), _logs(seats, with_seq=True)
        members = []
        for seat in seats:
            connected = upgrade(port, "/ws")
            connected.sendall(_opening(self._population.tokens[seat.member]))
            members.append(_member(connected, seat, logs, _QunzuDialect()))
        for member in members:
            _await_caught_up(member)
        return members

    def end(self, messages: int) -> None:
        self.process.stop()
        controls.check_kept(self._data / "front.db", messages)


class _BareDialect:
    def message(self, sender: int, number: int, group: str) -> bytes:
        return masked_frame(text_of(sender, number).encode())

    def answered(self, payload: bytes, sender: int) -> tuple[int | None, bool]:
        return own_echo(payload, sender), True


class _QunzuDialect:
    _ANSWER = b'{"jsonrpc":"2.0","id":'
    _EVENT = b'{"jsonrpc":"2.0","method":"event"'

    def message(self, sender: int, number: int, group: str) -> bytes:
        return masked_frame(
            f'{{"jsonrpc":"2.0","id":{number},"method":"message.send","params":{{"group":"{group}",'
            f'"text":"{text_of(sender, number)}","client_op_id":"bench-{number:08}"}}}}'.encode()
        )

    def answered(self, payload: bytes, sender: int) -> tuple[int | None, bool]:
        if payload.startswith(self._EVENT):
            return None, True
        if not payload.startswith(self._ANSWER) or b'"result":{"event_seq":' not in payload:
            raise BenchFault(f"a message was not accepted: {payload[:300]!r}")
        return int(payload[len(self._ANSWER) : payload.index(b",", len(self._ANSWER))]), False


def _logs(seats: Sequence[Seat], *, with_seq: bool) -> dict[str, GroupLog]:
    return {group: GroupLog(with_seq=with_seq) for group in {seat.group for seat in seats}}


def _member(connected: socket.socket, seat: Seat, logs: dict[str, GroupLog], dialect: Dialect) -> Member:
    if seat.talks:
        return Sender(connected, logs[seat.group], dialect, seat.member, seat.group)
    return Member(connected, logs[seat.group])


def _opening(token: str) -> bytes:
    client = {"name": "qunzu-bench", "version": "1"}
    params = {"token": token, "protocol": 1, "client": client}
    call = {"jsonrpc": "2.0", "id": 0, "method": "session.open", "params": params}
    return masked_frame(json.dumps(call).encode())


def _await_caught_up(member: Member) -> None:
    """Read the answer to the log-in and everything up to ``session.caught_up``, and nothing after it."""
    data = b""
    while _CAUGHT_UP not in data:
        piece = member.socket.recv(1 << 16)
        if not piece:
            raise BenchFault("the server closed a connection at log-in")
        data += piece
    at = 0
    while (span := whole_frame(data, at)) is not None:
        at = span[1]
    if at != len(data):
        raise BenchFault("half a frame came with the log-in")
