"""``qunzu rules``: what one agrees to, readable by anybody before anything is asked (CG-05.3)."""

from __future__ import annotations

from typing import Annotated

import typer

from server.cli.asking import Ask, asks_server

app = typer.Typer(no_args_is_help=True, help="Rules, agreement and notices: read and compare them.")

DocumentArgument = Annotated[
    str, typer.Argument(help="rules, convention, agreement, privacy, notice or about.", show_default=True)
]
LocaleOption = Annotated[str, typer.Option(help="The language: en or zh.")]


@app.command()
@asks_server
async def show(
    ask: Ask,
    document: DocumentArgument = "rules",
    locale: LocaleOption = "en",
    version: Annotated[
        str | None, typer.Option(help="A version such as 2026-11; the newest if left out.")
    ] = None,
) -> None:
    """Read a document. No account is needed.

    \b
    Example:
      $ qunzu rules show agreement --locale zh
    """
    from server.wire.verbs.rules import SHOW_RULES, ShowRulesParams

    wanted = {"document": document, "locale": locale, "version": version}
    checked = ShowRulesParams.model_validate(wanted)
    async with ask.anybody() as client:
        text = await client.call(SHOW_RULES, checked)
    ask.out.say(f"{text.document} {text.version}, in effect from {text.effective}, sha256 {text.sha256}")
    ask.out.data(text, text.body.rstrip("\n"))


@app.command()
@asks_server
async def compare(
    ask: Ask,
    from_version: Annotated[str, typer.Argument(help="The older version.")],
    to_version: Annotated[str, typer.Argument(help="The newer version.")],
    document: Annotated[str, typer.Option(help="Which document.")] = "rules",
    locale: LocaleOption = "en",
) -> None:
    """Show what changed between two versions of a document.

    \b
    Example:
      $ qunzu rules compare 2026-09 2026-11 --document rules
    """
    from server.wire.verbs.rules import COMPARE_RULES, CompareRulesParams

    params = {
        "document": document, "locale": locale, "from_version": from_version, "to_version": to_version
    }  # fmt: skip
    checked = CompareRulesParams.model_validate(params)
    async with ask.anybody() as client:
        comparison = await client.call(COMPARE_RULES, checked)
    ask.out.data(comparison, comparison.diff.rstrip("\n") or "Nothing changed.")
