"""Who is meant by an ``@`` in a text, and who could be meant while it is being typed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from client_tui.talks import roster
from server.wire.models import Member
from server.wire.text import folded
from server.wire.vocabulary import MemberRef

MOST_MENTIONS: Final = 50  # what the contract allows in one message
_MOST_OFFERED: Final = 6


def query_before(text: str) -> str | None:
    """The beginning of a name after the last ``@`` of the text before the caret; None outside a mention.

    Names may hold blanks, so a query ends only at a line end; but it must begin at the ``@``.
    """
    at = text.rfind("@")
    if at < 0:
        return None
    query = text[at + 1 :]
    return None if "\n" in query or query.startswith(" ") or len(query) > 24 else query


def candidates(query: str, members: Mapping[MemberRef, Member], me: MemberRef) -> list[Member]:
    """Members whose name begins with the query, then those whose name holds it; not oneself."""
    wanted = folded(query)
    others = [member for member in roster(members) if member.ref != me]
    begins = [member for member in others if folded(member.nickname).startswith(wanted)]
    holds = [member for member in others if wanted in folded(member.nickname) and member not in begins]
    return (begins + holds)[:_MOST_OFFERED]


def mentioned_in(
    text: str, members: Mapping[MemberRef, Member], chosen: Sequence[MemberRef]
) -> tuple[MemberRef, ...]:
    """Whom ``@nickname`` in the text means. Of several with one nickname, the one picked from the list."""
    found: dict[int, Member] = {}
    for member in sorted(members.values(), key=lambda one: (one.ref in chosen, len(one.nickname))):
        for place in _places(text, f"@{member.nickname}"):
            found[place] = member  # a longer name, or the chosen one, overrides
    taken_to = -1
    refs: dict[MemberRef, None] = {}
    for place in sorted(found):
        if place > taken_to:
            refs[found[place].ref] = None
            taken_to = place + len(found[place].nickname)
    return tuple(refs)[:MOST_MENTIONS]


def spans(text: str, names: Iterable[str]) -> list[tuple[int, int]]:
    """Where ``@name`` stands in the text, for marking; longest names first, without overlaps."""
    taken: list[tuple[int, int]] = []
    for name in sorted(set(names), key=len, reverse=True):
        for start in _places(text, f"@{name}"):
            end = start + len(name) + 1
            if all(end <= other_start or start >= other_end for other_start, other_end in taken):
                taken.append((start, end))
    return sorted(taken)


def _places(text: str, needle: str) -> list[int]:
    places, start = [], text.find(needle)
    while start >= 0:
        places.append(start)
        start = text.find(needle, start + 1)
    return places
