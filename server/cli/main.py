"""``qunzu``: the tree of commands. Each noun has its file; what is here only hangs them up."""

from __future__ import annotations

import typer

from server.cli import group, message, rpc, rules, settings, user
from server.cli.demo import demo
from server.cli.serve import serve
from server.cli.tui import tui
from server.cli.version import version

app = typer.Typer(
    name="qunzu",
    help="Qunzu: a group-chat server to study chat rules by. Real names backstage, pseudonyms on stage.",
    epilog="Begin with: qunzu demo. Exit codes: 0 ok, 1 refused or failed, 2 usage or settings, 3 no server.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(serve)
app.command()(tui)
app.add_typer(user.app, name="user")
app.add_typer(rules.app, name="rules")
app.add_typer(group.app, name="group")
app.add_typer(message.app, name="message")
app.add_typer(rpc.app, name="rpc")
app.add_typer(settings.app, name="config")
app.command()(version)


def app_main() -> None:
    app(prog_name="qunzu")


if __name__ == "__main__":
    app_main()
