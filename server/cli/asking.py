"""How a command asks a server: which one, as whom, and with what. Knows no noun.

``asks_server`` turns an async function into a command: it adds the options that all of them share and hands
it an ``Ask``, which connects and logs in when the command says so.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec, cast, get_type_hints
from urllib.parse import urlsplit

import typer

from server.cli.output import ExitCode, JsonOption, Output, Usage

if TYPE_CHECKING:
    from client_tui.sdk import Client
    from client_tui.sdk.connect import Connecting
    from server.cli.credentials import Credentials
    from server.wire.vocabulary import Locale

P = ParamSpec("P")

DEFAULT_URL = "ws://127.0.0.1:8765/ws"
_ATTEMPTS = 6  # half a minute or so: longer than a restart, shorter than a person's patience

UrlOption = Annotated[str, typer.Option("--url", envvar="QUNZU_URL", help="The server to ask.")]
HandleOption = Annotated[
    str | None,
    typer.Option(
        "--handle",
        envvar="QUNZU_HANDLE",
        help="Who you are: to register, to log in, or if several are remembered.",
    ),
]
PasswordOption = Annotated[
    str | None,
    typer.Option(
        "--password",
        envvar="QUNZU_PASSWORD",
        help="Better left out: the variable, or the question, is not seen.",
    ),
]
TokenOption = Annotated[
    str | None, typer.Option("--token", envvar="QUNZU_TOKEN", help="A session token instead of a password.")
]
CredentialsOption = Annotated[
    Path | None,
    typer.Option(
        "--credentials",
        envvar="QUNZU_CREDENTIALS",
        help="The file with remembered sessions.  [default: qunzu/credentials.json in your configuration]",
    ),
]
OpIdOption = Annotated[
    str | None,
    typer.Option("--op-id", help="Name this very act: repeating the command under one name does it once."),
]


@dataclass
class Ask:
    """One command's way to a server."""

    out: Output
    url: str = DEFAULT_URL
    handle: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    credentials_file: Path | None = None

    def __post_init__(self) -> None:
        from server.config import check_variables

        check_variables(os.environ)
        if not _is_address(self.url):
            raise Usage(f"{self.url!r} is no server address; write one such as {DEFAULT_URL}")

    @property
    def credentials(self) -> Credentials:
        from server.cli.credentials import Credentials, default_file

        return Credentials(self.credentials_file or default_file(os.environ))

    @asynccontextmanager
    async def anybody(self) -> AsyncIterator[Client]:
        """A connection without login: rules, registration, what the server says about itself."""
        async with self._connected() as client:
            yield client

    @asynccontextmanager
    async def account(self) -> AsyncIterator[Client]:
        """A connection that is logged in: by token, by a remembered session, or by password.

        Who logs in by password for one command is logged out after it: devices are counted.
        """
        from server.wire.verbs.session import CLOSE_SESSION, CloseParams

        by_password = self.handle is not None and self.password is not None
        token = self.token if by_password else self.remembered_token()
        if token is not None:
            async with self._connected(token=token) as client:
                yield client
        elif self.handle is not None:
            async with self._connected(handle=self.handle, password=self.ask_password()) as client:
                try:
                    yield client
                finally:
                    await client.call(CLOSE_SESSION, CloseParams())
        else:
            raise Usage(
                f"nobody is logged in at {self.url}. "
                "Log in: qunzu user login --handle NAME; or begin: qunzu user register --help"
            )

    def remembered_token(self) -> str | None:
        """The token that was given, else that of a remembered session here."""
        if self.token is not None:
            return self.token
        remembered = self.credentials.find(self.url, self.handle)
        return remembered.token if remembered else None

    def remember(self, client: Client) -> None:
        """Keep the session of a client that has just logged in by password."""
        from server.cli.credentials import Remembered

        if client.session is None or client.token is None:
            raise RuntimeError("this client is not logged in")
        self.credentials.remember(Remembered(self.url, client.session.account.handle, client.token))

    def op_id(self) -> str:
        """A fresh ``client_op_id``."""
        from server.system import SystemSecrets

        return SystemSecrets().token()

    def ask_password(self, *, new: bool = False) -> str:
        """The password from the option or the variable, else asked for; ``new`` asks twice."""
        if self.password is not None:
            return self.password
        if not sys.stdin.isatty():
            raise Usage("no password: set QUNZU_PASSWORD, or run this where one can be typed")
        answer: str = typer.prompt("Password", hide_input=True, confirmation_prompt=new, err=True)
        return answer

    def _connected(
        self, *, token: str | None = None, handle: str | None = None, password: str | None = None
    ) -> Connecting:
        from client_tui.sdk import RetryPolicy, connect, this_program

        # Events begin now: a command that wants the past asks for a page of it.
        retry = RetryPolicy(attempts=_ATTEMPTS)
        program = this_program("qunzu-cli")
        return connect(
            self.url,
            token=token,
            handle=handle,
            password=password,
            client=program,
            snapshots=False,
            retry=retry,
        )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        return False


def as_locale(text: str) -> Locale:
    if text not in ("en", "zh"):
        raise Usage(f"a language is en or zh, not {text!r}")
    return cast("Locale", text)


@contextmanager
def stream_ended_by_hand() -> Iterator[None]:
    """Ctrl-C is how a person ends a stream: no failure. (asyncio turns it into a cancellation.)"""
    try:
        yield
    except asyncio.CancelledError:
        raise typer.Exit(ExitCode.OK) from None


def asks_server(command: Callable[Concatenate[Ask, P], Awaitable[None]]) -> Callable[..., None]:
    """The command as typer calls it: its own parameters, then those that every question to a server has."""
    own = inspect.signature(command)
    hints = get_type_hints(command, include_extras=True)

    def run(**given: Any) -> None:
        with Output(as_json=given.pop("as_json")) as out:
            ask = Ask(out, **{name: given.pop(name) for name in _SHARED if name != "as_json"})
            asyncio.run(_awaited(command(ask, **given)))  # type: ignore[call-arg]

    parameters = [it.replace(annotation=hints[name]) for name, it in list(own.parameters.items())[1:]]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in _SHARED.items()
    ]
    run.__signature__ = inspect.Signature([*parameters, *shared])  # type: ignore[attr-defined]
    run.__annotations__ = {it.name: it.annotation for it in (*parameters, *shared)}
    run.__doc__ = command.__doc__
    run.__name__ = getattr(command, "__name__", "run")
    return run


async def _awaited(awaitable: Awaitable[None]) -> None:
    await awaitable


_SHARED: dict[str, tuple[Any, Any]] = {
    "url": (UrlOption, DEFAULT_URL),
    "handle": (HandleOption, None),
    "password": (PasswordOption, None),
    "token": (TokenOption, None),
    "credentials_file": (CredentialsOption, None),
    "as_json": (JsonOption, False),
}
