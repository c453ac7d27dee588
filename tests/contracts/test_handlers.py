"""Verbs and handlers: for each its other half, and no start without."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator
from typing import Any

import pytest

import server.main  # noqa: F401  # imports every handler, as a start does
from policies.loader import load_catalogue
from policies.model import ClauseId, UnknownClause
from server.services import handlers
from server.services.contexts import Owning, Reading, Writing
from server.services.handlers import HANDLERS, owns, reads, verify_complete, writes
from server.wire.verb import Effect, Scope, Verb, declared
from server.wire.verbs import VERBS
from server.wire.verbs.message import HISTORY, SEND, TYPING
from server.wire.vocabulary import Params, WireModel

GIVEN = {Effect.WRITES: Writing, Effect.READS: Reading, Effect.OWN: Owning}


@pytest.fixture(autouse=True)
def _bindings_stay_as_they_were() -> Iterator[None]:
    verbs, bound = dict(declared), dict(HANDLERS)
    yield
    for now, before in ((declared, verbs), (HANDLERS, bound)):
        now.clear()
        now.update(before)  # type: ignore[arg-type]  # each with its own


def test_every_verb_has_its_handler_and_cites_known_clauses() -> None:
    verify_complete(load_catalogue())


def test_no_handler_is_without_a_verb() -> None:
    assert HANDLERS.keys() == VERBS.keys()


@pytest.mark.parametrize("name", list(VERBS))
def test_a_handler_takes_and_gives_what_its_verb_declares(name: str) -> None:
    verb, handler = VERBS[name], HANDLERS[name]
    hints = typing.get_type_hints(handler)
    assert list(inspect.signature(handler).parameters) == ["ctx", "params"]
    assert hints["ctx"] is GIVEN[verb.effect]
    assert hints["params"] is verb.params
    assert hints["return"] is verb.result


@pytest.mark.parametrize("name", list(VERBS))
def test_only_who_sees_to_its_own_transactions_may_wait(name: str) -> None:
    """A transaction that awaits holds the one writer, and with it everybody."""
    assert inspect.iscoroutinefunction(HANDLERS[name]) is (VERBS[name].effect is Effect.OWN)


def test_a_start_without_a_handler_is_refused() -> None:
    del HANDLERS["message.send"], HANDLERS["group.join"]
    with pytest.raises(TypeError, match=r"without a handler: group\.join, message\.send"):
        verify_complete(load_catalogue())


def test_a_start_with_a_clause_that_nobody_knows_is_refused() -> None:
    class Nothing(Params):
        pass

    class Done(WireModel):
        pass

    made = Verb(
        name="tea.pour",
        params=Nothing,
        result=Done,
        scope=Scope.ACCOUNT,
        effect=Effect.READS,
        identified=None,
        rate="read",
        operation=None,
        clauses=(ClauseId("CG-99.9"),),
        summary="Pour.",
    )
    HANDLERS[made.name] = lambda ctx, params: Done()
    with pytest.raises(UnknownClause, match=r"CG-99\.9"):
        verify_complete(load_catalogue())


@pytest.mark.parametrize(
    ("bind", "verb"), [(reads, SEND), (owns, SEND), (writes, HISTORY), (owns, HISTORY), (writes, TYPING)]
)
def test_a_handler_of_the_wrong_kind_is_refused_where_it_stands(bind: Any, verb: Verb[Any, Any]) -> None:
    with pytest.raises(TypeError, match=verb.name.replace(".", r"\.")):
        bind(verb)(lambda ctx, params: None)


def test_a_verb_has_one_handler() -> None:
    with pytest.raises(TypeError, match="two handlers"):
        writes(SEND)(HANDLERS["message.send"])
    assert handlers.HANDLERS is HANDLERS
