"""The life of a connection as one table. Server and SDK read it; the picture in the docs is printed from it.

A state says which calls make sense; an input that the table does not list for a state is a fault of the
side that produced it.
"""

from __future__ import annotations

from enum import StrEnum

from server.wire.verb import Scope


class State(StrEnum):
    ANONYMOUS = "anonymous"
    """Connected, not logged in: rules, registration, log-in."""
    RESUMING = "resuming"
    """Logged in; missed events are being sent."""
    OPEN = "open"
    """Logged in and up to date."""
    CLOSED = "closed"
    """No socket any more."""


class Input(StrEnum):
    SESSION_OPENED = "session opened"
    CAUGHT_UP = "caught up"
    LOGGED_OUT = "logged out"
    LOST = "connection lost or closed"


TRANSITIONS: dict[tuple[State, Input], State] = {
    (State.ANONYMOUS, Input.SESSION_OPENED): State.RESUMING,
    (State.ANONYMOUS, Input.LOST): State.CLOSED,
    (State.RESUMING, Input.CAUGHT_UP): State.OPEN,
    (State.RESUMING, Input.LOGGED_OUT): State.ANONYMOUS,
    (State.RESUMING, Input.LOST): State.CLOSED,
    (State.OPEN, Input.LOGGED_OUT): State.ANONYMOUS,
    (State.OPEN, Input.LOST): State.CLOSED,
}

SCOPES: dict[State, frozenset[Scope]] = {
    State.ANONYMOUS: frozenset({Scope.ANYONE}),
    State.RESUMING: frozenset(),
    State.OPEN: frozenset(Scope),
    State.CLOSED: frozenset(),
}
"""Scopes whose calls fit a state. While resuming, calls wait: one connection's calls run in order."""


class IllegalTransition(Exception):
    """An input that does not fit the state: a bug on the side that raised it."""


def after(state: State, event: Input) -> State:
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransition(f"{event} while {state}") from None


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.ANONYMOUS}"]
    lines += [f"    {old} --> {new}: {event}" for (old, event), new in TRANSITIONS.items()]
    return "\n".join([*lines, f"    {State.CLOSED} --> [*]"]) + "\n"
