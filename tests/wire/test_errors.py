"""The tree of errors as it is drawn, and the ways a connection ends."""

from __future__ import annotations

import json
import re

import pytest

from policies.model import ClauseId
from server.wire import errors
from server.wire.errors import (
    Close,
    Conflict,
    MalformedRequest,
    NotAuthenticated,
    RateLimited,
    TooMuch,
    Unavailable,
    WireError,
    type_names,
)

DRAWN = re.compile(r"^    [├└]── (\w+) +((?:-?\d{4,5} ?)+)", re.MULTILINE)


def families() -> dict[str, type[WireError]]:
    return {family.__name__: family for family in WireError.__subclasses__()}


def codes_of(family: type[WireError]) -> set[int]:
    return {family(name).body()["code"] for name in family.types}


def test_the_drawing_above_the_classes_shows_the_classes_and_their_codes() -> None:
    drawn = {
        name: {int(code) for code in codes.split()} for name, codes in DRAWN.findall(errors.__doc__ or "")
    }
    assert drawn == {name: codes_of(family) for name, family in families().items()}


def test_every_type_belongs_to_one_family() -> None:
    assert sum(len(family.types) for family in families().values()) == len(type_names)
    for name, family in type_names.items():
        assert name in family.types


def test_a_type_cannot_be_declared_twice() -> None:
    with pytest.raises(TypeError, match="login_required declared twice"):
        type("Another", (WireError,), {"code": 1499, "types": {"login_required": "Log in."}})


def test_a_family_knows_its_own_types_only() -> None:
    with pytest.raises(ValueError, match="cap_members is not a type of Conflict"):
        Conflict("cap_members")


@pytest.mark.parametrize("name", sorted(type_names))
def test_every_type_says_something_to_people_and_something_to_programs(name: str) -> None:
    body = type_names[name](name).body()
    assert body["data"]["type"] == name == name.lower()
    assert body["message"].endswith(".")
    assert isinstance(body["data"]["retryable"], bool)
    assert json.loads(json.dumps(body)) == body


@pytest.mark.parametrize("name", sorted(type_names))
def test_only_waiting_makes_a_call_worth_repeating(name: str) -> None:
    family = type_names[name]
    assert family(name).body()["data"]["retryable"] is (family in {RateLimited, Unavailable})


def test_where_a_rule_decided_the_answer_names_clause_reason_and_policy() -> None:
    refusal = TooMuch(
        "cap_members",
        "Full.",
        clause=ClauseId("CG-08.1"),
        reason="every group has a cap",
        policy={"caps.group_members": 5},
        limit=5,
    )
    assert refusal.body() == {
        "code": 1413,
        "message": "Full.",
        "data": {
            "type": "cap_members",
            "retryable": False,
            "clause": "CG-08.1",
            "reason": "every group has a cap",
            "policy": {"caps.group_members": 5},
            "limit": 5,
        },
    }
    assert str(refusal) == "cap_members: Full."


def test_what_does_not_apply_is_left_out() -> None:
    assert NotAuthenticated("login_required").body()["data"] == {"type": "login_required", "retryable": False}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("parse_error", -32700),
        ("invalid_request", -32600),
        ("unknown_verb", -32601),
        ("invalid_params", -32602),
        ("group_id_mistyped", -32602),
        ("batch_too_large", -32600),
        ("wrong_state", -32600),
    ],
)
def test_faults_of_the_protocol_keep_the_codes_of_json_rpc(name: str, code: int) -> None:
    assert MalformedRequest(name).body()["code"] == code


@pytest.mark.parametrize("close", Close)
def test_the_number_of_a_close_code_says_whether_to_come_back(close: Close) -> None:
    if close >= 4000:
        assert close.may_reconnect is (close < 4500)
        assert close < 5000
    else:
        assert close.may_reconnect is (close in {Close.GOING_AWAY, Close.INTERNAL})


def test_close_codes_and_error_codes_never_mix() -> None:
    every = {code for family in families().values() for code in codes_of(family)}
    assert not every & set(map(int, Close))
