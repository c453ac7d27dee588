"""``qunzu config``: what a server here would be started with, and whether it could be. Starts nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from server.cli.output import JsonOption, Output

app = typer.Typer(no_args_is_help=True, help="The server's configuration: show it, check it.")

ConfigOption = Annotated[
    Path | None, typer.Option("--config", envvar="QUNZU_CONFIG", help="A TOML file with settings.")
]


@app.command()
def show(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show every setting in effect and where it comes from. Passwords are masked.

    \b
    Example:
      $ qunzu config show
      $ QUNZU_LISTEN__PORT=9000 qunzu config show --config qunzu.toml
    """
    with Output(as_json=as_json) as out:
        from server.config import describe, load_config

        settings = describe(load_config(config))
        wide = max(len(it.key) for it in settings)
        values = max(len(str(it.value)) for it in settings)
        lines = [f"{it.key:<{wide}}  {it.value!s:<{values}}  {it.source}" for it in settings]
        out.data({"settings": [it._asdict() for it in settings]}, "\n".join(lines))


@app.command()
def validate(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check settings and policy as a start would. Everything wrong is said at once.

    \b
    Example:
      $ qunzu config validate --config qunzu.toml
    """
    with Output(as_json=as_json) as out:
        from policies.loader import load_policy, policy_hash
        from server.config import load_config

        chosen = load_config(config).policy
        digest = policy_hash(load_policy(chosen.profile, chosen.overrides))
        out.data(
            {"valid": True, "profile": chosen.profile, "policy": digest},
            f"The configuration is good. Policy {chosen.profile}, {digest[:12]}.",
        )
