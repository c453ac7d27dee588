"""The life of a connection: every state, every input, and the picture of both."""

from __future__ import annotations

from itertools import product

import pytest

from server.wire.session_states import SCOPES, TRANSITIONS, IllegalTransition, Input, State, after, diagram
from server.wire.verb import Scope


@pytest.mark.parametrize(("state", "event"), product(State, Input))
def test_every_input_in_every_state_leads_somewhere_or_is_a_fault(state: State, event: Input) -> None:
    if (state, event) in TRANSITIONS:
        assert after(state, event) is TRANSITIONS[state, event]
        return
    with pytest.raises(IllegalTransition, match=f"{event} while {state}"):
        after(state, event)


def test_from_the_first_state_every_other_can_be_reached() -> None:
    reached, waiting = set(), [State.ANONYMOUS]
    while waiting:
        state = waiting.pop()
        reached.add(state)
        waiting += [new for (old, _), new in TRANSITIONS.items() if old is state and new not in reached]
    assert reached == set(State)


def test_a_connection_can_be_lost_in_every_state_but_the_last() -> None:
    for state in State:
        if state is not State.CLOSED:
            assert after(state, Input.LOST) is State.CLOSED


def test_nothing_leads_out_of_the_last_state() -> None:
    assert not [old for old, _ in TRANSITIONS if old is State.CLOSED]


def test_who_has_not_logged_in_may_ask_what_anyone_may() -> None:
    assert SCOPES[State.ANONYMOUS] == {Scope.ANYONE}


def test_while_missed_events_are_sent_calls_wait() -> None:
    assert SCOPES[State.RESUMING] == SCOPES[State.CLOSED] == frozenset()


def test_who_is_up_to_date_may_ask_everything() -> None:
    assert SCOPES[State.OPEN] == set(Scope)


def test_the_picture_shows_the_table() -> None:
    lines = diagram().splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert lines[1].strip() == "[*] --> anonymous"
    assert lines[-1].strip() == "closed --> [*]"
    arrows = {line.strip() for line in lines[2:-1]}
    assert arrows == {f"{old} --> {new}: {event}" for (old, event), new in TRANSITIONS.items()}
