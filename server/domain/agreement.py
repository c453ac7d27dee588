"""The service agreement: which text counts as accepted, and what happens when it changes (CG-05.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from policies.model import ClauseId, Policy
from server.wire.errors import PolicyRefused
from server.wire.verbs.account import AgreementAcceptance
from server.wire.vocabulary import Locale


@dataclass(frozen=True, slots=True)
class CurrentAgreement:
    version: str
    effective: date
    sha256: dict[Locale, str]
    """Digest of the text in each language."""


def check_accepted(accepted: AgreementAcceptance, current: CurrentAgreement) -> None:
    """Raise unless what was accepted is the current text, the very one that is shown in that language."""
    if (accepted.version, accepted.sha256) != (current.version, current.sha256[accepted.locale]):
        raise PolicyRefused(
            "agreement_required",
            clause=ClauseId("CG-05.4"),
            reason="the text accepted is not the current agreement",
            policy={"agreement.current_version": current.version},
            read="rules.show",
        )


def check_may_go_on(accepted: str, current: CurrentAgreement, now: datetime, policy: Policy) -> None:
    """Raise when a changed agreement has waited longer than it may: posting pauses, all else goes on."""
    if accepted == current.version or now < accept_by(current, policy):
        return
    raise PolicyRefused(
        "agreement_required",
        "The agreement has changed. Read and accept it to go on posting.",
        clause=ClauseId("CG-05.4"),
        reason=f"version {accepted} was accepted, {current.version} is in force",
        policy={"agreement.reaccept_days": policy.agreement.reaccept_days},
        read="rules.show",
        next="account.accept_agreement",
    )


def accept_by(current: CurrentAgreement, policy: Policy) -> datetime:
    """The moment from which posting pauses for those who have not accepted the current version."""
    start = datetime.combine(current.effective, time(), UTC)
    return start + timedelta(days=policy.agreement.reaccept_days)
