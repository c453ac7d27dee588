"""The SDK: everything a script or a screen needs to talk to a server. Complete without any screen."""

from __future__ import annotations

from client_tui.sdk.calls import Answer
from client_tui.sdk.client import Client, ClientState
from client_tui.sdk.codec import EventMessage
from client_tui.sdk.connect import Connecting, connect, this_program
from client_tui.sdk.errors import (
    CallError,
    ConnectionLost,
    EventsLost,
    GapInStream,
    ProtocolFault,
    SdkError,
)
from client_tui.sdk.newcomer import join_in
from client_tui.sdk.replica import Replica, apply_account, apply_group
from client_tui.sdk.retry import RetryPolicy
from client_tui.sdk.synthetic import SyntheticPerson, synthetic_person

__all__ = [
    "Answer",
    "CallError",
    "Client",
    "ClientState",
    "Connecting",
    "ConnectionLost",
    "EventMessage",
    "EventsLost",
    "GapInStream",
    "ProtocolFault",
    "Replica",
    "RetryPolicy",
    "SdkError",
    "SyntheticPerson",
    "apply_account",
    "apply_group",
    "connect",
    "join_in",
    "synthetic_person",
    "this_program",
]
