"""``qunzu user``: an account from its beginning. Keeps no password and shows no identity twice."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.asking import DEFAULT_URL, Ask, as_locale, asks_server
from server.cli.output import Usage

if TYPE_CHECKING:
    from client_tui.sdk import SyntheticPerson
    from server.wire.vocabulary import Locale

app = typer.Typer(no_args_is_help=True, help="Your account: register, log in, verify an identity.")


@app.command()
@asks_server
async def register(
    ask: Ask,
    accept_agreement: Annotated[
        str | None,
        typer.Option(
            metavar="VERSION", help="The agreement you have read and accept. Never filled in for you."
        ),
    ] = None,
    locale: Annotated[str, typer.Option(help="The language you read it in: en or zh.")] = "en",
) -> None:
    """Open an account under a handle of your choice.

    First read what you agree to: the rules, then the agreement. Without --accept-agreement this command
    says which version is current and how to read it, and opens nothing. The password is asked for, or taken
    from QUNZU_PASSWORD. Afterwards you are logged in: the session is remembered in a file only you can read.

    \b
    Example:
      $ qunzu rules show agreement
      $ qunzu user register --handle paper-crane --accept-agreement 2026-11
    """
    from server.wire.verbs.account import REGISTER, AgreementAcceptance, RegisterParams
    from server.wire.verbs.rules import SHOW_RULES, ShowRulesParams

    chosen = as_locale(locale)
    async with ask.anybody() as client:
        agreement = await client.call(SHOW_RULES, ShowRulesParams(document="agreement", locale=chosen))
        if accept_agreement != agreement.version:
            said = (
                f"version {accept_agreement} is not current"
                if accept_agreement
                else "nothing is accepted yet"
            )
            where = "" if ask.url == DEFAULT_URL else f" --url {ask.url}"
            raise Usage(
                f"{said}; no account was opened.\n"
                f"  read the rules      qunzu rules show{where} --locale {chosen}\n"
                f"  read the agreement  qunzu rules show agreement{where} --locale {chosen}\n"
                f"  then accept it      qunzu user register --accept-agreement {agreement.version} ..."
            )
        if ask.handle is None:
            raise Usage("choose the name others will see: --handle NAME; it need not be your own")
        password = ask.ask_password(new=True)
        agreed = AgreementAcceptance(version=agreement.version, locale=chosen, sha256=agreement.sha256)
        registered = await client.call(
            REGISTER,
            RegisterParams(
                handle=ask.handle,
                password=password,
                agreement=agreed,
                client=client.client_class,
                client_op_id=ask.op_id(),
            ),
        )
        await client.open(handle=ask.handle, password=password)
        ask.remember(client)
    ask.out.data(
        registered,
        f"{registered.account.handle} is registered and logged in at {ask.url}.\n"
        "To post, join or found a group, verify an identity: qunzu user verify --synthetic",
    )


@app.command()
@asks_server
async def login(ask: Ask) -> None:
    """Log in and remember the session. Later commands need no password.

    \b
    Example:
      $ qunzu user login --handle paper-crane
    """
    if ask.handle is None:
        raise Usage("as whom? --handle NAME")
    password = ask.ask_password()
    async with ask.anybody() as client:
        opened = await client.open(handle=ask.handle, password=password)
        ask.remember(client)
    # The token goes to the credentials file and nowhere else: what is printed ends up in logs and histories.
    ask.out.data(
        opened.model_dump(mode="json", exclude={"token"}),
        f"{opened.account.handle} is logged in at {ask.url}.",
    )


@app.command()
@asks_server
async def logout(ask: Ask) -> None:
    """Log out and forget the remembered session.

    \b
    Example:
      $ qunzu user logout
    """
    from server.wire.verbs.session import CLOSE_SESSION, CloseParams

    remembered = ask.credentials.find(ask.url, ask.handle)
    if remembered is None:
        raise Usage(f"nobody is logged in at {ask.url}")
    try:
        async with ask.account() as client:
            closed = await client.call(CLOSE_SESSION, CloseParams())
    finally:
        ask.credentials.forget(remembered)
    ask.out.data(closed, f"{remembered.handle} is logged out.")


@app.command()
@asks_server
async def verify(
    ask: Ask,
    method: Annotated[str, typer.Option(help="resident_id, or other_document.")] = "resident_id",
    document: Annotated[
        str | None,
        typer.Option(help="Which other one: hk_macao_permit, taiwan_permit, foreign_pr_card or passport."),
    ] = None,
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Make up a person who does not exist.")
    ] = False,
    locale: Annotated[str, typer.Option(help="The language of a made-up name: en or zh.")] = "en",
) -> None:
    """Prove an identity backstage. Nobody else ever sees more than that you did.

    This teaching server takes synthetic identities only: numbers whose region is 000000, which is never
    assigned. Name and number are asked for, not echoed, and never written on a command line.

    \b
    Example:
      $ qunzu user verify --synthetic
      $ qunzu user verify --method resident_id
    """
    from server.wire.verbs.identity import VERIFY, VerifyParams

    if method not in ("resident_id", "other_document"):  # before anything private is typed
        raise Usage(f"{method!r} is no method: resident_id, or other_document with --document")
    if synthetic and method != "resident_id":
        raise Usage("--synthetic makes up a resident id; leave out --method")
    if synthetic:
        made_up = somebody_made_up(as_locale(locale))
        name, number = made_up.legal_name, made_up.number
        ask.out.say(f"A synthetic person: {name}, {number}. It goes to the vault and nowhere else.")
    else:
        name, number = _hidden("Legal name"), _hidden("Number")
    params = {
        "method": method,
        "document": document,
        "legal_name": name,
        "number": number,
        "client_op_id": ask.op_id(),
    }
    checked = VerifyParams.model_validate(params)
    async with ask.account() as client:
        verified = await client.call(VERIFY, checked)
    what = verified.verification
    if verified.handle_resembles_name:
        ask.out.say("Your handle is close to the name you gave. Others see the handle; changing it is free.")
    ask.out.data(
        verified,
        f"verified · {what.method} · {what.at.astimezone():%Y-%m-%d}. Nothing else leaves the vault.",
    )


def _hidden(what: str) -> str:
    if not sys.stdin.isatty():
        raise Usage(f"{what.lower()} cannot be asked for here; run this in a terminal, or use --synthetic")
    answer: str = typer.prompt(what, hide_input=True, err=True)
    return answer


def somebody_made_up(locale: Locale) -> SyntheticPerson:
    """A person who does not exist, drawn anew each time, with a name in that language."""
    from client_tui.sdk.synthetic import PEOPLE, synthetic_person
    from server.system import SystemSecrets

    return synthetic_person(int.from_bytes(SystemSecrets().bytes(8)) % PEOPLE, locale)
