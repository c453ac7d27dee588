"""What happened, written down so that one likes to read it: who called what, what came back, which clause.

Knows how a step looks, on paper and as JSON; knows no story.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import typer

from client_tui import i18n, refusals
from client_tui.labels import role_label
from client_tui.sdk import Answer, CallError, Client
from policies.clause import Catalogue
from policies.loader import load_catalogue
from server.cli.output import Output, error_body
from server.cli.story.cast import Both
from server.wire.models import Message
from server.wire.verb import P, R, Verb
from server.wire.vocabulary import Locale

_UNSEEN = frozenset({"password", "old_password", "new_password", "token", "legal_name", "number", "phone"})
"""Parameters whose values go to the server and nowhere else, not even into a story."""
_LONGEST = 56  # characters of a value before it is cut
_VAULT_ONLY = Both("(for the vault only)", "（只进保险库）")
_SECRET = Both("(secret)", "（保密）")


class StoryBroken(Exception):
    """A call went another way than the story needs; there is nothing to tell after it."""


@dataclass
class Step:
    """One step while it happens."""

    transcript: Transcript
    number: int
    title: str
    clauses: tuple[str, ...]
    calls: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)

    async def call(self, client: Client, verb: Verb[P, R], params: P, *show: str) -> R:
        """Call, and write down the parts of the result that ``show`` names (dotted paths)."""
        return (await self.call_detailed(client, verb, params, *show)).result

    async def call_detailed(self, client: Client, verb: Verb[P, R], params: P, *show: str) -> Answer[R]:
        record = self._asked(verb.name, params.model_dump(mode="json", exclude_unset=True))
        try:
            answer = await client.call_detailed(verb, params)
        except CallError as error:
            self._refused(record, error)
            raise StoryBroken(f"{verb.name} was refused: {error}") from error
        whole = answer.result.model_dump(mode="json")
        record["result"] = {path: _at(whole, path) for path in show}
        if answer.replayed:
            record["result"]["replayed"] = True
        self._line(
            "←", "  ".join(f"{key}={_short(value)}" for key, value in record["result"].items()) or "ok"
        )
        return answer

    async def refused(self, client: Client, verb: Verb[P, R], params: P, type_: str) -> CallError:
        """Call, and expect to be refused with this type."""
        record = self._asked(verb.name, params.model_dump(mode="json", exclude_unset=True))
        try:
            await client.call(verb, params)
        except CallError as error:
            self._refused(record, error)
            self.check(error.type == type_, f"the refusal is {type_}", f"拒绝的类型是 {type_}")
            return error
        raise StoryBroken(f"{verb.name} was not refused")

    def check(self, held: bool, en: str, zh: str) -> None:
        """Write down what was expected, and whether it is so."""
        text = Both(en, zh)[self.transcript.locale]
        self.checks.append({"text": text, "held": held})
        mark, colour = ("✓", "green") if held else ("✗ NOT SO:", "red")
        self._line(typer.style(mark, fg=colour), text)

    def note(self, en: str, zh: str) -> None:
        self._line(" ", Both(en, zh)[self.transcript.locale])

    def heard(self, message: Message) -> None:
        """A message as people see it."""
        who = f"{message.nickname} {role_label(message.role)}"
        answer = "" if message.reply_to is None else f"(#{message.reply_to}) "
        text = (message.text or "…").replace("\n", "\n" + " " * 12)
        self._line(" ", f"#{message.seq:<3} {who}: {answer}{text}")

    def _asked(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        locale = self.transcript.locale
        shown: dict[str, Any] = {}
        for key, value in params.items():
            if key in _UNSEEN:
                shown[key] = (_VAULT_ONLY if key in ("legal_name", "number", "phone") else _SECRET)[locale]
            elif key not in ("client_op_id", "client") and value not in (None, [], ""):
                shown[key] = value
        record: dict[str, Any] = {"method": method, "params": shown}
        self.calls.append(record)
        self._line("→", f"{typer.style(method, bold=True)}  {_words(shown)}".rstrip())
        return record

    def _refused(self, record: dict[str, Any], error: CallError) -> None:
        record["error"] = error_body(error)
        clause = f"  [{error.clause}]" if error.clause else ""
        words = error.message
        if self.transcript.locale == "zh":  # the server speaks English to programs; the client translates
            words = refusals.words(refusals.Refusal(error.type, error.message))
        self._line(typer.style("×", fg="yellow"), f"{error.code} {error.type}{clause}  “{words}”")

    def _line(self, mark: str, text: str) -> None:
        self.transcript.write(f"      {mark} {text}")


class Transcript:
    """The whole story as it is told."""

    def __init__(self, out: Output, locale: Locale) -> None:
        self._out = out
        self.locale = locale
        self.steps: list[Step] = []
        self._catalogue: Catalogue = load_catalogue()
        i18n.use(locale)

    @property
    def checks(self) -> list[dict[str, Any]]:
        return [check for step in self.steps for check in step.checks]

    @property
    def held(self) -> bool:
        return all(check["held"] for check in self.checks)

    def write(self, line: str) -> None:
        if not self._out.as_json:
            typer.echo(line)

    def act(self, en: str, zh: str) -> None:
        self.write("")
        self.write(typer.style(Both(en, zh)[self.locale], fg="cyan", bold=True))

    @contextmanager
    def step(self, en: str, zh: str, *clauses: str) -> Iterator[Step]:
        """One step. Its clauses are quoted after it, each the first time it comes up."""
        step = Step(self, len(self.steps) + 1, Both(en, zh)[self.locale], clauses)
        told = {clause for earlier in self.steps for clause in earlier.clauses}
        self.steps.append(step)
        cited = f"  [{', '.join(clauses)}]" if clauses else ""
        self.write("")
        self.write(f"{step.number:>3}. {typer.style(step.title, bold=True)}{cited}")
        try:
            yield step
        finally:
            self._close(step, told)

    def _close(self, step: Step, told: set[str]) -> None:
        for clause in step.clauses:
            if clause not in told:
                duty = self._catalogue.clause(clause).duty.in_locale(self.locale)
                self.write(typer.style(f"      § {clause}  {duty}", dim=True))
        if self._out.as_json:
            document = {
                "step": step.number,
                "title": step.title,
                "clauses": list(step.clauses),
                "calls": step.calls,
                "checks": step.checks,
            }
            self._out.data(document, "")


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def _words(values: dict[str, Any], above: str = "") -> str:
    """``key=value`` for each value, with dotted keys for what is nested."""
    words = []
    for key, value in values.items():
        nested = isinstance(value, dict) and all(str(inner).isidentifier() for inner in value)
        words.append(_words(value, f"{above}{key}.") if nested else f"{above}{key}={_short(value)}")
    return "  ".join(words)


def _short(value: Any) -> str:
    """A value on one line; of a digest the beginning, which is what people compare."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if re.fullmatch("[0-9a-f]{64}", text):
        return f"{text[:12]}…"
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    quoted = isinstance(value, str) and (" " in text or not text.isascii()) and text[0] not in "(（"
    return f'"{text}"' if quoted else text
