"""Verbs as data: what a declaration may not leave out, and what it may not say."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from policies.model import LOG_OPERATIONS, RATE_CLASSES, ClauseId
from server.wire.events import EVENTS, EventType, MemberTyping
from server.wire.verb import Effect, Operation, Scope, Verb, declared
from server.wire.verbs import VERBS
from server.wire.vocabulary import ClientOpId, GroupIdField, Params, WireModel

EVERY_VERB = [pytest.param(verb, id=name) for name, verb in VERBS.items()]


class Plain(Params):
    pass


class Named(Params):
    group: GroupIdField


class Repeatable(Params):
    client_op_id: ClientOpId


class Done(WireModel):
    pass


def declare(**changes: Any) -> Verb[Params, Done]:
    told: dict[str, Any] = {
        "name": "tea.pour",
        "params": Plain,
        "result": Done,
        "scope": Scope.ACCOUNT,
        "effect": Effect.READS,
        "identified": None,
        "rate": "read",
        "operation": None,
        "clauses": (ClauseId("CG-05.1"),),
        "summary": "Pour.",
    }
    return Verb(**(told | changes))


@pytest.fixture(autouse=True)
def _only_real_verbs_stay() -> Any:
    before = dict(declared)
    yield
    declared.clear()
    declared.update(before)


def test_no_field_of_a_verb_has_a_default() -> None:
    for field in dataclasses.fields(Verb):
        assert field.default is dataclasses.MISSING
        assert field.default_factory is dataclasses.MISSING


def test_a_new_verb_is_known_by_its_name() -> None:
    verb = declare()
    assert VERBS["tea.pour"] is verb


def test_a_name_is_taken_once() -> None:
    declare()
    with pytest.raises(TypeError, match=r"tea\.pour declared twice"):
        declare()


def test_a_verb_for_members_names_its_group() -> None:
    with pytest.raises(TypeError, match="name no group"):
        declare(scope=Scope.MEMBER)
    declare(scope=Scope.MEMBER, params=Named)


def test_a_verb_that_writes_can_be_repeated_without_harm() -> None:
    with pytest.raises(TypeError, match="client_op_id"):
        declare(effect=Effect.WRITES)
    declare(effect=Effect.WRITES, params=Repeatable)


def test_the_list_of_verbs_cannot_be_changed_from_outside() -> None:
    with pytest.raises(TypeError):
        VERBS["tea.pour"] = declare()  # type: ignore[index]


@pytest.mark.parametrize("verb", EVERY_VERB)
def test_a_verb_is_called_noun_dot_verb(verb: Verb[Any, Any]) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)*", verb.name)


@pytest.mark.parametrize("verb", EVERY_VERB)
def test_every_verb_says_in_a_sentence_what_it_does(verb: Verb[Any, Any]) -> None:
    assert re.fullmatch(r"[A-Z].*\.", verb.summary)


@pytest.mark.parametrize("verb", EVERY_VERB)
def test_every_verb_spends_from_a_rate_that_policies_know(verb: Verb[Any, Any]) -> None:
    assert verb.rate in RATE_CLASSES


@pytest.mark.clause("SA-05.3")
@pytest.mark.parametrize("verb", EVERY_VERB)
def test_what_changes_something_leaves_a_log_row_of_a_known_kind(verb: Verb[Any, Any]) -> None:
    """SA-05.3: every operation of a user is on record by its kind; reading and private markers are none."""
    quiet = {"message.mark_read", "message.typing"}
    changes = verb.effect is Effect.WRITES or "client_op_id" in verb.params.model_fields
    if changes and verb.name not in quiet:
        assert verb.operation in LOG_OPERATIONS
    assert verb.operation is None or verb.effect is not Effect.READS


@pytest.mark.clause("SA-05.3c")
def test_the_kinds_of_operation_are_those_of_the_law_file() -> None:
    """SA-05.3c: the list is closed."""
    assert set(get_args(Operation)) <= set(LOG_OPERATIONS)


@pytest.mark.parametrize("verb", EVERY_VERB)
def test_what_comes_in_is_strict_and_what_goes_out_may_grow(verb: Verb[Any, Any]) -> None:
    assert issubclass(verb.params, Params)
    assert verb.params.model_config["extra"] == "forbid"
    assert verb.params.model_config["strict"] is True
    assert verb.params.model_config["frozen"] is True
    assert issubclass(verb.result, WireModel)
    assert verb.result.model_config["frozen"] is True


def _fields_below(model: type[BaseModel]) -> set[str]:
    found = set(model.model_fields)
    for field in model.model_fields.values():
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                found |= _fields_below(part)
    return found


@pytest.mark.parametrize("verb", EVERY_VERB)
def test_a_write_tells_where_its_effect_stands_in_the_stream(verb: Verb[Any, Any]) -> None:
    """A script waits for its own effect by ``event_seq``; a marker that may not move tells where it is."""
    if verb.effect is Effect.WRITES:
        assert {"event_seq", "read_seq"} & _fields_below(verb.result)


# --- events ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [pytest.param(event, id=name) for name, event in EVENTS.items()])
def test_an_event_is_called_noun_dot_past(event: EventType[Any]) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)*", event.name)
    assert EVENTS[event.name] is event
    assert event.summary.endswith(".")
    assert issubclass(event.data, WireModel)
    assert event.durable is False or event.stream != "connection"


def test_an_event_is_declared_once() -> None:
    with pytest.raises(TypeError, match=r"member\.typing declared twice"):
        EventType("member.typing", MemberTyping, "group", False, "Somebody is writing.")


def test_no_event_has_the_name_of_a_verb() -> None:
    assert not EVENTS.keys() & VERBS.keys()
