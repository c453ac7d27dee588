"""The service agreement: what counts as accepted, and how long a changed one may wait."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from policies.model import Policy
from server.domain.agreement import CurrentAgreement, accept_by, check_accepted, check_may_go_on
from server.wire.errors import PolicyRefused
from server.wire.verbs.account import AgreementAcceptance

CURRENT = CurrentAgreement("2026-11", date(2026, 11, 1), {"en": "e" * 64, "zh": "2" * 64})


@pytest.mark.clause("CG-05.4")
@pytest.mark.parametrize(("locale", "digest"), [("en", "e" * 64), ("zh", "2" * 64)])
def test_the_current_text_in_the_language_it_was_shown_in_can_be_accepted(locale: str, digest: str) -> None:
    """CG-05.4: an agreement is concluded over a text, in a language that its reader chose."""
    raw = {"version": "2026-11", "locale": locale, "sha256": digest}
    check_accepted(AgreementAcceptance.model_validate(raw), CURRENT)


@pytest.mark.clause("CG-05.4")
@pytest.mark.parametrize(
    ("version", "locale", "digest"),
    [
        ("2026-09", "en", "e" * 64),
        ("2026-12", "en", "e" * 64),
        ("2026-11", "en", "2" * 64),
        ("2026-11", "zh", "e" * 64),
        ("2026-11", "en", ""),
    ],
)
def test_no_other_text_can_be_accepted_in_its_place(version: str, locale: str, digest: str) -> None:
    """CG-05.4: nobody is bound to a text that was not shown to them, nor by one that is out of force."""
    raw = {"version": version, "locale": locale, "sha256": digest}
    with pytest.raises(PolicyRefused) as refused:
        check_accepted(AgreementAcceptance.model_validate(raw), CURRENT)
    assert refused.value.type == "agreement_required"
    assert refused.value.clause == "CG-05.4"
    assert refused.value.body()["data"]["read"] == "rules.show"


def test_who_accepted_the_current_version_goes_on_for_ever(policy: Policy) -> None:
    check_may_go_on("2026-11", CURRENT, datetime(2036, 1, 1, tzinfo=UTC), policy)


@pytest.mark.clause("CG-05.4")
@pytest.mark.parametrize(("late_ms", "goes_on"), [(-1, True), (0, False), (1, False)])
def test_an_older_acceptance_carries_until_the_last_day(policy: Policy, late_ms: int, goes_on: bool) -> None:
    """CG-05.4: a change leaves time to read it; after that posting pauses until it is accepted."""
    now = accept_by(CURRENT, policy) + timedelta(milliseconds=late_ms)
    if goes_on:
        check_may_go_on("2026-09", CURRENT, now, policy)
        return
    with pytest.raises(PolicyRefused) as refused:
        check_may_go_on("2026-09", CURRENT, now, policy)
    assert refused.value.policy == {"agreement.reaccept_days": policy.agreement.reaccept_days}
    assert refused.value.body()["data"]["next"] == "account.accept_agreement"
