"""How every command speaks: data on stdout, narration on stderr, one exit code for each kind of outcome.

Knows no command. This is the one place that turns exceptions into sentences, so that no command has to.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from enum import IntEnum
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from client_tui.sdk.errors import CallError

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON: one document, or one object per line for streams.")
]


class ExitCode(IntEnum):
    OK = 0
    REFUSED = 1
    """The server said no, or a check did not hold."""
    USAGE = 2
    """The command line or the configuration is wrong; nothing was tried."""
    UNREACHABLE = 3
    """No server answered, or the connection was lost before it did."""
    INTERRUPTED = 130
    """Ctrl-C, as shells have it."""


class Usage(Exception):
    """What was asked for cannot be tried; the text says what to write instead."""


class Output:
    """Where one command writes. As a context it ends the command with a sentence and an exit code when
    something it knows how to tell goes wrong; a bug of ours goes through as a traceback."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json

    def __enter__(self) -> Output:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, typer.Exit | typer.Abort):
            return
        if isinstance(error, KeyboardInterrupt):
            raise typer.Exit(ExitCode.INTERRUPTED)
        if isinstance(error, BrokenPipeError):
            # The reader of a pipe had enough. Python would complain again when it flushes at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(ExitCode.OK)
        if (told := self._told(error)) is not None:
            raise typer.Exit(told) from None

    @property
    def on_terminal(self) -> bool:
        """Whether a person sits at every end: what is read is typed, what is written is seen. The terminal
        client draws on stderr, so that one counts as well."""
        return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))

    def data(self, document: Any, text: str) -> None:
        """The answer: ``document`` as JSON, or ``text`` for people. ``document`` is plain JSON or a model."""
        typer.echo(_json(document) if self.as_json else text)

    def say(self, text: str) -> None:
        """Narration: what is going on, for whoever watches."""
        typer.echo(text, err=True)

    def fail(self, text: str, document: Mapping[str, Any]) -> None:
        """Why there is no answer: a sentence on stderr and, for programs, a document on stdout."""
        label = typer.style("qunzu:", fg="red", bold=True)
        typer.echo(f"{label} {text}", err=True)
        if self.as_json:
            typer.echo(_json({"error": dict(document)}))

    def _told(self, error: BaseException) -> ExitCode | None:
        """The exit code of an error that is expected to happen, after telling it; None for any other."""
        if isinstance(error, Usage):
            self.fail(str(error), {"type": "usage", "message": str(error)})
            return ExitCode.USAGE
        # Heavy imports wait until something has gone wrong: `qunzu version` must not pay for them.
        from pydantic import ValidationError

        from client_tui.sdk.errors import CallError, ConnectionLost, SdkError
        from policies.loader import PolicyError
        from server.config import ConfigError

        if isinstance(error, CallError):
            self.fail(refusal_sentence(error), error_body(error))
            return ExitCode.REFUSED
        if isinstance(error, ConnectionLost):
            # str(error) is what happened; nearly always there is simply no server at that address.
            hint = "" if error.code is not None else " Is a server running there? qunzu serve starts one."
            self.fail(
                f"{error}.{hint}", {"type": "connection_lost", "message": str(error), "close": error.code}
            )
            return ExitCode.UNREACHABLE
        if isinstance(error, SdkError):
            self.fail(
                f"what answers is not the server this command knows: {error}.", {"type": "protocol_fault"}
            )
            return ExitCode.UNREACHABLE
        if isinstance(error, ConfigError | PolicyError):
            problems = [
                {"where": it.where, "line": it.line, "key": it.key, "message": it.text, "clause": it.clause}
                for it in error.problems
            ]
            self.fail(str(error), {"type": "configuration", "message": str(error), "problems": problems})
            return ExitCode.USAGE
        if type(error).__name__ == "StartRefused":  # by name: the whole server is much to import for it
            self.fail(str(error), {"type": "start_refused", "message": str(error)})
            return ExitCode.USAGE
        if isinstance(error, ValidationError) and error.title.endswith("Params"):
            # Parameters that the contract does not allow: what was typed is wrong, and nobody was asked.
            faults = [f"{'.'.join(map(str, it['loc']))}: {it['msg']}" for it in error.errors()]
            told = "; ".join(fault.replace("Value error, ", "") for fault in faults)
            self.fail(told, {"type": "usage", "message": told})
            return ExitCode.USAGE
        return None


def refusal_sentence(error: CallError) -> str:
    """The server's refusal as one line: its words, what there is to know, its type and its clause."""
    about = [error.type, *([f"clause {error.clause}"] if error.clause else [])]
    words = [error.message]
    if error.reason:
        words.append(f"{error.reason[0].upper()}{error.reason[1:]}.".replace("..", "."))
    for key, value in (error.policy or {}).items():
        words.append(f"Policy: {key} = {value}.")
    for fault in error.details.get("fields", []):
        words.append(f"{fault.get('at') or 'params'}: {fault.get('why')}.")
    if error.retry_after_s:
        words.append(f"Try again in {error.retry_after_s:g} s.")
    if incident := error.details.get("incident"):
        words.append(f"Incident {incident}.")
    return f"{' '.join(words)} ({', '.join(about)})"


def error_body(error: CallError) -> dict[str, Any]:
    """The ``error`` member of the server's reply, as it came."""
    data: dict[str, Any] = {"type": error.type, "retryable": error.retryable}
    for key in ("clause", "reason", "policy"):
        if (value := getattr(error, key)) is not None:
            data[key] = value
    return {"code": error.code, "message": error.message, "data": data | error.details}


def _json(document: Any) -> str:
    dump = getattr(document, "model_dump", None)
    if dump is not None:
        document = dump(mode="json")
    return json.dumps(document, ensure_ascii=False, separators=(", ", ": "))
