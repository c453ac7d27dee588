"""Who may call what: every verb, asked by everybody it could be asked by."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from policies.loader import load_policy
from policies.model import Policy
from server.domain.agreement import CurrentAgreement
from server.domain.facts import AccountFacts, MemberFacts
from server.domain.permissions import authorize, needs_identity
from server.wire.errors import WireError
from server.wire.verb import Scope, Verb
from server.wire.verbs import VERBS
from server.wire.vocabulary import AccountId
from tests.domain.village import REFERENCE, member

CURRENT = CurrentAgreement("2026-11", date(2026, 11, 1), {"en": "0" * 64, "zh": "1" * 64})
IN_NOVEMBER = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LONG_AFTER = IN_NOVEMBER + timedelta(days=400)
ANN = AccountId("A-ANN")


def account(*, verified: bool = True, agreement: str = "2026-11") -> AccountFacts:
    return AccountFacts(ANN, "ann", verified, agreement)


def answer(
    verb: Verb[Any, Any],
    who: AccountFacts | None,
    place: MemberFacts | None,
    policy: Policy = REFERENCE,
    now: datetime = IN_NOVEMBER,
) -> str:
    """``yes``, or the type of the refusal."""
    try:
        authorize(verb, who, place, now=now, policy=policy, agreement=CURRENT)
    except WireError as refusal:
        return refusal.type
    return "yes"


def verbs(*names: str) -> list[Any]:
    return [pytest.param(VERBS[name], id=name) for name in names]


EVERY_VERB = verbs(*VERBS)
PLACES = [None, member("ANN"), member("ANN", "admin"), member("ANN", "owner")]
REMEDIES = verbs(
    "account.get",
    "account.agreement",
    "account.accept_agreement",
    "account.set_handle",
    "account.change_password",
    "identity.verify",
    "identity.withdraw",
    "session.list",
    "session.revoke",
    "session.close",
    "group.list",
    "group.leave",
    "rules.show",
    "rules.compare",
    "server.about",
)


@pytest.mark.parametrize("verb", EVERY_VERB)
def test_without_a_log_in_only_what_is_for_anyone(verb: Verb[Any, Any]) -> None:
    for place in PLACES:
        expected = "yes" if verb.scope is Scope.ANYONE else "login_required"
        assert answer(verb, None, place) == expected


@pytest.mark.parametrize("verb", EVERY_VERB)
def test_a_member_with_everything_in_order_may_make_every_call(verb: Verb[Any, Any]) -> None:
    assert answer(verb, account(), member("ANN")) == "yes"


@pytest.mark.clause("INV-13")
@pytest.mark.parametrize("verb", EVERY_VERB)
def test_an_outsider_is_told_that_there_is_no_such_group(verb: Verb[Any, Any]) -> None:
    """INV-13: a group that one is not in and a group that is not there give the same answer."""
    expected = "group_not_found" if verb.scope is Scope.MEMBER else "yes"
    assert answer(verb, account(), None) == expected


@pytest.mark.clause("CG-06.3")
@pytest.mark.parametrize("verb", verbs("message.send", "message.typing", "group.create", "group.join"))
def test_no_identity_no_publishing(verb: Verb[Any, Any]) -> None:
    """CG-06.3: without a verified identity nobody publishes, in whatever role; the answer says what to do."""
    for place in PLACES:
        assert answer(verb, account(verified=False), place) == "identity_required"
    with pytest.raises(WireError) as refused:
        authorize(verb, account(verified=False), None, now=IN_NOVEMBER, policy=REFERENCE, agreement=CURRENT)
    assert refused.value.clause == "CG-06.3"
    assert refused.value.body()["data"]["next"] == "identity.verify"


@pytest.mark.clause("INV-10")
@pytest.mark.parametrize("verb", REMEDIES)
def test_what_concerns_oneself_never_waits_for_an_identity_or_an_agreement(verb: Verb[Any, Any]) -> None:
    """INV-10: own data, leaving, and every remedy stay open to whoever is logged in."""
    nobody = account(verified=False, agreement="2026-09")
    assert answer(verb, nobody, None, now=LONG_AFTER) == "yes"


@pytest.mark.clause("CG-06.3")
@pytest.mark.parametrize("verb", EVERY_VERB)
@pytest.mark.parametrize("readable", [True, False])
def test_whether_the_unverified_may_read_is_for_the_policy_to_say(
    verb: Verb[Any, Any], readable: bool
) -> None:
    """CG-06.3 asks for an identity before publishing; whether reading needs one too, the policy decides."""
    policy = load_policy("reference", {"identity": {"unverified_can_read_groups": readable}})
    if verb.identified == "read_groups":
        assert needs_identity(verb, policy) is not readable
        assert answer(verb, account(verified=False), member("ANN"), policy) == (
            "yes" if readable else "identity_required"
        )


def test_a_policy_may_ask_for_an_identity_for_publishing_alone() -> None:
    policy = load_policy("reference", {"identity": {"require_for": ["publish"]}})
    asked = {name for name, verb in VERBS.items() if needs_identity(verb, policy)}
    assert {"message.send", "message.typing"} <= asked
    assert not {"group.join", "group.create", "group.set_nickname"} & asked


@pytest.mark.clause("CG-05.4")
@pytest.mark.parametrize(
    ("verb", "late"),
    [("message.send", "agreement_required"), ("message.history", "yes"), ("group.leave", "yes")],
)
def test_a_changed_agreement_pauses_posting_and_nothing_else(verb: str, late: str) -> None:
    """CG-05.4: who has not accepted the changed agreement in time reads on, leaves, and posts nothing."""
    behind = account(agreement="2026-09")
    in_time = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    assert answer(VERBS[verb], behind, member("ANN"), now=in_time) == "yes"
    assert answer(VERBS[verb], behind, member("ANN"), now=in_time + timedelta(minutes=1)) == late


@pytest.mark.parametrize("verb", EVERY_VERB)
def test_the_first_thing_missing_is_the_one_that_is_told(verb: Verb[Any, Any]) -> None:
    """Log in, then verify, then accept, then join: each answer is a step that the person can take next."""
    order = ["login_required", "identity_required", "agreement_required", "group_not_found", "yes"]
    for verified, agreement in product((True, False), ("2026-11", "2026-09")):
        told = answer(verb, account(verified=verified, agreement=agreement), None, now=LONG_AFTER)
        better = answer(verb, account(), member("ANN"), now=LONG_AFTER)
        assert order.index(told) <= order.index(better)
        if not verified and needs_identity(verb, REFERENCE):
            assert told == "identity_required"
