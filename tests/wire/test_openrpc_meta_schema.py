"""The OpenRPC document against OpenRPC's own meta-schema, which is published as an npm package.

The package is not part of this repository. Where ``QUNZU_TEST_OPENRPC`` names its ``index.js`` (CI fetches
it), the check runs; elsewhere it is skipped, and ``test_openrpc.py`` checks against our own reading.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from policies.loader import load_policy
from server.wire.openrpc import document
from tests.conftest import services_required

DRAFT_7 = "http://json-schema.org/draft-07/schema#"


@pytest.fixture(scope="module")
def meta_schema() -> dict[str, Any]:
    where = os.environ.get("QUNZU_TEST_OPENRPC")
    if not where:
        if services_required():
            pytest.fail("QUNZU_TEST_OPENRPC does not name the meta-schema, and CI may not skip it")
        pytest.skip("the OpenRPC meta-schema is not here (QUNZU_TEST_OPENRPC)")
    text = Path(where).read_text(encoding="utf-8")
    found: dict[str, Any] = json.JSONDecoder().raw_decode(text, text.index('{ "$schema"'))[0]
    # Its two references to a server of JSON Schema's are answered by draft 7 itself: nothing is fetched.
    found["$schema"] = DRAFT_7
    found["definitions"]["JSONSchema"] = {"$ref": DRAFT_7}
    reference = found["definitions"]["referenceObject"]["properties"]["$ref"]
    reference.clear()
    reference["type"] = "string"
    return found


def test_the_meta_schema_accepts_the_document(meta_schema: dict[str, Any]) -> None:
    described = document(load_policy("reference"), "0.1.0")
    validator = jsonschema_rs.validator_for(meta_schema)
    assert [
        f"{list(fault.instance_path)}: {fault.message}" for fault in validator.iter_errors(described)
    ] == []


def test_the_meta_schema_refuses_a_broken_document(meta_schema: dict[str, Any]) -> None:
    described = document(load_policy("reference"), "0.1.0")
    described["methods"][0]["params"][0].pop("name")
    described["openrpc"] = "0.0.0"
    assert not jsonschema_rs.validator_for(meta_schema).is_valid(described)
