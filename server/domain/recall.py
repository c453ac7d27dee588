"""Taking a message back: only one's own, only for a short while. Content goes, the fact stays."""

from __future__ import annotations

from datetime import datetime, timedelta

from policies.model import ClauseId, Policy
from server.wire.errors import NotFound, Refused
from server.wire.vocabulary import AccountId


def time_left(sent_at: datetime, now: datetime, policy: Policy) -> timedelta:
    """How long the sender may still recall; zero when the window has closed."""
    return max(timedelta(seconds=policy.messages.recall_seconds) - (now - sent_at), timedelta(0))


def check_may_recall(
    sender: AccountId, sent_at: datetime, recalled: bool, by: AccountId, now: datetime, policy: Policy
) -> None:
    """Raise unless ``by`` may recall a message of ``sender``. A message recalled already is simply gone."""
    if recalled:
        raise NotFound("message_not_found")
    if by != sender:
        raise Refused("role", "Only the sender may recall a message.", clause=ClauseId("CG-09.3"))
    if not time_left(sent_at, now, policy):
        seconds = policy.messages.recall_seconds
        raise Refused(
            "recall_window_closed",
            clause=ClauseId("SA-05.3"),
            reason=f"recall is open for {seconds} seconds after sending",
            policy={"messages.recall_seconds": seconds},
        )
