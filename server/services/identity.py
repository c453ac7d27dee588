"""Backstage: handing an identity to the vault, and taking it back. Nothing here outlives its call."""

from __future__ import annotations

from typing import NoReturn

from policies.model import ClauseId
from server.domain import identity_number
from server.domain.identity_tries import after_failure, check_may_try
from server.domain.resemblance import resembles
from server.services.contexts import Noted, Owning
from server.services.handlers import owns
from server.storage import accounts, groups
from server.storage.transaction import Transaction
from server.storage.vault.vault import Identity, IdentityCap
from server.storage.writer import Outcome
from server.wire.errors import Conflict, PolicyRefused, WireError
from server.wire.events import (
    ACCOUNT_VERIFIED,
    VERIFICATION_WITHDRAWN,
    AccountVerified,
    VerificationWithdrawn,
)
from server.wire.models import Verification
from server.wire.verbs.identity import VERIFY, WITHDRAW, Verified, VerifyParams, Withdrawn, WithdrawParams
from server.wire.vocabulary import AccountId, StreamName, account_stream, group_stream

_VERIFIER = "sandbox"


@owns(VERIFY)
async def verify_identity(ctx: Owning, params: VerifyParams) -> Verified:
    """CG-06.1. Order: may this account try, is the number well formed and synthetic, does it match, may the
    identity back one more account; only then the vault, and last the front stage.

    A crash between vault and front stage leaves a sealed record and an unverified account; trying again with
    the same identity completes it.
    """
    account, _ = ctx.connection.caller()
    async with ctx.world.vault.turn(account):
        if (verified := await ctx.earlier(Verified)) is not None:
            return verified
        return await _verify(ctx, params, account)


async def _verify(ctx: Owning, params: VerifyParams, account: AccountId) -> Verified:
    now = ctx.world.clock.now()
    facts, tries, agreement = await ctx.world.database.read(
        lambda sql: (
            accounts.account_view(sql, account),
            accounts.tries_of(sql, account),
            accounts.latest_agreement(sql, account),
        )
    )
    number = identity_number.normal_form(params.number)
    try:
        if facts.verification is not None:
            raise Conflict("already_verified", clause=ClauseId("CG-06.1"))
        check_may_try(tries, now, ctx.policy)
        if params.method not in ctx.policy.identity.methods:
            raise PolicyRefused(
                "id_invalid", clause=ClauseId("CG-06.1"), reason="not a method of this server"
            )
        age_band = identity_number.check_number(
            params.method, params.document, number, now.date(), ctx.policy
        )
        if params.phone is not None:
            if agreement is None or "phone" not in agreement.consents:
                raise PolicyRefused(
                    "id_invalid",
                    "A phone number needs the consent `phone`; leave it out.",
                    clause=ClauseId("CG-05.4"),
                )
            identity_number.check_phone(params.phone, ctx.policy)
    except (Conflict, PolicyRefused) as refusal:
        await ctx.refuse(refusal)
    verdict = await ctx.world.verifier.matches(params.method, params.document, params.legal_name, number)
    if verdict == "no_match":
        await _count_failure(ctx, account)
    identity = Identity(params.method, params.legal_name, number, params.phone, age_band)
    try:
        await ctx.world.vault.enrol(
            account, identity, _VERIFIER, ctx.policy.identity.max_accounts_per_identity
        )
    except IdentityCap:
        most = ctx.policy.identity.max_accounts_per_identity
        await ctx.refuse(
            PolicyRefused(
                "identity_cap",
                clause=ClauseId("CG-06.1"),
                policy={"identity.max_accounts_per_identity": most},
                limit=most,
            )
        )
    strong = params.method in ctx.policy.identity.strong_methods
    verification = Verification(
        method=params.method, level="strong" if strong else "basic", at=ctx.world.clock.now()
    )

    streams: list[StreamName] = []

    def work(tx: Transaction) -> Verified:
        streams[:] = [group_stream(place.group) for place in groups.memberships_in(tx, account)]
        accounts.set_verification(tx, account, verification)
        told = AccountVerified(verification=verification)
        return Verified(
            verification=verification,
            handle_resembles_name=resembles(facts.handle, params.legal_name),
            event_seq=tx.emit(account_stream(account), ACCOUNT_VERIFIED, told),
        )

    def released(outcome: Outcome) -> None:
        # Groups joined before an earlier withdrawal are heard again from this commit on.
        if outcome.error is None:
            ctx.hub.hear(account, streams)

    try:
        return await ctx.perform(work, Verified, released=released)
    except WireError:
        await _destroy_unless_verified(ctx, account)  # told no means that nothing was kept (CG-06.4)
        raise


@owns(WITHDRAW)
async def withdraw_identity(ctx: Owning, params: WithdrawParams) -> Withdrawn:
    """CG-06.3: publishing stops with this commit, on every connection. Then the record is destroyed.

    In this order, so that a crash in between leaves a person unverified with a record to destroy (the next
    call does it), never verified without one.
    """
    account, _ = ctx.connection.caller()

    def work(tx: Transaction) -> Withdrawn:
        accounts.set_verification(tx, account, None)
        told = VerificationWithdrawn(reason="own_wish")
        return Withdrawn(
            event_seq=tx.emit(
                account_stream(account), VERIFICATION_WITHDRAWN, told, cause=ClauseId("CG-06.3")
            ),
            what_remains="rules, own account, sessions, leaving groups, verifying again",
        )

    async with ctx.world.vault.turn(account):
        result = await ctx.perform(work, Withdrawn)
        await _destroy_unless_verified(ctx, account)  # a late repeat must not destroy what came after it
    return result


async def _destroy_unless_verified(ctx: Owning, account: AccountId) -> None:
    """Call in the account's turn: never is there a verified account without a record."""
    view = await ctx.world.database.read(lambda sql: accounts.account_view(sql, account))
    if view.verification is None:
        await ctx.world.vault.destroy(account)


async def _count_failure(ctx: Owning, account: AccountId) -> NoReturn:
    """Note a failed try, then refuse; the count is kept although the call is refused."""
    tries = await ctx.world.database.read(lambda sql: accounts.tries_of(sql, account))

    def work(tx: Transaction) -> Noted:
        accounts.set_tries(tx, account, after_failure(tries, tx.now, ctx.policy))
        return Noted()

    refusal = PolicyRefused("id_invalid", clause=ClauseId("CG-06.1"), reason="name and number do not match")
    await ctx.note(work)
    await ctx.refuse(refusal)
