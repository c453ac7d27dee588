"""Frames: what the server writes the SDK reads, and what is not of this protocol is said to be none."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client_tui.sdk import CallError, EventMessage, ProtocolFault
from client_tui.sdk.codec import Failure, Reply, decode, encode_call, snapshot_in, typed
from server.wire import codec as server_codec
from server.wire.errors import type_names
from server.wire.events import EVENTS, Event, StreamSnapshot
from server.wire.models import GroupSnapshot
from server.wire.verbs.group import CREATE_GROUP, CreateGroupParams
from server.wire.verbs.message import SEND, SendParams, Sent
from server.wire.vocabulary import Seq
from tests.sdk.logs import GROUP, START, account_logs, group_as_of, group_logs


@given(group_logs() | account_logs())
def test_an_event_arrives_as_it_was_sent(log: list[EventMessage]) -> None:
    for told in log:
        assert not isinstance(told.data, dict)
        frame = server_codec.encode_event(Event(told.stream, told.seq, told.type, told.at, told.data, "why"))
        heard = decode(frame)
        assert isinstance(heard, EventMessage)
        assert (heard.stream, heard.seq, heard.type, heard.at) == (told.stream, told.seq, told.type, told.at)
        assert heard.data == told.data
        assert heard.cause == "why"


def test_an_event_of_an_unknown_type_keeps_its_data_as_it_is() -> None:
    heard = decode(
        '{"jsonrpc":"2.0","method":"event","params":{"stream":"group:G-0000000000","seq":7,'
        '"type":"group.painted","at":"2026-11-21T08:00:00.000Z","data":{"colour":"green"}}}'
    )
    assert isinstance(heard, EventMessage)
    assert "group.painted" not in EVENTS
    assert (heard.seq, heard.data, heard.at) == (7, {"colour": "green"}, START)


def test_a_notification_of_an_unknown_kind_is_no_fault() -> None:
    assert decode('{"jsonrpc":"2.0","method":"weather","params":[1]}') is None


@pytest.mark.parametrize("type_", sorted(type_names))
def test_every_error_of_the_contract_keeps_its_family_and_its_reasons(type_: str) -> None:
    family = type_names[type_]
    error = family(type_, reason="because", policy={"a.b": 3}, limit=7, retry_after_ms=1500)
    heard = decode(server_codec.encode_error(4, error))
    assert isinstance(heard, Failure)
    assert heard.id == 4
    got = heard.error
    assert (got.type, got.family, got.retryable, got.message) == (
        type_,
        family,
        error.retryable,
        error.message,
    )
    assert (got.code, got.reason, got.policy) == (error.body()["code"], "because", {"a.b": 3})
    assert got.details == {"limit": 7, "retry_after_ms": 1500}
    assert got.retry_after_s == 1.5


def test_an_error_type_of_a_newer_server_has_no_family_and_is_still_an_error() -> None:
    error = CallError(1499, "Not on Sundays.", {"type": "sunday"})
    assert (error.type, error.family, error.retryable, error.retry_after_s) == ("sunday", None, False, 0.0)


@pytest.mark.parametrize("replayed", [True, False])
def test_a_result_arrives_typed_and_says_whether_it_was_replayed(replayed: bool) -> None:
    reply = decode(server_codec.encode_result(9, Sent(event_seq=Seq(5), at=START), replayed=replayed))
    assert reply == Reply(
        9,
        {"event_seq": 5, "at": "2026-11-21T08:00:00.000Z"} | ({"replayed": True} if replayed else {}),
        replayed,
    )
    assert isinstance(reply, Reply)
    assert typed(SEND, reply.result) == Sent(event_seq=Seq(5), at=START)


def test_a_result_of_another_shape_is_a_fault() -> None:
    with pytest.raises(ProtocolFault, match=r"message\.send"):
        typed(SEND, {"event_seq": "soon"})


@given(st.text(min_size=1, max_size=50), st.lists(st.integers(1, 9), max_size=3))
def test_the_server_reads_a_call_as_it_was_meant(text: str, mentions: list[int]) -> None:
    with suppress(ValueError):  # text that may not be sent is refused before there is a frame
        params = SendParams.model_validate(
            {
                "group": GROUP,
                "text": text,
                "mentions": [f"M-{number}" for number in mentions],
                "client_op_id": "test-0001",
            }
        )
        call = server_codec.decode(encode_call(3, SEND, params), max_batch=1, max_depth=6)
        assert isinstance(call, server_codec.Call)
        assert (call.id, call.method) == (3, "message.send")
        assert server_codec.validate(SEND, call.params) == params


def test_what_the_caller_left_open_is_left_to_the_server() -> None:
    frame = encode_call(1, CREATE_GROUP, CreateGroupParams(name="Night sky", client_op_id="test-0001"))
    assert '"params":{"name":"Night sky","client_op_id":"test-0001"}' in frame


@pytest.mark.parametrize(
    "frame",
    [
        b"\x00\x01",
        "",
        "nonsense",
        "[]",
        '[{"jsonrpc":"2.0","id":1,"result":{}}]',
        '{"jsonrpc":"2.0","id":"one","result":{}}',
        '{"jsonrpc":"2.0","id":1,"result":7}',
        '{"jsonrpc":"2.0","id":1,"error":{"code":"1401","message":"?"}}',
        '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?","data":{"type":"parse_error"}}}',
        '{"jsonrpc":"2.0","method":"event","params":{"stream":"group:G-0000000000"}}',
        '{"jsonrpc":"2.0","method":"event","params":{"stream":"group:G-0000000000","seq":1,'
        '"type":"member.left","at":"2026-11-21T08:00:00Z","data":{}}}',
    ],
)
def test_what_is_not_of_this_protocol_is_a_fault(frame: str | bytes) -> None:
    with pytest.raises(ProtocolFault):
        decode(frame)


@given(st.text() | st.binary())
def test_no_frame_at_all_raises_anything_but_a_fault(frame: str | bytes) -> None:
    with suppress(ProtocolFault):
        decode(frame)


@given(group_logs())
def test_a_snapshot_in_an_event_arrives_typed(log: list[EventMessage]) -> None:
    state = group_as_of(log, 5)
    news = StreamSnapshot(as_of=state.as_of, kind="group", snapshot=state.model_dump(mode="json"))
    assert snapshot_in(news) == state
    assert isinstance(snapshot_in(news), GroupSnapshot)


def test_a_snapshot_of_another_shape_is_a_fault() -> None:
    with pytest.raises(ProtocolFault):
        snapshot_in(StreamSnapshot(as_of=Seq(1), kind="account", snapshot={"as_of": 1}))
