"""Backstage real name: one call hands it to the vault; no call brings it back (CG-06.1)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from policies.model import ClauseId
from server.wire.models import Verification
from server.wire.verb import Effect, Scope, Verb
from server.wire.vocabulary import ClientOpId, Method, Params, Seq, WireModel

OtherDocument = Literal["hk_macao_permit", "taiwan_permit", "foreign_pr_card", "passport"]


class VerifyParams(Params):
    """``number`` must be synthetic: region 000000, or 000000 inside another document's number."""

    method: Method
    document: OtherDocument | None = None
    """Which one, when ``method`` is ``other_document``."""
    legal_name: Annotated[str, Field(min_length=1, max_length=60, repr=False)]
    number: Annotated[str, Field(min_length=1, max_length=32, repr=False)]
    phone: Annotated[str | None, Field(max_length=20, repr=False)] = None
    """Optional, and only with the consent ``phone``."""
    client_op_id: ClientOpId


class Verified(WireModel):
    verification: Verification
    handle_resembles_name: bool
    """A warning: the handle others see is close to the legal name. Changing it is free."""
    event_seq: Seq


class WithdrawParams(Params):
    client_op_id: ClientOpId


class Withdrawn(WireModel):
    event_seq: Seq
    what_remains: str
    """What one can still do, in words."""


VERIFY = Verb(
    name="identity.verify",
    params=VerifyParams,
    result=Verified,
    scope=Scope.ACCOUNT,
    effect=Effect.OWN,
    identified=None,
    rate="verify",
    operation="verify",
    clauses=(ClauseId("CG-06.1"), ClauseId("XJ-04.1"), ClauseId("INV-08")),
    summary="Prove an identity backstage. Only the fact, the method and the time leave the vault.",
)

WITHDRAW = Verb(
    name="identity.withdraw",
    params=WithdrawParams,
    result=Withdrawn,
    scope=Scope.ACCOUNT,
    effect=Effect.OWN,
    identified=None,
    rate="write",
    operation="settings",
    clauses=(ClauseId("CG-06.3"), ClauseId("CG-06.4")),
    summary="Take one's identity back: the vault record is destroyed, publishing stops, rights stay.",
)
