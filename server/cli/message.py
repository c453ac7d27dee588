"""``qunzu message``: say something, and listen. Judges no text; the server does."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.asking import Ask, OpIdOption, asks_server, stream_ended_by_hand
from server.cli.group import GroupArgument

if TYPE_CHECKING:
    from client_tui.sdk import Client
    from server.wire.events import MessageRecalled
    from server.wire.models import Message
    from server.wire.verbs.message import HistoryParams

app = typer.Typer(no_args_is_help=True, help="Messages: send one, follow a group.")


@app.command()
@asks_server
async def send(
    ask: Ask,
    group: GroupArgument,
    text: Annotated[str, typer.Argument(help="What to say; - reads it from standard input.")],
    reply_to: Annotated[int | None, typer.Option(metavar="SEQ", help="The message it answers.")] = None,
    mention: Annotated[
        list[str] | None, typer.Option(metavar="REF", help="A member it is meant for; may be repeated.")
    ] = None,
    op_id: OpIdOption = None,
) -> None:
    """Post a message. When the number comes back, the message is on the server's disk.

    \b
    Example:
      $ qunzu message send G-7K2M9Q4XW0 "Anyone for oolong?"
      $ fortune | qunzu message send G-7K2M9Q4XW0 -
    """
    from server.wire.verbs.message import SEND, SendParams

    params = {
        "group": group,
        "text": sys.stdin.read().rstrip("\n") if text == "-" else text,
        "reply_to": reply_to,
        "mentions": mention or [],
        "client_op_id": op_id or ask.op_id(),
    }
    checked = SendParams.model_validate(params)
    async with ask.account() as client:
        sent = await client.call(SEND, checked)
    ask.out.data(sent, str(sent.event_seq))


@app.command()
@asks_server
async def tail(
    ask: Ask,
    group: GroupArgument,
    lines: Annotated[int, typer.Option("-n", "--lines", min=0, max=500, help="How many to begin with.")] = 10,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", "-f/-F", help="Go on until Ctrl-C.")] = True,
    count: Annotated[int | None, typer.Option(min=1, help="End after printing this many.")] = None,
) -> None:
    """Print the newest messages of a group, then new ones as they come.

    \b
    Example:
      $ qunzu message tail G-7K2M9Q4XW0 -n 20
      $ qunzu message tail G-7K2M9Q4XW0 --json --count 1
    """
    from server.wire.verbs.message import HistoryParams

    page = HistoryParams.model_validate({"group": group, "limit": max(lines, 1)})
    printed = 0
    with stream_ended_by_hand():
        async with ask.account() as client:
            async for message in _messages(client, page, lines, follow):
                _print(ask, message)
                printed += 1
                if printed == count:
                    return


async def _messages(
    client: Client, page: HistoryParams, lines: int, follow: bool
) -> AsyncIterator[Message | MessageRecalled]:
    """The last ``lines`` messages, oldest first, then what happens to messages from there on."""
    from server.wire.events import MessageRecalled
    from server.wire.models import Message
    from server.wire.verbs.message import HISTORY
    from server.wire.vocabulary import group_stream

    # The session listens already, so what arrives around the page is in both, and never in neither.
    known = (await client.call(HISTORY, page)).messages
    for message in known[-lines:] if lines else []:
        yield message
    head = known[-1].seq if known else 0
    if not follow:
        return
    async for event in client.events():
        ours = event.stream == group_stream(page.group) and (event.seq or 0) > head
        if ours and isinstance(event.data, Message | MessageRecalled):
            yield event.data


def _print(ask: Ask, message: Message | MessageRecalled) -> None:
    from client_tui.labels import role_label
    from client_tui.prose import harmless, isolated, one_line
    from server.wire.models import Message

    document = message.model_dump(mode="json")
    if not isinstance(message, Message):
        ask.out.data({"type": "message.recalled", **document}, f"#{message.seq} was recalled")
        return
    # Shown, never obeyed: no control reaches the terminal, and no direction run pulls at the role label.
    said = "(recalled)" if message.text is None else harmless(message.text)
    text = "\n    ".join(isolated(line) for line in said.split("\n"))
    answer = "" if message.reply_to is None else f" (to #{message.reply_to})"
    who = f"{one_line(message.nickname)} {role_label(message.role)}"
    line = f"{message.at.astimezone():%H:%M:%S} #{message.seq} {who}{answer}: {text}"
    ask.out.data({"type": "message.posted", **document}, line)
