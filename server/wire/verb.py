"""A verb: everything that is true of a call, as data. Handlers bind to it elsewhere; nothing runs here.

Server, SDK, terminal client, command line, OpenRPC document and clause coverage all read the same object,
so a call cannot be documented one way and behave another. No field has a default: a verb that anyone may
call has to say so out loud.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar

from policies.model import ClauseId, IdentifiedAct, RateClass
from server.wire.vocabulary import Params, WireModel

P = TypeVar("P", bound=Params)
R = TypeVar("R", bound=WireModel)


class Scope(StrEnum):
    """Who may call: each scope includes the one before it."""

    ANYONE = "anyone"
    """No login needed: rules, registration, logging in."""
    ACCOUNT = "account"
    """Logged in. Own data, rights and remedies stay here, never behind an identity check (INV-10)."""
    MEMBER = "member"
    """Logged in, and a member of the group that ``params.group`` names."""


class Effect(StrEnum):
    """What the call does to the data, and so how it is run."""

    READS = "reads"
    """Sees one snapshot of the database."""
    WRITES = "writes"
    """Runs inside the one writer's transaction; idempotent by ``client_op_id``."""
    OWN = "own"
    """Runs by itself: hashing, streams, ephemeral signals. Never holds the writer."""


Operation = Literal[
    "register", "verify", "login", "logout", "create_group", "join", "leave", "publish", "recall", "settings"
]
"""What SA-05.3c calls the kind of operation: the closed list that log rows use."""


@dataclass(frozen=True)
class Verb(Generic[P, R]):
    """One call of the protocol. Refuses, at import, a name used twice and a self-contradiction."""

    name: str
    params: type[P]
    result: type[R]
    scope: Scope
    effect: Effect
    identified: IdentifiedAct | Literal["read_groups"] | None
    """What the policy may require a verified identity for (CG-06.3); None: never, whatever the policy."""
    rate: RateClass
    """Which row of the policy's ``rates`` table the call spends from; the numbers live in ``policies/``."""
    operation: Operation | None
    """The log row this call writes (SA-05.3), None for calls that leave none."""
    clauses: tuple[ClauseId, ...]
    summary: str

    def __post_init__(self) -> None:
        fields = self.params.model_fields
        if self.name in declared:
            raise TypeError(f"verb {self.name} declared twice")
        if self.scope is Scope.MEMBER and "group" not in fields:
            raise TypeError(f"{self.name} is for members, but its params name no group")
        if self.effect is Effect.WRITES and "client_op_id" not in fields:
            raise TypeError(f"{self.name} writes, but its params have no client_op_id")
        declared[self.name] = self


declared: dict[str, Verb[Any, Any]] = {}
"""Filled as the modules of ``server.wire.verbs`` are imported; read it through ``wire.verbs.VERBS``."""
