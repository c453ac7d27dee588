"""Which function answers which verb. Start-up refuses a verb without a handler and a clause nobody knows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from policies.model import Catalogue
from server.services.contexts import Owning, Reading, Writing
from server.wire.verb import Effect, Verb
from server.wire.verbs import VERBS
from server.wire.vocabulary import Params, WireModel

P = TypeVar("P", bound=Params)
R = TypeVar("R", bound=WireModel)

HANDLERS: dict[str, Callable[..., Any]] = {}


def writes(verb: Verb[P, R]) -> Callable[[Callable[[Writing, P], R]], Callable[[Writing, P], R]]:
    """Bind a verb of effect WRITES to a plain function over an open transaction."""
    return _bind(verb, Effect.WRITES)


def reads(verb: Verb[P, R]) -> Callable[[Callable[[Reading, P], R]], Callable[[Reading, P], R]]:
    """Bind a verb of effect READS to a plain function over a snapshot."""
    return _bind(verb, Effect.READS)


def owns(
    verb: Verb[P, R],
) -> Callable[[Callable[[Owning, P], Awaitable[R]]], Callable[[Owning, P], Awaitable[R]]]:
    """Bind a verb of effect OWN to a coroutine that sees to its own transactions."""
    return _bind(verb, Effect.OWN)


def verify_complete(catalogue: Catalogue) -> None:
    """Raise unless every verb has its handler and cites only clauses that ``policies/`` knows."""
    if missing := VERBS.keys() - HANDLERS.keys():
        raise TypeError(f"verbs without a handler: {', '.join(sorted(missing))}")
    for verb in VERBS.values():
        for clause in verb.clauses:
            catalogue.clause(clause)


def _bind(verb: Verb[Any, Any], effect: Effect) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def bind(handler: Callable[..., Any]) -> Callable[..., Any]:
        if verb.effect is not effect:
            raise TypeError(f"{verb.name} {verb.effect}, but its handler is bound as one that {effect}")
        if verb.name in HANDLERS:
            raise TypeError(f"{verb.name} has two handlers")
        HANDLERS[verb.name] = handler
        return handler

    return bind
