"""Who may call what. One function decides for every verb; it runs inside the transaction it guards.

The order of the questions is the order of the answers a person gets: first log in, then verify, then join.
"""

from __future__ import annotations

from policies.model import ClauseId
from server.domain.facts import AccountFacts, MemberFacts
from server.wire.errors import NotAuthenticated, NotFound, Refused
from server.wire.verb import Scope

IDENTITY = ClauseId("CG-06.3")
HIDDEN = ClauseId("INV-13")


def authorize(scope: Scope, account: AccountFacts | None, member: MemberFacts | None) -> None:
    """Raise unless ``account`` may make a call of ``scope``; ``member`` is its place in the group concerned.

    1. ANYONE needs nothing.
    2. ACCOUNT needs a log-in. Own data and remedies stop here (INV-10).
    3. VERIFIED needs a verified identity (CG-06.3).
    4. MEMBER needs a place in the group; an outsider gets the answer of a group that does not exist (INV-13).
    """
    if scope is Scope.ANYONE:  # 1.
        return
    if account is None:  # 2.
        raise NotAuthenticated("login_required")
    if scope is Scope.ACCOUNT:
        return
    if not account.verified:  # 3.
        raise Refused(
            "identity_required",
            clause=IDENTITY,
            reason="publishing and groups need a verified identity",
            next="identity.verify",
        )
    if scope is Scope.MEMBER and member is None:  # 4.
        raise NotFound("group_not_found", clause=HIDDEN)
