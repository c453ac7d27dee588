"""Frames that no honest client sends, by seeded chance: rubbish, near misses, rubbish in good envelopes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from server.wire.verbs import VERBS

_LETTERS = 'ab{}[]":,0 \\u\n\t\x00\x7f\ufeff\u202e\u0301群组🀄'
_AWKWARD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, -(2**63) - 1, 10**40, 1.5, -0.0, 1e308),
    *("", " ", "\x00", "\u202e", "a" * 5000, "群" * 4001, "null", "G-0000000000", "../../etc", "' or 1=1 --"),
    *([], [[]], {}, {"": ""}, [None] * 60, {"a": {"b": {"c": {}}}}, ["M-1"] * 51, "\ufffe", "\u2066"),
)
_HARMFUL = {"session.close", "session.open", "session.revoke", "identity.withdraw", "group.leave"} | {
    *("account.register", "account.change_password", "rpc.discover")
}
"""Calls that would end the fuzzer's own session or cost a password hash if they happened to be good."""


class Rubbish:
    """``known`` are values that fit: field name to a function giving one."""

    def __init__(self, draws: random.Random, known: Mapping[str, Callable[[], Any]]) -> None:
        self._draws, self._known = draws, known
        self._count = 0

    def frames(self, how_many: int) -> Iterator[str]:
        kinds = (
            self.call,
            self.call,
            self.call,
            self.envelope,
            self.text,
            self.nested,
            self.number,
            self.batch,
        )
        for _ in range(how_many):
            yield self._draws.choice(kinds)()

    def call(self) -> str:
        """A declared verb whose parameters fit, except for what chance did to them."""
        return json.dumps(self._call(), ensure_ascii=self._draws.random() < 0.5)

    def envelope(self) -> str:
        """A call whose frame is wrong rather than its parameters."""
        call = self._call()
        for _ in range(self._draws.randint(1, 2)):
            key = self._draws.choice(["jsonrpc", "id", "method", "params", "result", "extra"])
            if self._draws.random() < 0.3:
                call.pop(key, None)
            else:
                call[key] = self._value()
        return json.dumps(call)

    def text(self) -> str:
        """Characters in a row; some of it is nearly JSON."""
        if self._draws.random() < 0.5:
            whole = self.call()
            cut = self._draws.randrange(len(whole))
            return whole[:cut] + self._draws.choice(["", "}", "\x00", '"', whole[cut + 1 :]])
        return "".join(self._draws.choices(_LETTERS, k=self._draws.randint(0, 300)))

    def nested(self) -> str:
        depth = self._draws.choice([10, 15, 16, 17, 18, 100, 5000, 20000])
        opening, closing = self._draws.choice([("[", "]"), ('{"a":', "}")])
        inner = (
            opening * depth
            + ("1" if opening != "[" else "")
            + closing * self._draws.choice([depth, depth - 1])
        )
        if self._draws.random() < 0.5:
            return inner[:60_000]
        return f'{{"jsonrpc":"2.0","id":"{self._id()}","method":"group.get","params":{inner}}}'[:60_000]

    def number(self) -> str:
        digits = self._draws.choice(
            ["1e400", "-1e400", "NaN", "Infinity", "1" * 400, "9" * 5000, "1.0", "01", "0x1"]
        )
        where = self._draws.choice(["id", "seq", "limit"])
        if where == "id":
            return f'{{"jsonrpc":"2.0","id":{digits},"method":"server.nothing","params":{{}}}}'
        return (
            f'{{"jsonrpc":"2.0","id":"{self._id()}","method":"message.mark_read",'
            f'"params":{{"group":"{self._known["group"]()}","{where}":{digits},"client_op_id":"fuzz-number"}}}}'
        )

    def batch(self) -> str:
        size = self._draws.choice([0, 1, 2, 5, 50, 51])
        members = [self._call() if self._draws.random() < 0.5 else self._value() for _ in range(size)]
        return json.dumps(members)[:65_000]

    def _call(self) -> dict[str, Any]:
        name = self._draws.choice([*VERBS, "no.such", "", "group.__class__", "rpc." + "x" * 200])
        verb = VERBS.get(name)
        params: dict[str, Any] = {}
        if verb is not None:
            params = {
                field: self._fitting(field)
                for field in verb.params.model_fields
                if self._draws.random() < 0.9
            }
        for _ in range(self._draws.randint(0, 3)):
            key = self._draws.choice([*params, "unknown", "group", "client_op_id", "__proto__", "text"])
            params[key] = self._value()
        if name in _HARMFUL:
            params["surplus"] = self._value()
        call: dict[str, Any] = {"jsonrpc": "2.0", "id": self._id(), "method": name, "params": params}
        if self._draws.random() < 0.05:
            del call["id"]
        return call

    def _fitting(self, field: str) -> Any:
        return self._known[field]() if field in self._known else self._value()

    def _value(self) -> Any:
        if self._draws.random() < 0.1:
            return "".join(self._draws.choices(_LETTERS, k=self._draws.randint(1, 40)))
        return self._draws.choice(_AWKWARD)

    def _id(self) -> str:
        self._count += 1
        return f"f{self._count}"
