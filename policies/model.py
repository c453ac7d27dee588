"""What a policy may say: every number the server obeys, its unit, its bounds. Knows no file and no default.

No field has a default: a profile spells out all of them, so one file shows what a server does. Numbers that
law fixes carry a bound with its clause; the rest are judgement, and each profile says so beside the number.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, model_validator

from policies.bounds import Exactly, Floor, Includes, Maximum, OnlyFrom, refusal
from policies.clause import Bilingual, Catalogue, Clause, ClauseId, Instrument, UnknownClause

__all__ = ["Bilingual", "Catalogue", "Clause", "ClauseId", "Instrument", "Policy", "UnknownClause"]

IdentityMethod = Literal["resident_id", "other_document"]
IdentifiedAct = Literal["publish", "create_group", "join", "nickname"]
GroupCategory = Literal[
    "family_friends", "hobby", "study", "work", "neighbourhood", "commerce", "public_interest", "information",
    "other",
]  # fmt: skip
"""Neutral and closed: what people do together, never who they are (INV-09)."""
RoleName = Literal["owner", "admin", "member"]
RateClass = Literal[
    "read", "write", "post", "typing", "join", "login", "register", "verify", "anonymous", "lookup"
]
RATE_CLASSES: Final[tuple[RateClass, ...]] = get_args(RateClass)
GROUP_CATEGORIES: Final[tuple[GroupCategory, ...]] = get_args(GroupCategory)
LOG_OPERATIONS: Final = (
    "register", "verify", "login", "logout", "create_group", "join", "leave", "publish", "forward", "comment",
    "recall", "moderate", "settings", "complain", "appeal", "export", "delete_account",
)  # fmt: skip
"""The closed list of SA-05.3c. A log row of another kind cannot be written."""

Count = Annotated[int, Field(ge=1)]
Bytes = Annotated[int, Field(ge=1)]
_WIRE_NAME: Final = "the wire carries no longer name"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Agreement(_Section):
    """Clause: CG-05.4."""

    current_version: Annotated[str, Field(pattern=r"^\d{4}-\d\d$")]
    """The version a new account accepts; its text must exist."""
    reaccept_days: Count
    """Days to accept a changed agreement before posting pauses."""


class Rules(_Section):
    """Clause: CG-05.3."""

    change_notice_days: Count
    """Days between publishing a rule that burdens users and its effect."""


class Identity(_Section):
    """Clauses: CG-06.1, CG-06.3, INV-08."""

    methods: Annotated[tuple[IdentityMethod, ...], Field(min_length=1)]
    strong_methods: tuple[IdentityMethod, ...]
    """Methods that count as the strong level; a subset of `methods`."""
    require_for: Annotated[
        tuple[IdentifiedAct, ...], Includes(("publish",), clause="CG-06.3", why="no identity, no publishing")
    ]
    retry_limit: Count
    """Failed attempts before the cool-down; never a ban."""
    retry_cooldown_minutes: Count
    demo_region_prefix: Annotated[
        str, Exactly("000000", clause="CG-06.1", why="synthetic identities only, in every shipped build")
    ]
    demo_phone_prefix: Annotated[
        str, Exactly("1000000", clause="CG-06.1", why="synthetic identities only, in every shipped build")
    ]
    max_accounts_per_identity: Count
    unverified_can_read_groups: bool

    @model_validator(mode="after")
    def _strong_methods_exist(self) -> Self:
        if not set(self.strong_methods) <= set(self.methods):
            raise refusal("names a method that methods does not offer", "CG-06.1", "strong_methods")
        return self


class Profile(_Section):
    """Clause: CG-06.2."""

    handle_changes_per_30d: Count
    allow_real_name_handle: bool
    """Whether a handle close to one's own verified name is allowed after a warning."""


class Caps(_Section):
    """Clauses: CG-08.1, CG-08.2, CG-08.3. Law asks for a reasonable cap and names no number."""

    group_members: Annotated[int, Field(ge=2)]
    created_absolute: Count
    """Groups that one verified identity may own, over all its accounts."""
    joined_absolute: Count
    """Groups that one account may be in, its own included."""


class Groups(_Section):
    """Clauses: CG-07.1, CG-08.5."""

    discoverable_default: bool
    categories: Annotated[
        tuple[GroupCategory, ...], Field(min_length=1), OnlyFrom(GROUP_CATEGORIES, clause="INV-09")
    ]


class GroupIdentifier(_Section):
    """Clause: CG-08.4."""

    random_chars: Annotated[
        int,
        Floor(9, clause="CG-08.4", why="45 random bits keep private groups unguessable"),
        Maximum(9, why="the wire reads ids of this form and no other"),
    ]
    """Crockford base-32 characters before the check character; five bits each."""
    lookup_per_minute: Count
    """Look-ups by id that one caller may make; the rate class `lookup` may not be wider."""


class Messages(_Section):
    """Judgement: no clause gives numbers."""

    recall_seconds: Count
    """How long the sender may take a message back: content gone, fact kept."""
    text_max_chars: Annotated[int, Field(ge=1), Maximum(4000, why="the wire carries no longer text")]
    """Characters after NFC."""
    history_page_max: Annotated[int, Field(ge=1), Maximum(500, why="the wire asks for no longer page")]
    recent_in_snapshot: Count
    """Messages that a snapshot carries for each group."""


class NameLengths(_Section):
    """Longest allowed names in characters. Clause: SA-05.4a."""

    handle: Annotated[int, Field(ge=1), Maximum(24, why=_WIRE_NAME)]
    group_name: Annotated[int, Field(ge=1), Maximum(40, why=_WIRE_NAME)]
    nickname: Annotated[int, Field(ge=1), Maximum(24, why=_WIRE_NAME)]
    introduction: Annotated[int, Field(ge=1), Maximum(300, why=_WIRE_NAME)]


class Naming(_Section):
    """Clause: SA-05.4a."""

    max_len: NameLengths


class Roles(_Section):
    """Clause: CG-08.8."""

    labels: Annotated[
        Mapping[RoleName, str],
        AfterValidator(MappingProxyType),
        PlainSerializer(dict, return_type=dict[str, str]),
    ]
    """Text shown beside each name; text, never colour alone."""

    @model_validator(mode="after")
    def _every_role_has_its_own_label(self) -> Self:
        missing = [role for role in get_args(RoleName) if not self.labels.get(role, "").strip()]
        if missing:
            raise refusal(f"has no text for {', '.join(missing)}", "CG-08.8", "labels")
        if len(set(self.labels.values())) != len(self.labels):
            raise refusal("gives two roles the same text", "CG-08.8", "labels")
        return self


class Logs(_Section):
    """Clauses: SA-05.3, SA-05.3c, SA-05.3d."""

    operations: Annotated[
        tuple[str, ...],
        Includes(LOG_OPERATIONS, clause="SA-05.3c"),
        OnlyFrom(LOG_OPERATIONS, clause="SA-05.3c"),
    ]
    trusted_proxies: tuple[str, ...]
    """Networks whose forwarded addresses are believed, as `10.0.0.0/8`; from anyone else they are ignored."""

    @model_validator(mode="after")
    def _proxies_are_networks(self) -> Self:
        for proxy in self.trusted_proxies:
            try:
                network = ipaddress.ip_network(proxy)
            except ValueError as error:
                raise refusal(str(error), "SA-05.3d", "trusted_proxies") from None
            if network.prefixlen == 0:
                raise refusal(f"{proxy} would trust everybody", "SA-05.3d", "trusted_proxies")
        return self


class Retention(_Section):
    """Clause: CG-13.2. A floor by law, and a hard maximum so that the floor never means for ever."""

    log_min_days: Annotated[int, Floor(184, clause="CG-13.2", why="the longest run of six calendar months")]
    log_purge_days: Count
    log_hard_max_days: Annotated[int, Maximum(365, clause="CG-13.2", why="a floor must not mean for ever")]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.log_min_days <= self.log_purge_days <= self.log_hard_max_days:
            text = f"{self.log_purge_days} is not between log_min_days and log_hard_max_days"
            raise refusal(text, "CG-13.2", "log_purge_days")
        return self


class Sessions(_Section):
    """Judgement: no clause gives numbers."""

    lifetime_days: Count
    """Days without use after which a session ends."""
    max_per_account: Count


class Login(_Section):
    """Judgement. Bounds what guessing a password costs, and what checking one may cost the server."""

    attempts_burst: Count
    attempts_per_minute: Count
    hash_parallel: Count
    """Password hashes computed at once; each takes a core and tens of megabytes."""
    hash_queue: Count
    """Hashes that may wait; beyond it the answer is `overloaded`."""


class Resume(_Section):
    """Judgement."""

    replay_limit_events: Count
    """Missed events of one stream that are replayed; beyond it the client gets a snapshot."""


class Rate(_Section):
    """A token bucket: `burst` at once, then `per_minute` in steady flow."""

    burst: Count
    per_minute: Annotated[int, Field(ge=1), Maximum(60_000_000, why="one a microsecond is no limit at all")]


class Connection(_Section):
    """Judgement. What one connection may cost the others."""

    max_frame_bytes: Annotated[int, Floor(49_152, why="4000 escaped characters must fit in one frame")]
    max_batch: Annotated[int, Field(ge=1), Maximum(50, why="the wire carries no longer batch")]
    max_depth: Annotated[int, Floor(6, why="a batch of ordinary calls nests this deep")]
    outbox_max_bytes: Bytes
    """Bytes that may wait for a slow reader before its connection closes with 4008."""
    in_flight_max: Count
    """Requests read from one connection and not yet answered."""
    idle_seconds: Count
    max_total: Count
    """Connections of everybody together; beyond it a handshake is answered 503."""

    @model_validator(mode="after")
    def _one_frame_fits_the_outbox(self) -> Self:
        if self.outbox_max_bytes < self.max_frame_bytes:
            raise refusal("is smaller than one frame of max_frame_bytes", None, "outbox_max_bytes")
        return self


class Policy(_Section):
    """The effective policy: a profile with overrides applied, checked and frozen.

    To vary it, load it again with overrides: `model_copy(update=...)` would skip the bounds.
    """

    agreement: Agreement
    rules: Rules
    identity: Identity
    profile: Profile
    caps: Caps
    groups: Groups
    group_id: GroupIdentifier
    messages: Messages
    naming: Naming
    roles: Roles
    logs: Logs
    retention: Retention
    sessions: Sessions
    login: Login
    resume: Resume
    rates: Annotated[
        Mapping[RateClass, Rate],
        AfterValidator(MappingProxyType),
        PlainSerializer(dict, return_type=dict[str, Rate]),
    ]
    """One bucket size for each rate class; exactly the classes that verbs name."""
    connection: Connection

    @model_validator(mode="after")
    def _rates_are_complete(self) -> Self:
        missing = [name for name in RATE_CLASSES if name not in self.rates]
        if missing:
            raise refusal(f"has no {', '.join(missing)}", None, "rates")
        if self.rates["lookup"].per_minute > self.group_id.lookup_per_minute:
            raise refusal("per_minute is above group_id.lookup_per_minute", "CG-08.4", "rates.lookup")
        return self
