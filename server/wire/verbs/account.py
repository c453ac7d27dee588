"""One's own account: how it begins and what one may change about it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from policies.model import ClauseId
from server.wire.models import AccountSnapshot, AccountView
from server.wire.verb import Effect, Scope, Verb
from server.wire.vocabulary import (
    ClientClass,
    ClientOpId,
    Handle,
    Locale,
    Moment,
    Params,
    Password,
    Seq,
    Version,
    WireModel,
)

Consent = Literal["phone"]
"""Optional consents, each refusable by itself: ``phone`` lets a phone number be kept in the vault."""


class AgreementAcceptance(Params):
    version: Version
    locale: Locale
    sha256: str
    """Of the text that was shown: accepting an unread or outdated text does not count."""


class RegisterParams(Params):
    handle: Handle
    password: Password
    agreement: AgreementAcceptance
    consents: list[Consent] = Field(default=[], max_length=8)
    client: ClientClass
    client_op_id: ClientOpId


class Registered(WireModel):
    account: AccountView
    event_seq: Seq


class GetAccountParams(Params):
    pass


class AcceptedAgreement(WireModel):
    version: str
    locale: Locale
    sha256: str
    at: Moment
    consents: list[Consent]


class AgreementParams(Params):
    pass


class AcceptAgreementParams(Params):
    agreement: AgreementAcceptance
    consents: list[Consent] = Field(default=[], max_length=8)
    """All consents that hold from now on: one that is left out is withdrawn."""
    client_op_id: ClientOpId


class AgreementConcluded(WireModel):
    event_seq: Seq


class SetHandleParams(Params):
    handle: Handle
    confirm_real_name: bool = False
    client_op_id: ClientOpId


class HandleSet(WireModel):
    handle: str
    event_seq: Seq


class ChangePasswordParams(Params):
    old_password: Password
    new_password: Password
    close_other_sessions: bool = True
    client_op_id: ClientOpId


class PasswordChangedResult(WireModel):
    sessions_closed: int


REGISTER = Verb(
    name="account.register",
    params=RegisterParams,
    result=Registered,
    scope=Scope.ANYONE,
    effect=Effect.OWN,
    identified=None,
    rate="register",
    operation="register",
    clauses=(ClauseId("CG-05.3"), ClauseId("CG-05.4"), ClauseId("CG-06.2")),
    summary="Open an account under a handle of one's choice, after accepting the agreement that was shown.",
)

GET_ACCOUNT = Verb(
    name="account.get",
    params=GetAccountParams,
    result=AccountSnapshot,
    scope=Scope.ACCOUNT,
    effect=Effect.READS,
    identified=None,
    rate="read",
    operation=None,
    clauses=(ClauseId("CG-06.1"),),
    summary="Read one's own account: handle, verification status, memberships, sessions.",
)

GET_AGREEMENT = Verb(
    name="account.agreement",
    params=AgreementParams,
    result=AcceptedAgreement,
    scope=Scope.ACCOUNT,
    effect=Effect.READS,
    identified=None,
    rate="read",
    operation=None,
    clauses=(ClauseId("CG-05.4"),),
    summary="Say which agreement one accepted, when, and which consents one gave.",
)

ACCEPT_AGREEMENT = Verb(
    name="account.accept_agreement",
    params=AcceptAgreementParams,
    result=AgreementConcluded,
    scope=Scope.ACCOUNT,
    effect=Effect.WRITES,
    identified=None,
    rate="write",
    operation="settings",
    clauses=(ClauseId("CG-05.4"),),
    summary="Accept a changed agreement, or change the consents one gave.",
)

SET_HANDLE = Verb(
    name="account.set_handle",
    params=SetHandleParams,
    result=HandleSet,
    scope=Scope.ACCOUNT,
    effect=Effect.OWN,
    identified=None,
    rate="write",
    operation="settings",
    clauses=(ClauseId("CG-06.2"),),
    summary="Go by another handle.",
)

CHANGE_PASSWORD = Verb(
    name="account.change_password",
    params=ChangePasswordParams,
    result=PasswordChangedResult,
    scope=Scope.ACCOUNT,
    effect=Effect.OWN,
    identified=None,
    rate="login",
    operation="settings",
    clauses=(ClauseId("CG-06.4"),),
    summary="Change the password; other devices are logged out unless told otherwise.",
)
