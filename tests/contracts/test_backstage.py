"""What is known of a person stays backstage: no answer, event, table or log row has a place for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from sqlalchemy import LargeBinary, String

from policies.loader import load_catalogue
from server.storage import tables
from server.storage.columns import Instant
from server.storage.vault import tables as vault_tables
from server.wire.events import EVENTS
from server.wire.models import Member, Message
from server.wire.verbs import VERBS
from server.wire.vocabulary import AccountId

IDENTITY = {
    "legal_name", "real_name", "name_legal", "number", "id_number", "identity_number", "phone", "birth_date",
    "born", "age", "age_band", "sex", "gender", "region", "digest", "duplicate_digest",
}  # fmt: skip
PERSONAL = {"ethnicity", "religion", "belief", "origin", "hukou", "nationality", "native_place", "party"}
SENT: dict[str, type[BaseModel]] = {
    **{f"result of {name}": verb.result for name, verb in VERBS.items()},
    **{f"event {name}": event.data for name, event in EVENTS.items()},
}


def below(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from below(field.annotation)
    else:
        for part in get_args(annotation):
            yield from below(part)


def fields(model: type[BaseModel]) -> set[str]:
    return {name for part in below(model) for name in part.model_fields}


@pytest.mark.clause("INV-01")
@pytest.mark.parametrize("what", SENT)
def test_nothing_that_is_sent_has_a_field_for_who_somebody_is(what: str) -> None:
    """INV-01: what has no field cannot be sent by accident."""
    assert not fields(SENT[what]) & IDENTITY


@pytest.mark.clause("INV-09")
@pytest.mark.parametrize("what", [*SENT, *(f"params of {name}" for name in VERBS)])
def test_nobody_is_asked_or_told_what_a_person_believes_or_where_they_come_from(what: str) -> None:
    """INV-09: there is no field for ethnicity, religion, origin or opinion, neither in nor out."""
    model = SENT[what] if what in SENT else VERBS[what.removeprefix("params of ")].params
    assert not fields(model) & PERSONAL


@pytest.mark.clause("INV-01", "CG-06.2")
def test_what_a_group_hears_never_names_an_account() -> None:
    """INV-01, CG-06.2: members know each other by a reference that means nothing elsewhere."""
    for name, event in EVENTS.items():
        if event.stream == "group":
            assert not {"account", "session"} & fields(event.data), name
    for model in (Member, Message):
        assert AccountId not in [field.annotation for field in model.model_fields.values()]


@pytest.mark.clause("INV-01")
def test_identity_comes_in_at_one_place_only() -> None:
    """INV-01: one call takes an identity; no other has room for one."""
    takers = {name for name, verb in VERBS.items() if fields(verb.params) & IDENTITY}
    assert takers == {"identity.verify"}


@pytest.mark.clause("CG-06.1")
@pytest.mark.parametrize("name", sorted(IDENTITY & fields(VERBS["identity.verify"].params)))
def test_what_is_handed_in_is_never_printed(name: str) -> None:
    """CG-06.1: an identity passes through on its way to the vault and leaves no trace on the way."""
    assert VERBS["identity.verify"].params.model_fields[name].repr is False


@pytest.mark.clause("INV-01")
@pytest.mark.parametrize("table", tables.metadata.tables.values(), ids=str)
def test_no_table_of_the_front_stage_has_a_column_for_it(table: Any) -> None:
    """INV-01: outside the vault the database knows that an identity exists, how and since when."""
    columns = {column.name for column in table.columns}
    assert not columns & (IDENTITY | PERSONAL)


@pytest.mark.clause("CG-06.1")
def test_in_the_vault_everything_about_a_person_is_sealed() -> None:
    """CG-06.1: names and numbers lie in the vault as ciphertext; what is readable says nothing about them."""
    columns = {column.name: column.type for column in vault_tables.vault_record.columns}
    sealed = {name for name, kind in columns.items() if isinstance(kind, LargeBinary)}
    assert sealed == {"wrapped_key", "legal_name", "number", "phone", "age_band", "duplicate_digest"}
    readable = {name for name, kind in columns.items() if isinstance(kind, String | Instant)}
    assert readable == {"account", "method", "verifier", "key_id", "verified_at"}


# Which part of SA-05.3 each column answers; `outcome` belongs to c: a refusal is seen as one.
LOG_COLUMNS = {
    "account": "a",
    "at": "b",
    "process_seq": "b",
    "process": "b",
    "operation": "c",
    "outcome": "c",
    "source_address": "d",
    "destination": "e",
    "source_port": "f",
    "client": "g",
}


@pytest.mark.clause("SA-05.3", "SA-05.3h")
def test_a_log_row_has_the_fields_that_the_law_names_and_no_others() -> None:
    """SA-05.3 a to g: who, when, what, from where, to where, by which port, with what kind of client.

    SA-05.3h keeps what was said apart: no text, no recipient, no name stands in a log row.
    """
    assert {column.name for column in tables.log_event.columns} == set(LOG_COLUMNS)
    parts = {part.id for part in load_catalogue().clause("SA-05.3").parts}
    assert {f"SA-05.3{letter}" for letter in LOG_COLUMNS.values()} <= parts


@pytest.mark.clause("SA-05.3h")
def test_what_people_wrote_stands_in_one_table() -> None:
    """SA-05.3h: content is kept apart, so that taking it out touches one place."""
    with_text = [name for name, table in tables.metadata.tables.items() if "text" in table.columns]
    assert with_text == ["message"]
