"""Logging in, resuming, and looking after one's devices."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from policies.model import ClauseId
from server.wire.models import AccountView, Limits, SessionView
from server.wire.verb import Effect, Scope, Verb
from server.wire.vocabulary import (
    ClientClass,
    ClientOpId,
    Moment,
    Params,
    Seq,
    SeqField,
    SessionId,
    SessionIdField,
    StreamField,
    StreamName,
    Token,
    WireModel,
)

PROTOCOL = 1


class OpenParams(Params):
    """Either ``token``, or ``handle`` and ``password``."""

    token: Annotated[Token | None, Field(repr=False)] = None
    handle: Annotated[str, Field(max_length=96)] | None = None
    password: Annotated[str | None, Field(max_length=256, repr=False)] = None
    protocol: int = PROTOCOL
    client: ClientClass
    cursors: Annotated[dict[StreamField, SeqField], Field(max_length=1000)] | None = None
    """The last seq seen of each stream. None: no replay, start from now. A stream that is missing here,
    or too far behind, is answered with a snapshot."""

    @model_validator(mode="after")
    def _one_way_in(self) -> OpenParams:
        by_password = self.handle is not None and self.password is not None
        if (self.token is not None) == by_password or (self.handle is None) != (self.password is None):
            raise ValueError("give a token, or handle and password")
        return self


class StreamHead(WireModel):
    stream: StreamName
    head: Seq
    """The newest event of the stream as this session starts."""
    resumed: bool
    """True: every event after the cursor follows. False: a snapshot follows if cursors were given."""


class SessionOpenedResult(WireModel):
    session: SessionView
    token: str | None
    """Present after a log-in by password, once. The server keeps only a digest."""
    account: AccountView
    protocol: int
    limits: Limits
    streams: list[StreamHead]
    server_time: Moment
    policy: str
    simulation: bool


class ListSessionsParams(Params):
    pass


class Sessions(WireModel):
    sessions: list[SessionView]
    current: SessionId


class RevokeParams(Params):
    session: SessionIdField
    client_op_id: ClientOpId


class Revoked(WireModel):
    event_seq: Seq


class CloseParams(Params):
    pass


class ClosedResult(WireModel):
    reason: Literal["logout"]


OPEN = Verb(
    name="session.open",
    params=OpenParams,
    result=SessionOpenedResult,
    scope=Scope.ANYONE,
    effect=Effect.OWN,
    identified=None,
    rate="login",
    operation="login",
    clauses=(ClauseId("CG-06.1"), ClauseId("SA-05.3")),
    summary="Log in, or come back: who I am, the limits, and every event I missed.",
)

LIST_SESSIONS = Verb(
    name="session.list",
    params=ListSessionsParams,
    result=Sessions,
    scope=Scope.ACCOUNT,
    effect=Effect.READS,
    identified=None,
    rate="read",
    operation=None,
    clauses=(ClauseId("CG-06.4"),),
    summary="List the devices that are logged in to one's account.",
)

REVOKE_SESSION = Verb(
    name="session.revoke",
    params=RevokeParams,
    result=Revoked,
    scope=Scope.ACCOUNT,
    effect=Effect.WRITES,
    identified=None,
    rate="write",
    operation="logout",
    clauses=(ClauseId("CG-06.4"),),
    summary="Log one of one's devices out, at once.",
)

CLOSE_SESSION = Verb(
    name="session.close",
    params=CloseParams,
    result=ClosedResult,
    scope=Scope.ACCOUNT,
    effect=Effect.OWN,
    identified=None,
    rate="write",
    operation="logout",
    clauses=(ClauseId("SA-05.3"),),
    summary="Log this device out: its token is worth nothing afterwards.",
)
