"""``qunzu rpc``: the protocol itself, for scripts and for the curious. Adds nothing to it."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from server.cli.asking import Ask, asks_server, stream_ended_by_hand
from server.cli.output import JsonOption, Output, Usage

app = typer.Typer(no_args_is_help=True, help="The protocol: call methods, watch events, read schemas.")


@app.command()
@asks_server
async def call(
    ask: Ask,
    method: Annotated[str, typer.Argument(help="A method, such as group.list.")],
    params: Annotated[
        list[str] | None,
        typer.Argument(
            help="Parameters: name=value ..., or one JSON object. Values are JSON where they can be."
        ),
    ] = None,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Do not log in, even where one could.")
    ] = False,
) -> None:
    """Call a method and print its result as JSON.

    Methods that anybody may call are called without a login. A client_op_id is made up where one is needed
    and none is given.

    \b
    Example:
      $ qunzu rpc call server.about
      $ qunzu rpc call message.history group=G-7K2M9Q4XW0 limit=5
      $ qunzu rpc call group.create '{"name": "The Tea Table", "category": "hobby"}'
    """
    from server.wire.verb import Scope

    verb = _verb(method)
    given = _params(params or [])
    _check_names(method, given, verb.params.model_fields)
    if "client_op_id" in verb.params.model_fields:
        given.setdefault("client_op_id", ask.op_id())
    # From JSON, as the server would read it: a list is a list, a date is text.
    checked = verb.params.model_validate_json(json.dumps(given))
    open_to_all = anonymous or verb.scope is Scope.ANYONE
    async with ask.anybody() if open_to_all else ask.account() as client:
        result = await client.call(verb, checked)
    ask.out.data(result, json.dumps(result.model_dump(mode="json"), ensure_ascii=False, indent=2))


@app.command()
@asks_server
async def watch(
    ask: Ask,
    stream: Annotated[
        str | None, typer.Option(metavar="STREAM", help="Only this stream, such as group:G-7K2M9Q4XW0.")
    ] = None,
    type_: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="Only this type, such as message.posted.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after this many events.")] = None,
) -> None:
    """Print every event of your groups and your account as it happens.

    \b
    Example:
      $ qunzu rpc watch
      $ qunzu rpc watch --json --type message.posted --count 3
    """
    _check_type(type_)
    printed = 0
    with stream_ended_by_hand():
        async with ask.account() as client:
            ask.out.say("watching; Ctrl-C ends it")
            async for event in client.events():
                if stream not in (None, event.stream) or type_ not in (None, event.type):
                    continue
                data: Any = event.data if isinstance(event.data, dict) else event.data.model_dump(mode="json")
                document = {
                    "stream": event.stream,
                    "seq": event.seq,
                    "type": event.type,
                    "at": event.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                    "data": data,
                }
                place = "" if event.seq is None else f" #{event.seq}"
                text = json.dumps(data, ensure_ascii=False)
                ask.out.data(
                    document, f"{event.at.astimezone():%H:%M:%S} {event.stream}{place} {event.type} {text}"
                )
                printed += 1
                if printed == count:
                    return


@app.command()
def schema(
    method: Annotated[
        str | None, typer.Argument(help="Only this method or event; everything if left out.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the OpenRPC document, or the schema of one method or event.

    Needs no server. A server answers the same to rpc.discover and at /openrpc.json, with its own rates; here
    they are those of the reference policy.

    \b
    Example:
      $ qunzu rpc schema message.send
      $ qunzu rpc schema > openrpc.json
    """
    with Output(as_json=as_json) as out:
        from server.config import check_variables

        check_variables(os.environ)
        document = _schema(method)
        out.data(document, json.dumps(document, ensure_ascii=False, indent=2))


def _schema(name: str | None) -> dict[str, Any]:
    from server.wire.events import EVENTS

    if name is None:
        from policies.loader import load_policy
        from server.cli.version import current_version
        from server.wire.openrpc import document

        return document(load_policy("reference"), current_version())
    if name in EVENTS:
        event = EVENTS[name]
        return {
            "name": name,
            "summary": event.summary,
            "stream": event.stream,
            "durable": event.durable,
            "data": event.data.model_json_schema(),
        }
    verb = _verb(name)
    return {
        "name": name,
        "summary": verb.summary,
        "scope": verb.scope,
        "effect": verb.effect,
        "rate": verb.rate,
        "clauses": list(verb.clauses),
        "params": verb.params.model_json_schema(),
        "result": verb.result.model_json_schema(),
    }


def _verb(name: str) -> Any:
    from server.wire.verbs import VERBS

    if name not in VERBS:
        close = difflib.get_close_matches(name, VERBS, n=1)
        hint = f"; nearest is {close[0]}" if close else ""
        raise Usage(f"no method is called {name!r}{hint}. All of them: qunzu rpc schema")
    return VERBS[name]


def _check_type(name: str | None) -> None:
    """Whether events of this type can ever come; a misspelt one would be waited for in vain."""
    from server.wire.events import EVENTS

    if name is not None and name not in EVENTS:
        close = difflib.get_close_matches(name, EVENTS, n=1)
        hint = f"; nearest is {close[0]}" if close else ""
        raise Usage(f"no event is of type {name!r}{hint}. All of them: {', '.join(sorted(EVENTS))}")


def _check_names(method: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Whether the method has such parameters; says the nearest right name where it has not."""
    names = list(known)
    for name in given:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            hint = f"; nearest is {close[0]}" if close else ""
            raise Usage(f"{method} has no parameter {name!r}{hint}. It takes: {', '.join(names) or 'none'}")


def _params(words: list[str]) -> dict[str, Any]:
    if len(words) == 1 and words[0].lstrip().startswith("{"):
        try:
            value = json.loads(words[0])
        except ValueError as error:
            raise Usage(f"the parameters are not JSON: {error}") from None
        return dict(value)
    params: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise Usage(f"{word!r} is not name=value; write for example limit=5, or one JSON object")
        try:
            params[name] = json.loads(text)
        except ValueError:
            params[name] = text
    return params
