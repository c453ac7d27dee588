"""The protocol described by itself: complete, true to the declarations, readable by other people's tools.

``openrpc_form.json`` beside this file is our own reading of the OpenRPC 1.3 specification as a JSON Schema:
which objects there are, which members each may have, which it must have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from policies.loader import load_catalogue, load_policy
from policies.model import Policy
from server.wire.errors import type_names
from server.wire.events import EVENTS
from server.wire.openrpc import OPENRPC_VERSION, document, document_bytes
from server.wire.verbs import VERBS
from tests.wire.samples import GROUP, OP

FORM = json.loads((Path(__file__).parent / "openrpc_form.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy("reference")


@pytest.fixture(scope="module")
def described(policy: Policy) -> dict[str, Any]:
    return document(policy, "0.1.0")


@pytest.fixture(scope="module")
def methods(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {method["name"]: method for method in described["methods"]}


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from nodes(child)
    elif isinstance(value, list):
        for child in value:
            yield from nodes(child)


def resolve(described: dict[str, Any], reference: str) -> Any:
    value: Any = described
    for part in reference.removeprefix("#/").split("/"):
        value = value[part.replace("~1", "/").replace("~0", "~")]
    return value


def test_it_has_the_form_of_an_openrpc_document(described: dict[str, Any]) -> None:
    faults = jsonschema_rs.validator_for(FORM).iter_errors(described)
    assert [f"{fault.instance_path}: {fault.message}" for fault in faults] == []
    assert described["openrpc"] == OPENRPC_VERSION


@pytest.mark.parametrize("harm", ["openrpc", "info", "methods"])
def test_the_form_notices_when_something_is_missing(described: dict[str, Any], harm: str) -> None:
    rest = {name: value for name, value in described.items() if name != harm}
    assert not jsonschema_rs.validator_for(FORM).is_valid(rest)


def test_the_form_notices_a_member_that_openrpc_does_not_know(described: dict[str, Any]) -> None:
    method = described["methods"][0] | {"permission": "anyone"}
    assert not jsonschema_rs.validator_for(FORM).is_valid(described | {"methods": [method]})


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    references = [node["$ref"] for node in nodes(described) if isinstance(node.get("$ref"), str)]
    assert references
    for reference in references:
        assert reference.startswith("#/components/schemas/")
        assert isinstance(resolve(described, reference), dict)


def test_every_schema_is_a_schema(described: dict[str, Any]) -> None:
    for method in described["methods"]:
        for schema in [param["schema"] for param in method["params"]] + [method["result"]["schema"]]:
            whole = schema | {"components": described["components"]}
            jsonschema_rs.validator_for(whole)


def test_every_verb_is_described_once_in_the_order_of_declaration(described: dict[str, Any]) -> None:
    assert [method["name"] for method in described["methods"]] == list(VERBS)


@pytest.mark.parametrize("name", list(VERBS))
def test_every_verb_tells_its_clauses_its_permission_and_its_rate(
    name: str, methods: dict[str, dict[str, Any]], policy: Policy
) -> None:
    method, verb = methods[name], VERBS[name]
    assert method["x-clauses"] == list(verb.clauses)
    assert method["x-permission"] == verb.scope.value
    assert method["x-identity"] == verb.identified
    assert method["x-effect"] == verb.effect.value
    assert method["x-operation"] == verb.operation
    rate = policy.rates[verb.rate]
    assert method["x-rate"] == {"class": verb.rate, "burst": rate.burst, "per_minute": rate.per_minute}
    catalogue = load_catalogue()
    for clause in method["x-clauses"]:
        catalogue.clause(clause)


@pytest.mark.parametrize("name", list(VERBS))
def test_params_are_the_fields_of_the_model(name: str, methods: dict[str, dict[str, Any]]) -> None:
    fields = VERBS[name].params.model_fields
    params = methods[name]["params"]
    assert [param["name"] for param in params] == list(fields)
    assert {param["name"] for param in params if param["required"]} == {
        field for field, info in fields.items() if info.is_required()
    }


def test_every_event_and_every_error_is_described(described: dict[str, Any]) -> None:
    assert [event["name"] for event in described["x-events"]] == list(EVENTS)
    assert set(described["components"]["errors"]) == set(type_names)
    for name, error in described["components"]["errors"].items():
        assert error["data"]["type"] == name


def test_a_stranger_s_validator_takes_what_the_server_takes(
    described: dict[str, Any], methods: dict[str, dict[str, Any]]
) -> None:
    schema = {
        "type": "object",
        "properties": {param["name"]: param["schema"] for param in methods["message.send"]["params"]},
        "required": [param["name"] for param in methods["message.send"]["params"] if param["required"]],
        "components": described["components"],
    }
    validator = jsonschema_rs.validator_for(schema)
    good = {"group": GROUP, "text": "好茶", "client_op_id": OP, "mentions": ["M-1"], "reply_to": 3}
    assert validator.is_valid(good)
    for bad in ({"text": ""}, {"reply_to": -1}, {"mentions": ["ann"]}, {"client_op_id": "short"}):
        assert not validator.is_valid(good | bad)


def test_the_bytes_are_the_same_whoever_asks(policy: Policy) -> None:
    assert document_bytes(policy, "0.1.0") is document_bytes(policy, "0.1.0")
    assert json.loads(document_bytes(policy, "0.1.0")) == document(policy, "0.1.0")


def test_another_policy_describes_other_rates(policy: Policy, described: dict[str, Any]) -> None:
    slow = load_policy("reference", {"rates": {"post": {"burst": 1, "per_minute": 1}}})
    send = next(method for method in document(slow, "0.1.0")["methods"] if method["name"] == "message.send")
    assert send["x-rate"] == {"class": "post", "burst": 1, "per_minute": 1}
    assert document(policy, "0.1.0") == described


def test_it_says_that_it_is_a_simulation(described: dict[str, Any]) -> None:
    assert "synthetic identities only" in described["info"]["description"]
    assert described["info"]["version"] == "0.1.0"
