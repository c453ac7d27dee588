"""Failed identity checks: a few tries, then a pause. Never a ban (CG-06.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from policies.model import ClauseId, Policy
from server.wire.errors import PolicyRefused


@dataclass(frozen=True, slots=True)
class Tries:
    failed: int = 0
    blocked_until: datetime | None = None


def check_may_try(tries: Tries, now: datetime, policy: Policy) -> None:
    if tries.blocked_until is not None and now < tries.blocked_until:
        minutes = policy.identity.retry_cooldown_minutes
        raise PolicyRefused(
            "identity_cooldown",
            clause=ClauseId("CG-06.1"),
            reason="a pause, not a ban: nothing else about the account changes",
            policy={"identity.retry_cooldown_minutes": minutes},
            until=tries.blocked_until.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        )


def after_failure(tries: Tries, now: datetime, policy: Policy) -> Tries:
    """The count after one more failure; the pause starts with the last try allowed and resets the count."""
    failed = tries.failed + 1
    if failed < policy.identity.retry_limit:
        return Tries(failed, None)
    return Tries(0, now + timedelta(minutes=policy.identity.retry_cooldown_minutes))
