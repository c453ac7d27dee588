"""Everything a handler may use, in one place: the policy, the ports, the databases."""

from __future__ import annotations

from dataclasses import dataclass, field

from policies.model import Policy
from server.domain.agreement import CurrentAgreement
from server.ports import Clock, IdentityVerifier, Ids, PasswordHasher, Secrets
from server.storage.database import Database
from server.storage.vault.vault import Vault
from server.wire.models import Limits


@dataclass(frozen=True)
class World:
    policy: Policy
    policy_hash: str
    profile: str
    agreement: CurrentAgreement
    version: str
    clock: Clock
    ids: Ids
    secrets: Secrets
    hasher: PasswordHasher
    verifier: IdentityVerifier
    database: Database
    vault: Vault
    retry_key: bytes = field(repr=False)
    """Keys the fingerprints by which a retry is known (``storage/operations.py``)."""

    def limits(self) -> Limits:
        """The bounds a client must know, read off the policy."""
        connection, messages = self.policy.connection, self.policy.messages
        return Limits(
            max_frame_bytes=connection.max_frame_bytes,
            max_batch=connection.max_batch,
            max_depth=connection.max_depth,
            max_in_flight=connection.in_flight_max,
            text_max_chars=messages.text_max_chars,
            history_page_max=messages.history_page_max,
            recent_in_snapshot=messages.recent_in_snapshot,
            replay_limit_events=self.policy.resume.replay_limit_events,
            recall_seconds=messages.recall_seconds,
            idle_seconds=connection.idle_seconds,
        )
