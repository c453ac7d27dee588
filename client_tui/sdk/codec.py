"""Calls to frames, frames to answers and events: the client's end of JSON-RPC. Knows no socket, no state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from client_tui.sdk.errors import CallError, ProtocolFault
from server.wire.events import EVENTS, StreamSnapshot
from server.wire.models import AccountSnapshot, GroupSnapshot
from server.wire.verb import P, R, Verb
from server.wire.vocabulary import Moment, Seq, StreamName, WireModel, account_stream, group_stream


@dataclass(frozen=True, slots=True)
class EventMessage:
    """One event as it came. ``seq`` is None for what is not kept: typing, presence, news of this connection.

    ``data`` is the model that ``server.wire.events`` declares for the type; for a type that this version does
    not know, the plain JSON object.
    """

    stream: StreamName
    seq: Seq | None
    type: str
    at: datetime
    data: WireModel | dict[str, Any]
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of call ``id``, not yet typed. ``replayed``: the server had done this call before."""

    id: int
    result: dict[str, Any]
    replayed: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """The error in answer to call ``id``."""

    id: int
    error: CallError


class _Envelope(WireModel):
    stream: StreamName
    seq: Seq | None = None
    type: str
    at: Moment
    data: dict[str, Any]
    cause: str | None = None


def encode_call(id_: int, verb: Verb[P, R], params: P) -> str:
    """The frame of a call. Only what the caller set travels; the server fills in the defaults."""
    return (
        f'{{"jsonrpc":"2.0","id":{id_},"method":"{verb.name}",'
        f'"params":{params.model_dump_json(exclude_unset=True)}}}'
    )


def decode(frame: str | bytes) -> Reply | Failure | EventMessage | None:
    """What the server says; None for a notification of a kind that this version does not know.

    Raises ProtocolFault for anything else, and for an error that answers no call: that call
    would wait for ever.
    """
    if isinstance(frame, bytes):
        raise ProtocolFault("a binary frame")
    try:
        value = from_json(frame, cache_strings="keys")
    except ValueError as why:
        raise ProtocolFault(f"a frame that is not JSON: {why}") from None
    match value:
        case {"method": "event", "params": dict(params)}:
            return _event(params)
        case {"method": str()}:
            return None
        case {"id": int(id_), "result": dict(result)}:
            return Reply(id_, result, result.get("replayed") is True)
        case {"id": int(id_), "error": dict(error)}:
            return Failure(id_, _call_error(error))
        case {"id": None, "error": dict(error)}:
            raise ProtocolFault(f"the server could not read a frame: {_call_error(error)}")
    raise ProtocolFault("a frame that is neither an answer nor a notification")


def typed(verb: Verb[P, R], result: dict[str, Any]) -> R:
    """The result as the verb declares it. Raises ProtocolFault when it is not of that shape."""
    try:
        return verb.result.model_validate(result)
    except ValidationError as error:
        raise ProtocolFault(f"the result of {verb.name} is malformed: {error}") from None


def snapshot_in(data: StreamSnapshot) -> GroupSnapshot | AccountSnapshot:
    """What a ``stream.snapshot`` carries, typed. Raises ProtocolFault when it is not of that shape."""
    kind = GroupSnapshot if data.kind == "group" else AccountSnapshot
    try:
        return kind.model_validate(data.snapshot)
    except ValidationError as error:
        raise ProtocolFault(f"a malformed {data.kind} snapshot: {error}") from None


def stream_of(snapshot: GroupSnapshot | AccountSnapshot) -> StreamName:
    if isinstance(snapshot, GroupSnapshot):
        return group_stream(snapshot.group.group)
    return account_stream(snapshot.account.account)


def _event(params: dict[str, Any]) -> EventMessage:
    try:
        envelope = _Envelope.model_validate(params)
        known = EVENTS.get(envelope.type)
        data = envelope.data if known is None else known.data.model_validate(envelope.data)
    except ValidationError as error:
        raise ProtocolFault(f"a malformed event: {error}") from None
    return EventMessage(envelope.stream, envelope.seq, envelope.type, envelope.at, data, envelope.cause)


def _call_error(error: dict[str, Any]) -> CallError:
    code, message, data = error.get("code"), error.get("message"), error.get("data")
    if not isinstance(code, int) or not isinstance(message, str):
        raise ProtocolFault("an error without code or message")
    return CallError(code, message, data if isinstance(data, dict) else {})
