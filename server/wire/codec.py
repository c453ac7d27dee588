"""Frames to calls and answers to frames: JSON-RPC 2.0. Knows no verb's meaning and no socket.

Whatever bytes come in, what comes out is a call, a batch, or a MalformedRequest that says what to answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from server.wire.errors import MalformedRequest, WireError
from server.wire.events import Event
from server.wire.verb import P, R, Verb
from server.wire.vocabulary import WireModel

RequestId = str | int | float
_MAX_ID_CHARS = 128
_FIELD = re.compile(r"[a-z_]{1,32}")


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it came: ``id`` None means a notification, which is never answered."""

    id: RequestId | None
    method: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BadCall:
    """One member of a frame that is no call; ``id`` where it could be read."""

    id: RequestId | None
    error: MalformedRequest


def decode(frame: str, *, max_batch: int, max_depth: int) -> Call | BadCall | list[Call | BadCall]:
    """What a text frame asks for: a call, a bad call, or the members of a batch in order.

    Never raises: a frame that cannot be read is a BadCall without id.
    """
    try:
        value = from_json(frame, allow_inf_nan=False, cache_strings="keys")
    except (ValueError, TypeError):  # TypeError: a str with lone surrogates, which is no UTF-8
        return BadCall(None, MalformedRequest("parse_error"))
    if isinstance(value, dict):
        return _call(value, max_depth)
    if not isinstance(value, list) or not value:
        return BadCall(None, MalformedRequest("invalid_request"))
    if len(value) > max_batch:
        return BadCall(None, MalformedRequest("batch_too_large", limit=max_batch))
    return [_call(member, max_depth) for member in value]


def _call(value: Any, max_depth: int) -> Call | BadCall:
    if not isinstance(value, dict):
        return BadCall(None, MalformedRequest("invalid_request"))
    id_ = value.get("id")
    if "id" in value and not _is_id(id_):
        return BadCall(None, MalformedRequest("invalid_request", reason="id must be a string or a number"))
    method, params = value.get("method"), value.get("params", {})
    if value.get("jsonrpc") != "2.0" or not isinstance(method, str):
        return BadCall(id_, MalformedRequest("invalid_request"))
    if not isinstance(params, dict):
        return BadCall(id_, MalformedRequest("invalid_params", reason="params go by name"))
    if _deeper_than(params, max_depth):
        return BadCall(id_, MalformedRequest("invalid_params", reason="nested too deeply"))
    return Call(id_, method, params)


def _is_id(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _MAX_ID_CHARS
    # 2^63 and beyond is a number no client can compare; the answer would not find its call
    return isinstance(value, int | float) and not isinstance(value, bool) and -(2**63) < value < 2**63


def _deeper_than(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [child for parent in layer for child in _children(parent)]
        if not layer:
            return False
    return True


def _children(value: Any) -> Sequence[Any]:
    children = list(value.values()) if isinstance(value, dict) else value
    return [child for child in children if isinstance(child, dict | list)]


def validate(verb: Verb[P, R], params: dict[str, Any]) -> P:
    """The typed parameters of a call. Raises MalformedRequest naming the fields at fault, never values."""
    try:
        return verb.params.model_validate(params)
    except ValidationError as error:
        faults = [
            {"at": ".".join(map(_shown, fault["loc"])), "fault": fault["type"], "why": fault["msg"]}
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        if any(fault["fault"] == "group_id_mistyped" for fault in faults):
            raise MalformedRequest("group_id_mistyped") from None
        raise MalformedRequest("invalid_params", fields=faults[:20]) from None


def _shown(part: str | int) -> str:
    """A step of the way to a fault. A key that could be none of ours is not repeated: it may be anything."""
    ours = isinstance(part, int) or _FIELD.fullmatch(part)
    return str(part) if ours else "…"


def encode_result(id_: RequestId, result: WireModel, *, replayed: bool = False) -> str:
    return encode_result_json(id_, result.model_dump_json(), replayed=replayed)


def encode_result_json(id_: RequestId, result_json: str, *, replayed: bool) -> str:
    """A reply whose result is already a JSON object: a retry is answered with the result first sent."""
    if replayed:
        result_json = f'{{"replayed":true{"," if result_json != "{}" else ""}{result_json[1:]}'
    return f'{{"jsonrpc":"2.0","id":{_id(id_)},"result":{result_json}}}'


def encode_error(id_: RequestId | None, error: WireError) -> str:
    body = json.dumps(error.body(), ensure_ascii=False, separators=(",", ":"))
    return f'{{"jsonrpc":"2.0","id":{"null" if id_ is None else _id(id_)},"error":{body}}}'


def encode_batch(replies: Sequence[str]) -> str:
    return f"[{','.join(replies)}]"


def encode_event(event: Event) -> str:
    """The notification for one event. Call once per event, whatever the number of receivers."""
    at = event.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    seq = "" if event.seq is None else f'"seq":{event.seq},'
    cause = "" if event.cause is None else f',"cause":{json.dumps(event.cause, ensure_ascii=False)}'
    return (
        f'{{"jsonrpc":"2.0","method":"event","params":{{"stream":"{event.stream}",{seq}'
        f'"type":"{event.type}","at":"{at}","data":{event.data.model_dump_json()}{cause}}}}}'
    )


def _id(id_: RequestId) -> str:
    return json.dumps(id_) if isinstance(id_, str) else repr(id_)
