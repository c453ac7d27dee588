"""What a screen has at hand: the state, the courier, and what this run was started with. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import tzinfo
from time import monotonic
from typing import Literal

from client_tui.courier import Courier
from client_tui.sdk import SyntheticPerson
from client_tui.store import Store
from server.wire.group_id import GroupId
from server.wire.verbs.account import Consent


@dataclass(slots=True)
class Desk:
    url: str
    store: Store = field(default_factory=Store)
    courier: Courier | None = None
    """None while there is no connection to speak through."""
    offered_person: SyntheticPerson | None = None
    """A synthetic identity to offer, never to fill in unasked."""
    offered_group: GroupId | None = None
    """A group that a newcomer may join, to offer likewise."""
    consents: frozenset[Consent] = frozenset()
    """What was consented to when registering in this run."""
    afterwards: Literal["stays", "deleted", "kept"] = "stays"
    """What becomes of the server when this program is left; a demo's is deleted, or its data are kept."""
    gone: Callable[[], bool] = lambda: False
    """Whether the server is gone for good. Only who started it can know; asked every ``tick_s``."""
    zone: tzinfo | None = None
    """Where times are shown; None is the zone of this machine."""
    clock: Callable[[], float] = monotonic
    tick_s: float = 1.0
    """How often the main screen marks as read what was shown. Tests do it themselves."""
    blink: bool = True
