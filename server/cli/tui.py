"""``qunzu tui``: the terminal client at any server. What it shows is not decided here."""

from __future__ import annotations

from typing import Annotated

import typer

from server.cli.asking import DEFAULT_URL, Ask, CredentialsOption, HandleOption, TokenOption, as_locale
from server.cli.output import Output, Usage
from server.cli.user import somebody_made_up


def tui(
    url: Annotated[str, typer.Argument(envvar="QUNZU_URL", help="The server.")] = DEFAULT_URL,
    lang: Annotated[str | None, typer.Option(help="en or zh; asked on the first screen if left out.")] = None,
    handle: HandleOption = None,
    token: TokenOption = None,
    credentials: CredentialsOption = None,
) -> None:
    """Open the terminal client. A remembered session is taken up; without one you begin as somebody new.

    \b
    Example:
      $ qunzu tui
      $ qunzu tui ws://127.0.0.1:8765/ws --lang zh
    """
    with Output() as out:
        ask = Ask(out, url, handle, token=token, credentials_file=credentials)
        locale = None if lang is None else as_locale(lang)
        if not out.on_terminal:
            raise Usage("the terminal client needs a terminal; in a script, use: qunzu message, qunzu rpc")
        from client_tui.app import run
        from client_tui.i18n import guess

        # Nobody can be expected to work out a check character by hand: somebody made up is at hand.
        person = somebody_made_up(locale or guess(None))
        code = run(url, locale=locale, offered_person=person, token=ask.remembered_token())
    raise typer.Exit(code)
