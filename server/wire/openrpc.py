"""The protocol described by itself: an OpenRPC document made from verbs, events and errors."""

from __future__ import annotations

import functools
import json
from typing import Any

from pydantic.json_schema import models_json_schema

from policies.model import Policy
from server.wire.errors import WireError, type_names
from server.wire.events import EVENTS
from server.wire.verb import Verb
from server.wire.verbs import VERBS

OPENRPC_VERSION = "1.3.2"


def document(policy: Policy, version: str) -> dict[str, Any]:
    """The document as JSON values. The rates in ``x-rate`` are those of ``policy``."""
    found: dict[str, Any] = json.loads(document_bytes(policy, version))
    return found


@functools.lru_cache(maxsize=4)
def _generate(rates: str, version: str) -> bytes:
    models = [(verb.params, "validation") for verb in VERBS.values()]
    models += [(verb.result, "serialization") for verb in VERBS.values()]
    models += [(event.data, "serialization") for event in EVENTS.values()]
    names, schemas = models_json_schema(
        list(dict.fromkeys(models)),  # type: ignore[arg-type]  # the two modes are literals
        ref_template="#/components/schemas/{model}",
    )
    per_class = json.loads(rates)
    made = {
        "openrpc": OPENRPC_VERSION,
        "info": {
            "title": "Qunzu",
            "version": version,
            "description": "A reference group-chat server for the study of China's chat-group rules. "
            "JSON-RPC 2.0 over WebSocket, path /ws. A simulation: synthetic identities only.",
            "license": {"name": "MIT"},
        },
        "methods": [_method(verb, names, schemas, per_class) for verb in VERBS.values()],
        "components": {
            "schemas": schemas.get("$defs", {}),
            "errors": {name: _error(name, family) for name, family in type_names.items()},
        },
        "x-events": [
            {
                "name": event.name,
                "stream": event.stream,
                "durable": event.durable,
                "summary": event.summary,
                "data": names[(event.data, "serialization")],
            }
            for event in EVENTS.values()
        ],
    }
    return json.dumps(made, ensure_ascii=False).encode()


def document_bytes(policy: Policy, version: str) -> bytes:
    """The document in UTF-8, the same bytes for ``rpc.discover`` and ``/openrpc.json``."""
    rates = {
        name: {"burst": rate.burst, "per_minute": rate.per_minute} for name, rate in policy.rates.items()
    }
    return _generate(json.dumps(rates, sort_keys=True), version)


def _method(verb: Verb[Any, Any], names: Any, schemas: Any, rates: dict[str, Any]) -> dict[str, Any]:
    schema = _resolve(names[(verb.params, "validation")], schemas)
    required = set(schema.get("required", ()))
    return {
        "name": verb.name,
        "summary": verb.summary,
        "paramStructure": "by-name",
        "params": [
            {
                "name": name,
                "required": name in required,
                "schema": part,
                **({"description": part["description"]} if "description" in part else {}),
            }
            for name, part in schema.get("properties", {}).items()
        ],
        "result": {"name": "result", "schema": names[(verb.result, "serialization")]},
        "x-clauses": list(verb.clauses),
        "x-permission": verb.scope.value,
        "x-identity": verb.identified,
        "x-effect": verb.effect.value,
        "x-rate": {"class": verb.rate, **rates[verb.rate]},
        "x-operation": verb.operation,
    }


def _resolve(schema: Any, schemas: Any) -> dict[str, Any]:
    found: dict[str, Any] = (
        schemas["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    )
    return found


def _error(name: str, family: type[WireError]) -> dict[str, Any]:
    body = family(name).body()
    return {"code": body["code"], "message": body["message"], "data": body["data"]}
