"""What went wrong, in the reader's language: a sentence for each error type of the contract. Catches nothing.

The server's own ``message`` is the fallback, so that an error of a newer server still says something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Final

from client_tui.i18n import N_, _


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is not a result, as the contract gives it; ``type`` decides the words."""

    type: str
    message: str = ""
    """The server's words."""
    clause: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


LOST: Final = "connection_lost"
"""Not of the contract: the connection went before the answer came."""
OFFLINE: Final = "offline"
"""Not of the contract: there was no connection to ask through."""

REVOKED: Final = "session_revoked"
"""Not of the contract: this device was logged out from elsewhere."""
GONE: Final = "server_gone"
"""Not of the contract: the server was this program's own, and its process has ended."""
UNSUPPORTED: Final = "unsupported_version"
"""Not of the contract: the server closed because it speaks another version."""

WORDS: Final[Mapping[str, str]] = {
    "parse_error": N_("The server could not read what this client sent. That is a bug here."),
    "invalid_request": N_("The server could not read what this client sent. That is a bug here."),
    "unknown_verb": N_("This server does not know how to do that: it may be older than this client."),
    "invalid_params": N_("Something in what you entered does not fit."),
    "group_id_mistyped": N_("That group id is mistyped: its last character does not fit the others."),
    "batch_too_large": N_("Too much at once."),
    "wrong_state": N_("That does not fit at this moment. Try again."),
    "login_required": N_("Log in first."),
    "bad_credentials": N_("Name and password do not fit together."),
    "session_expired": N_("This log-in is over. Log in again."),
    "permission_denied": N_("You may not do this."),
    "identity_required": N_("Verify an identity first. Nobody in any group ever sees it."),
    "role": N_("Your role in this group does not allow this."),
    "owner_cannot_leave": N_("You own this group: hand it over before you leave, or be the last to go."),
    "recall_window_closed": N_("The time in which this message could be recalled is over."),
    "group_not_found": N_("There is no such group, or it is not one you can see."),
    "message_not_found": N_("There is no such message, or it is not one you can see."),
    "member_not_found": N_("There is no such member in this group."),
    "session_not_found": N_("That device is not logged in any more."),
    "text_not_found": N_("There is no such document or version."),
    "idempotency_mismatch": N_("This was already sent with other content. Send it again."),
    "handle_taken": N_("Someone already goes by that handle. Choose another."),
    "already_member": N_("You are already in this group."),
    "already_verified": N_("Your identity is already verified."),
    "group_closed": N_("This group is closed."),
    "too_large": N_("That is longer than the limit."),
    "cap_members": N_("This group is full."),
    "cap_created": N_("You own as many groups as you may."),
    "cap_joined": N_("You are in as many groups as you may. Leaving one frees a place at once."),
    "cap_sessions": N_("Too many devices are logged in. Log one of them out first."),
    "agreement_required": N_("Read and accept the current agreement first (menu, My agreement)."),
    "real_id_refused": N_("This teaching server takes synthetic identities only. Nothing was kept."),
    "id_invalid": N_("These details do not check out. Nothing was kept."),
    "identity_cap": N_("This identity already stands behind as many accounts as it may."),
    "identity_cooldown": N_("Too many failed tries. Wait before the next one."),
    "name_confirm": N_("That name is close to your verified name. Choose another, or confirm it."),
    "category": N_("This server does not offer that category."),
    "handle_changes": N_("You changed your handle as often as the period allows."),
    "rate_limited": N_("Too fast."),
    "overloaded": N_("The server is busy. Try again shortly."),
    "shutting_down": N_("The server is stopping. Try again shortly."),
    "read_only": N_("The server cannot write at the moment."),
    "internal": N_("Something went wrong on the server, and was logged there."),
    GONE: N_("The demo's server has ended; quit with Ctrl+Q."),
    LOST: N_("The connection was lost before the answer came. Sending again cannot post it twice."),
    REVOKED: N_("This device was logged out from another one."),
    UNSUPPORTED: N_("This server and this client do not speak the same version."),
    OFFLINE: N_("Not connected. What you wrote stays here."),
}


def words(refusal: Refusal) -> str:
    """The sentence for a refusal, with numbers, wait, incident and clause where there are any."""
    known = WORDS.get(refusal.type)
    said = refusal.message or refusal.type if known is None else _with_numbers(_(known), refusal.details)
    parts = [said]
    if isinstance(wait_ms := refusal.details.get("retry_after_ms"), int | float):
        parts.append(_("Wait {seconds} s.").format(seconds=max(1, ceil(wait_ms / 1000))))
    if incident := refusal.details.get("incident"):
        parts.append(_("Incident {number}.").format(number=incident))
    if refusal.clause:
        parts.append(f"({refusal.clause})")
    return " ".join(parts)


def _with_numbers(sentence: str, details: Mapping[str, Any]) -> str:
    """``sentence`` with the limit, and how much there is of it, before the first full stop."""
    limit, current = details.get("limit"), details.get("current")
    if not isinstance(limit, int):
        return sentence
    numbers = (
        _(" ({current} of {limit})").format(current=current, limit=limit)
        if isinstance(current, int)
        else _(" (limit {limit})").format(limit=limit)
    )
    stop = next((at for at, char in enumerate(sentence) if char in ".。"), len(sentence))
    return sentence[:stop] + numbers + sentence[stop:]


def at_fault(refusal: Refusal) -> frozenset[str]:
    """The parameters that ``invalid_params`` names, by their outermost field."""
    fields = refusal.details.get("fields", ())
    return frozenset(
        str(fault["at"]).split(".")[0] for fault in fields if isinstance(fault, dict) and "at" in fault
    )
