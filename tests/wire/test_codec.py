"""Frames: whatever comes in is a call, a batch or a fault; whatever goes out is JSON-RPC 2.0."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.model import ClauseId
from server.wire.codec import (
    BadCall,
    Call,
    decode,
    encode_batch,
    encode_error,
    encode_event,
    encode_result,
    encode_result_json,
    validate,
)
from server.wire.errors import MalformedRequest, PolicyRefused, Refused
from server.wire.events import MEMBER_TYPING, MESSAGE_POSTED, Event, MemberTyping
from server.wire.models import Message
from server.wire.verbs.identity import VERIFY
from server.wire.verbs.message import SEND, Sent, TypingShown
from server.wire.verbs.rpc import DISCOVER
from server.wire.vocabulary import MemberRef, Seq, StreamName
from tests.wire.samples import GROUP, OP

AT = datetime(2026, 3, 2, 8, 0, 0, 7000, tzinfo=UTC)


def received(frame: str) -> Call | BadCall | list[Call | BadCall]:
    return decode(frame, max_batch=3, max_depth=4)


def only_call(frame: str) -> Call:
    call = received(frame)
    assert isinstance(call, Call)
    return call


def fault(frame: str) -> tuple[Any, str]:
    """The id that the answer will carry, and the type of the fault."""
    bad = received(frame)
    assert isinstance(bad, BadCall)
    return bad.id, bad.error.type


def framed(**members: Any) -> str:
    return json.dumps({"jsonrpc": "2.0", "method": "server.about"} | members)


# --- in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "id_",
    [
        "a",
        "",
        "7",
        "0e9a4c1e-7d4a-4b57-9c1b-0b0f0f0f0f0f",
        "群",
        "x" * 128,
        0,
        1,
        -1,
        2**53,
        2**63 - 1,
        -(2**63) + 1,
        1.5,
        -0.25,
        1e300 / 1e295,
    ],
)
def test_ids_of_every_client_come_back_as_they_came(id_: Any) -> None:
    call = only_call(framed(id=id_))
    assert call.id is not None
    assert call.id == id_
    assert type(call.id) is type(id_)
    for frame in (
        encode_result_json(call.id, "{}", replayed=False),
        encode_error(call.id, MalformedRequest("unknown_verb")),
    ):
        back = json.loads(frame)["id"]
        assert back == id_
        assert type(back) is type(id_)


@pytest.mark.parametrize(
    "id_", ["null", "true", "false", "[]", "[1]", "{}", f'"{"x" * 129}"', "9" * 19, "1e400"]
)
def test_what_no_client_can_compare_is_no_id(id_: str) -> None:
    told, kind = fault(f'{{"jsonrpc":"2.0","method":"server.about","id":{id_}}}')
    assert told is None
    assert kind in {"invalid_request", "parse_error"}


def test_a_call_without_an_id_is_a_notification() -> None:
    assert only_call(framed()) == Call(None, "server.about", {})


def test_params_may_be_left_out() -> None:
    assert only_call('{"jsonrpc":"2.0","id":1,"method":"x"}').params == {}


def test_members_that_json_rpc_does_not_know_are_no_fault() -> None:
    assert only_call(framed(id=1, trace="abc")).method == "server.about"


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ("", (None, "parse_error")),
        ("{", (None, "parse_error")),
        ("nothing", (None, "parse_error")),
        ('{"a":1}x', (None, "parse_error")),
        ('{"id":NaN}', (None, "parse_error")),
        ('{"id":Infinity}', (None, "parse_error")),
        ("{'id':1}", (None, "parse_error")),
        ("\ufeff{}", (None, "parse_error")),
        ('{"jsonrpc":"2.0","method":"\\ud800","id":1}', (None, "parse_error")),
        ("\ud800", (None, "parse_error")),
        ("[" * 100_000, (None, "parse_error")),
        ("1" * 5000, (None, "parse_error")),
        ("[]", (None, "invalid_request")),
        ("{}", (None, "invalid_request")),
        ("7", (None, "invalid_request")),
        ("null", (None, "invalid_request")),
        ('"call"', (None, "invalid_request")),
        ('{"id":1,"method":"x"}', (1, "invalid_request")),
        ('{"jsonrpc":"1.0","id":1,"method":"x"}', (1, "invalid_request")),
        ('{"jsonrpc":2.0,"id":1,"method":"x"}', (1, "invalid_request")),
        ('{"jsonrpc":"2.0","id":1}', (1, "invalid_request")),
        ('{"jsonrpc":"2.0","id":1,"method":7}', (1, "invalid_request")),
        ('{"jsonrpc":"2.0","id":1,"method":null}', (1, "invalid_request")),
        ('{"jsonrpc":"2.0","id":"a","method":"x","params":[]}', ("a", "invalid_params")),
        ('{"jsonrpc":"2.0","id":"a","method":"x","params":null}', ("a", "invalid_params")),
        ('{"jsonrpc":"2.0","id":"a","method":"x","params":"y"}', ("a", "invalid_params")),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_call_is_answered_with_what_is_wrong(frame: str, expected: tuple[Any, str]) -> None:
    told, kind = fault(frame)
    if expected[1] == "parse_error":
        assert (told, kind) in {expected, (None, "invalid_request")}  # a number too large may be read as one
    else:
        assert (told, kind) == expected


def test_of_a_member_given_twice_the_last_one_counts() -> None:
    assert only_call('{"jsonrpc":"2.0","id":1,"id":2,"method":"x","method":"y"}') == Call(2, "y", {})


@pytest.mark.parametrize(("levels", "fits"), [(1, True), (3, True), (4, False), (50, False)])
def test_params_nest_as_deep_as_policy_allows(levels: int, fits: bool) -> None:
    for opening, closing in ("[]", ('{"a":', "}")):
        frame = framed(id=1, params={"p": json.loads(opening * levels + "1" + closing * levels)})
        if fits:
            assert only_call(frame).id == 1
        else:
            assert fault(frame) == (1, "invalid_params")


def test_a_batch_keeps_its_order_and_its_faults() -> None:
    batch = received(f"[{framed(id=1)},7,{framed()}]")
    assert isinstance(batch, list)
    first, second, third = batch
    assert isinstance(first, Call)
    assert first.id == 1
    assert isinstance(second, BadCall)
    assert second.error.type == "invalid_request"
    assert isinstance(third, Call)
    assert third.id is None


@pytest.mark.parametrize(("size", "fits"), [(1, True), (3, True), (4, False)])
def test_a_batch_has_a_largest_size(size: int, fits: bool) -> None:
    frame = f"[{','.join([framed(id=1)] * size)}]"
    if fits:
        assert len(received(frame)) == size  # type: ignore[arg-type]  # a batch
    else:
        assert fault(frame) == (None, "batch_too_large")


def test_a_batch_in_a_batch_is_a_fault_of_its_own() -> None:
    assert fault("[[]]"[1:-1]) == (None, "invalid_request")
    batch = received(f"[[{framed(id=1)}],{framed(id=2)}]")
    assert isinstance(batch, list)
    assert [type(member) for member in batch] == [BadCall, Call]


@given(st.text())
def test_whatever_the_text_it_never_raises(frame: str) -> None:
    assert isinstance(received(frame), Call | BadCall | list)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "jsonrpc": st.sampled_from(["2.0", "1.0"]) | json_values,
            "id": json_values,
            "method": st.sampled_from(["message.send", "server.about"]) | json_values,
            "params": json_values,
        },
    )
)
def test_whatever_the_members_the_answer_is_well_formed(members: dict[str, Any]) -> None:
    decoded = received(json.dumps(members))
    if isinstance(decoded, BadCall):
        answer = json.loads(encode_error(decoded.id, decoded.error))
        assert answer["jsonrpc"] == "2.0"
        assert answer["error"]["code"] in {-32700, -32600, -32602}
        assert answer["id"] is None or answer["id"] == members["id"]


# --- params ----------------------------------------------------------------------------------------------


def test_params_become_what_the_verb_declares() -> None:
    params = validate(SEND, {"group": GROUP, "text": "好茶", "client_op_id": OP})
    assert params.text == "好茶"
    assert validate(DISCOVER, {}) is not None


def test_the_fields_at_fault_are_named_and_their_values_are_not() -> None:
    number = "000000199001010018"
    with pytest.raises(MalformedRequest) as refused:
        validate(VERIFY, {"method": number, "legal_name": 7, "number": [number], "client_op_id": number * 9})
    body = refused.value.body()
    assert body["code"] == -32602
    assert {field["at"] for field in body["data"]["fields"]} == {
        "method",
        "legal_name",
        "number",
        "client_op_id",
    }
    assert number not in json.dumps(body)


def test_a_thousand_faults_are_told_in_twenty() -> None:
    with pytest.raises(MalformedRequest) as refused:
        validate(SEND, {f"x{place}": 1 for place in range(1000)})
    assert len(refused.value.body()["data"]["fields"]) == 20


@pytest.mark.clause("CG-08.4")
def test_a_mistyped_group_id_is_said_to_be_mistyped() -> None:
    """CG-08.4: an id that was misread is recognised by itself, before any group is looked for."""
    with pytest.raises(MalformedRequest) as refused:
        validate(SEND, {"group": "G-0000000001", "text": "x", "client_op_id": OP})
    assert refused.value.type == "group_id_mistyped"


# --- out -------------------------------------------------------------------------------------------------


def test_a_result_is_one_object_without_blanks() -> None:
    frame = encode_result("a", Sent(event_seq=Seq(7), at=AT))
    assert frame == '{"jsonrpc":"2.0","id":"a","result":{"event_seq":7,"at":"2026-03-02T08:00:00.007Z"}}'


def test_a_repeated_call_is_answered_with_the_first_result_and_says_so() -> None:
    first = Sent(event_seq=Seq(7), at=AT).model_dump_json()
    again = json.loads(encode_result_json(1, first, replayed=True))["result"]
    assert again == {"replayed": True} | json.loads(first)
    assert json.loads(encode_result(1, TypingShown(), replayed=True))["result"] == {"replayed": True}


def test_an_answer_to_nobody_in_particular_has_the_id_null() -> None:
    answer = json.loads(encode_error(None, MalformedRequest("parse_error")))
    assert answer["id"] is None
    assert answer["error"]["code"] == -32700


def test_errors_speak_chinese_as_it_is_written() -> None:
    refusal = PolicyRefused("id_invalid", "号码不符。", clause=ClauseId("CG-06.1"))
    assert "号码不符。" in encode_error(1, refusal)


def test_the_answers_of_a_batch_are_one_array() -> None:
    answers = [encode_error(1, Refused("role")), encode_result(2, TypingShown())]
    assert [answer["id"] for answer in json.loads(encode_batch(answers))] == [1, 2]


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@given(
    text=st.none() | texts,
    nickname=texts,
    seq=st.integers(1, 2**53 - 1),
    at=st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    cause=st.none() | texts,
)
def test_an_event_written_by_hand_is_the_event_as_pydantic_sees_it(
    text: str | None, nickname: str, seq: int, at: datetime, cause: str | None
) -> None:
    message = Message(
        seq=Seq(seq), ref=MemberRef("M-1"), nickname=nickname, role="member", at=at, text=text, mentions=[]
    )
    event = Event(StreamName(f"group:{GROUP}"), Seq(seq), MESSAGE_POSTED.name, at, message, cause)
    frame = json.loads(encode_event(event))
    assert (frame["jsonrpc"], frame["method"]) == ("2.0", "event")
    assert "id" not in frame
    params = frame["params"]
    assert params["data"] == message.model_dump(mode="json")
    assert Message.model_validate(params["data"]).text == text
    assert params["at"] == params["data"]["at"]
    assert (params["stream"], params["seq"], params["type"]) == (event.stream, seq, "message.posted")
    assert params.get("cause") == cause


def test_an_event_that_is_kept_nowhere_has_no_place() -> None:
    typing = Event(
        StreamName(f"group:{GROUP}"), None, MEMBER_TYPING.name, AT, MemberTyping(ref=MemberRef("M-1"))
    )
    assert json.loads(encode_event(typing))["params"] == {
        "stream": f"group:{GROUP}",
        "type": "member.typing",
        "at": "2026-03-02T08:00:00.007Z",
        "data": {"ref": "M-1"},
    }


@given(st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text())
def test_any_id_that_is_taken_finds_its_way_back(id_: Any) -> None:
    call = received(framed(id=id_))
    if isinstance(call, Call) and call.id is not None:
        back = json.loads(encode_result_json(call.id, "{}", replayed=False))["id"]
        assert back == id_ or math.isclose(back, id_)
