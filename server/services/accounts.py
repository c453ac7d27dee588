"""Opening an account, and changing what one goes by."""

from __future__ import annotations

from datetime import datetime, timedelta

from policies.model import ClauseId, Policy
from server.domain.agreement import check_accepted
from server.domain.names import check_length
from server.services.contexts import Owning, Reading, Writing
from server.services.handlers import owns, reads, writes
from server.services.snapshots import account_snapshot
from server.storage import accounts, sessions
from server.storage.database import SqlConnection
from server.storage.transaction import Transaction
from server.wire.errors import Conflict, NotAuthenticated, NotFound, PolicyRefused, TooMuch
from server.wire.events import (
    ACCOUNT_REGISTERED,
    AGREEMENT_ACCEPTED,
    HANDLE_CHANGED,
    PASSWORD_CHANGED,
    SESSION_CLOSED,
    AccountRegistered,
    AgreementAccepted,
    HandleChanged,
    PasswordChanged,
    SessionClosed,
)
from server.wire.models import AccountSnapshot
from server.wire.text import folded
from server.wire.verbs.account import (
    ACCEPT_AGREEMENT,
    CHANGE_PASSWORD,
    GET_ACCOUNT,
    GET_AGREEMENT,
    REGISTER,
    SET_HANDLE,
    AcceptAgreementParams,
    AcceptedAgreement,
    AgreementAcceptance,
    AgreementConcluded,
    AgreementParams,
    ChangePasswordParams,
    Consent,
    GetAccountParams,
    HandleSet,
    PasswordChangedResult,
    Registered,
    RegisterParams,
    SetHandleParams,
)
from server.wire.vocabulary import AccountId, Seq, account_stream

_HANDLE_PERIOD = timedelta(days=30)


@owns(REGISTER)
async def register_account(ctx: Owning, params: RegisterParams) -> Registered:
    try:
        check_accepted(params.agreement, ctx.world.agreement)
        check_length("handle", params.handle, ctx.policy)
    except (PolicyRefused, TooMuch) as refusal:
        await ctx.refuse(refusal)
    # Hashed before the transaction: a hash takes tens of milliseconds and must not hold the writer.
    password = await ctx.world.hasher.hash(params.password)

    def work(tx: Transaction) -> Registered:
        if accounts.handle_is_taken(tx.sql, params.handle):
            raise Conflict("handle_taken", clause=ClauseId("CG-06.2"))
        account = tx.account = ctx.world.ids.account()
        view = accounts.add_account(tx, account, params.handle, password, params.agreement.version)
        tx.emit(account_stream(account), ACCOUNT_REGISTERED, AccountRegistered(account=view))
        seq = _conclude(tx, account, params.agreement, params.consents)
        return Registered(account=view, event_seq=seq)

    registered = await ctx.perform(work, Registered, caller=f"handle:{folded(params.handle)}")
    if ctx.replayed and not await _knows_password(ctx, registered.account.account, params.password):
        # An op id may be guessed, and the answer holds an account id (INV-01): only its owner hears it again.
        raise Conflict("handle_taken", clause=ClauseId("CG-06.2"))
    return registered


@reads(GET_ACCOUNT)
def get_account(ctx: Reading, params: GetAccountParams) -> AccountSnapshot:
    return account_snapshot(ctx.sql, ctx.account.account)


@reads(GET_AGREEMENT)
def get_agreement(ctx: Reading, params: AgreementParams) -> AcceptedAgreement:
    accepted = accounts.latest_agreement(ctx.sql, ctx.account.account)
    if accepted is None:
        raise NotFound("text_not_found")
    return accepted


@writes(ACCEPT_AGREEMENT)
def accept_agreement(ctx: Writing, params: AcceptAgreementParams) -> AgreementConcluded:
    check_accepted(params.agreement, ctx.world.agreement)
    seq = _conclude(ctx.tx, ctx.account.account, params.agreement, params.consents)
    return AgreementConcluded(event_seq=seq)


@owns(SET_HANDLE)
async def set_handle(ctx: Owning, params: SetHandleParams) -> HandleSet:
    """CG-06.2. Whether the change is allowed is settled before the vault is asked, and one call at a time:
    a wrong guess at the legal name costs one of the few changes, so nobody can spell it out by asking."""
    account, _ = ctx.connection.caller()
    async with ctx.world.vault.turn(account):
        if (changed := await ctx.earlier(HandleSet)) is not None:
            return changed
        return await _set_handle(ctx, params, account)


async def _set_handle(ctx: Owning, params: SetHandleParams, account: AccountId) -> HandleSet:
    try:
        check_length("handle", params.handle, ctx.policy)
        await ctx.world.database.read(
            lambda sql: _check_may_change(sql, account, params.handle, ctx.world.clock.now(), ctx.policy)
        )
    except (Conflict, PolicyRefused, TooMuch) as refusal:
        await ctx.refuse(refusal)
    confirmed = params.confirm_real_name and ctx.policy.profile.allow_real_name_handle
    # The vault answers yes or no; the name itself does not leave it.
    if not confirmed and await ctx.world.vault.name_resembles(account, params.handle):
        allowed = ctx.policy.profile.allow_real_name_handle
        await ctx.refuse(
            PolicyRefused(
                "name_confirm",
                None if allowed else "That name is close to your verified name. Choose another.",
                clause=ClauseId("CG-06.2"),
                reason="others would see a name close to your legal one",
                policy={"profile.allow_real_name_handle": allowed},
            )
        )

    def work(tx: Transaction) -> HandleSet:
        _check_may_change(tx.sql, account, params.handle, tx.now, ctx.policy)
        seq = tx.emit(account_stream(account), HANDLE_CHANGED, HandleChanged(handle=params.handle))
        accounts.set_handle(tx, account, params.handle, seq)
        return HandleSet(handle=params.handle, event_seq=seq)

    return await ctx.perform(work, HandleSet)


def _check_may_change(
    sql: SqlConnection, account: AccountId, handle: str, now: datetime, policy: Policy
) -> None:
    """Raise when the handle is somebody else's, or the period's changes are spent."""
    if accounts.handle_is_taken(sql, handle, by_other_than=account):
        raise Conflict("handle_taken", clause=ClauseId("CG-06.2"))
    most = policy.profile.handle_changes_per_30d
    if accounts.handle_changes_since(sql, account, now - _HANDLE_PERIOD) >= most:
        raise PolicyRefused(
            "handle_changes",
            clause=ClauseId("CG-06.2"),
            policy={"profile.handle_changes_per_30d": most},
            limit=most,
        )


@owns(CHANGE_PASSWORD)
async def change_password(ctx: Owning, params: ChangePasswordParams) -> PasswordChangedResult:
    account, session = ctx.connection.caller()
    if (changed := await ctx.earlier(PasswordChangedResult)) is not None:
        return changed
    digest = await ctx.world.database.read(lambda sql: accounts.password_of(sql, account))
    if not await ctx.world.hasher.verify(digest, params.old_password):
        await ctx.refuse(NotAuthenticated("bad_credentials"))
    password = await ctx.world.hasher.hash(params.new_password)

    def work(tx: Transaction) -> PasswordChangedResult:
        if accounts.password_of(tx.sql, account) != digest:  # changed on another device since we looked
            raise NotAuthenticated("bad_credentials")
        accounts.set_password(tx, account, password)
        stream = account_stream(account)
        others = [
            other.session
            for other in sessions.open_sessions_in(tx, account)
            if params.close_other_sessions and other.session != session
        ]
        sessions.close_sessions(tx, others)
        for other in others:
            tx.emit(stream, SESSION_CLOSED, SessionClosed(session=other, reason="password_changed"))
        tx.emit(stream, PASSWORD_CHANGED, PasswordChanged(sessions_closed=len(others)))
        return PasswordChangedResult(sessions_closed=len(others))

    return await ctx.perform(work, PasswordChangedResult)


async def _knows_password(ctx: Owning, account: AccountId, password: str) -> bool:
    digest = await ctx.world.database.read(lambda sql: accounts.password_of(sql, account))
    return await ctx.world.hasher.verify(digest, password)


def _conclude(
    tx: Transaction, account: AccountId, accepted: AgreementAcceptance, consents: list[Consent]
) -> Seq:
    """Record an agreement and the consents given with it; returns the seq of the event that tells so."""
    told = AgreementAccepted(
        version=accepted.version, sha256=accepted.sha256, locale=accepted.locale, at=tx.now
    )
    seq = tx.emit(account_stream(account), AGREEMENT_ACCEPTED, told)
    kept = AcceptedAgreement(
        version=accepted.version,
        locale=accepted.locale,
        sha256=accepted.sha256,
        at=tx.now,
        consents=consents,
    )
    accounts.add_agreement(tx, account, kept, seq)
    return seq
