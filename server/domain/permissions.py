"""Who may call what. One function decides for every verb; it runs inside the transaction it guards.

The order of the questions is the order of the answers a person gets: first log in, then verify, then accept
the agreement, then join.
"""

from __future__ import annotations

from datetime import datetime

from policies.model import ClauseId, Policy
from server.domain.agreement import CurrentAgreement, check_may_go_on
from server.domain.facts import AccountFacts, MemberFacts
from server.wire.errors import NotAuthenticated, NotFound, Refused
from server.wire.verb import Scope, Verb
from server.wire.vocabulary import Params, WireModel


def authorize(
    verb: Verb[Params, WireModel],
    account: AccountFacts | None,
    member: MemberFacts | None,
    *,
    now: datetime,
    policy: Policy,
    agreement: CurrentAgreement,
) -> None:
    """Raise unless ``account`` may call ``verb``; ``member`` is its place in the group concerned.

    1. ANYONE needs nothing.
    2. ACCOUNT needs a log-in. Own data and remedies stop here (INV-10).
    3. Acts that the policy lists need a verified identity (CG-06.3), and
    4. the agreement in force (CG-05.4).
    5. MEMBER needs a place in the group; an outsider gets the answer of a group that does not exist (INV-13).
    """
    if verb.scope is Scope.ANYONE:  # 1.
        return
    if account is None:  # 2.
        raise NotAuthenticated("login_required")
    if needs_identity(verb, policy) and not account.verified:  # 3.
        raise Refused(
            "identity_required",
            clause=ClauseId("CG-06.3"),
            reason="publishing and groups need a verified identity",
            policy={"identity.require_for": list(policy.identity.require_for)},
            next="identity.verify",
        )
    if verb.identified not in (None, "read_groups"):  # 4.
        check_may_go_on(account.agreement, agreement, now, policy)
    if verb.scope is Scope.MEMBER and member is None:  # 5.
        raise NotFound("group_not_found", clause=ClauseId("INV-13"))


def needs_identity(verb: Verb[Params, WireModel], policy: Policy) -> bool:
    if verb.identified == "read_groups":
        return not policy.identity.unverified_can_read_groups
    return verb.identified in policy.identity.require_for
