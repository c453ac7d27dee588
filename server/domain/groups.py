"""Founding, joining and leaving groups: the caps of CG-08.1 to CG-08.3, and no group an orphan."""

from __future__ import annotations

from policies.model import ClauseId, Policy
from server.domain.facts import MemberFacts, Roster
from server.wire.errors import Conflict, NotFound, Refused, TooMuch


def cap_of_new_group(wanted: int | None, policy: Policy) -> int:
    """The member cap a new group gets: the founder's wish, never above the platform's (CG-08.1)."""
    most = policy.caps.group_members
    if wanted is not None and wanted > most:
        raise TooMuch(
            "cap_members",
            "No group may be that large.",
            clause=ClauseId("CG-08.1"),
            policy={"caps.group_members": most},
            limit=most,
        )
    return most if wanted is None else wanted


def check_may_found(owned: int, joined: int, policy: Policy) -> None:
    """Raise when ``owned`` groups are as many as one may own (CG-08.2); founding is joining (CG-08.3)."""
    most = policy.caps.created_absolute
    if owned >= most:
        raise TooMuch(
            "cap_created",
            clause=ClauseId("CG-08.2"),
            policy={"caps.created_absolute": most},
            limit=most,
            current=owned,
        )
    _check_room_for_one_more(joined, policy)


def check_may_join(roster: Roster | None, joined: int, already: bool, policy: Policy) -> Roster:
    """The roster to join, or the reason why not. An unknown group and a closed one answer alike to outsiders.

    ``joined`` counts the caller's groups, ``already`` says that this is one of them.
    """
    if roster is None or (roster.group.status == "closed" and not already):
        raise NotFound("group_not_found", clause=ClauseId("INV-13"))
    if already:
        raise Conflict("already_member", clause=ClauseId("CG-08.7"))
    if len(roster.members) >= roster.group.cap:
        raise TooMuch(
            "cap_members",
            clause=ClauseId("CG-08.1"),
            policy={"group.cap": roster.group.cap},
            limit=roster.group.cap,
            current=len(roster.members),
        )
    _check_room_for_one_more(joined, policy)
    return roster


def leaving_closes_group(roster: Roster, leaver: MemberFacts) -> bool:
    """Whether the group ends with this leave. Raises when an owner would leave others without one."""
    if leaver.role != "owner":
        return False
    if len(roster.members) > 1:
        raise Refused(
            "owner_cannot_leave",
            clause=ClauseId("CG-09.1"),
            reason="a group always has exactly one owner",
            members=len(roster.members),
        )
    return True


def _check_room_for_one_more(joined: int, policy: Policy) -> None:
    most = policy.caps.joined_absolute
    if joined >= most:
        raise TooMuch(
            "cap_joined",
            clause=ClauseId("CG-08.3"),
            policy={"caps.joined_absolute": most},
            limit=most,
            current=joined,
        )
