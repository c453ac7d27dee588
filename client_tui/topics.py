"""Why a thing is on the screen: one topic for each thing one can stand on, with the clauses behind it.

``?`` on anything finds the topic of what has the focus. The sentences are ours; the catalogue of clauses is
in ``policies/``, and this client names only their ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from client_tui.i18n import N_
from policies.model import ClauseId


@dataclass(frozen=True, slots=True)
class Topic:
    """``title`` and ``text`` are sentences of the catalogue. No clauses: our own idea of a good tool."""

    title: str
    text: str
    clauses: tuple[ClauseId, ...] = ()


def _topic(title: str, text: str, *clauses: str) -> Topic:
    return Topic(title, text, tuple(ClauseId(clause) for clause in clauses))


TOPICS: Final[Mapping[str, Topic]] = {
    "language": _topic(
        N_("The language"),
        N_("Rules and agreement exist in both languages, and what you accept is the text you were shown."),
        "CG-05.4",
    ),
    "document": _topic(
        N_("A document"),
        N_("Rules are public: anybody can read them without logging in, in every version, with number, "
           "date and digest."),
        "CG-05.3", "CG-05.4",
    ),
    "agreement": _topic(
        N_("Accepting the agreement"),
        N_("Before an account exists and before any identity is asked for, the agreement is shown and "
           "you accept it yourself. Nothing is ticked for you. What is recorded: version, digest, "
           "language, time."),
        "CG-05.4",
    ),
    "consent": _topic(
        N_("An optional consent"),
        N_("It stands apart from the agreement, is not ticked for you, and refusing it costs you "
           "nothing."),
        "CG-05.4", "CG-06.4",
    ),
    "handle": _topic(
        N_("Your handle"),
        N_("The name others may see is your choice. The field is empty on purpose: it is never filled "
           "from your verified name. In each group you may go by another name, and two groups cannot "
           "tell that both are you."),
        "CG-06.2",
    ),
    "password": _topic(
        N_("The password"),
        N_("The server keeps a slow, salted hash of it, and of a log-in only a digest of its token."),
        "CG-06.4",
    ),
    "identity": _topic(
        N_("Verifying an identity"),
        N_("Whoever publishes has to be verified backstage. The details go into a sealed vault; outside "
           "it there is only: verified, how, and when. Nobody in any group sees them, and this teaching "
           "server refuses every number that could be real."),
        "CG-06.1", "CG-06.2", "CG-06.3",
    ),
    "lock": _topic(
        N_("Why you cannot post yet"),
        N_("Without a verified identity one can read rules and look after one's own data, but not "
           "publish, create or join. Rights and remedies never depend on it."),
        "CG-06.3", "INV-10",
    ),
    "groups": _topic(
        N_("Your groups"),
        N_("Each line shows the group's id and your own role beside its name. The number on the right "
           "counts messages that you have not read. How many groups one may be in and own is limited."),
        "CG-08.2", "CG-08.3", "CG-08.4", "CG-08.8",
    ),
    "header": _topic(
        N_("The head of the talk"),
        N_("Name, id, and how many of the places are taken. The id never changes and is never used "
           "again."),
        "CG-08.1", "CG-08.4",
    ),
    "talk": _topic(
        N_("The talk"),
        N_("Beside each name stands the person's role in this group, as it is now. A message can be "
           "recalled by its sender for a short time: the content is gone, the fact stays. Each operation"
           " leaves a log row without the text."),
        "CG-08.8", "SA-05.3",
    ),
    "composer": _topic(
        N_("Where you write"),
        N_("Only somebody with a verified identity may publish. What you write is kept for each group "
           "until it is on the server's disk; if it cannot be sent, it comes back here with the reason."),
        "CG-06.3", "SA-05.3",
    ),
    "about": _topic(
        N_("About this group"),
        N_("Its id, what it is for, how many may be in it, and who is in it with which role. Nobody "
           "outside sees the members."),
        "CG-08.1", "CG-08.4", "CG-08.5", "CG-08.8",
    ),
    "join": _topic(
        N_("Joining by id"),
        N_("The last character of an id checks the others, so a slip is seen here, before anybody looks "
           "it up. A group that does not exist and one that is hidden get the same answer."),
        "CG-08.1", "CG-08.3", "CG-08.4", "INV-13",
    ),
    "create": _topic(
        N_("Creating a group"),
        N_("You become its owner. How many groups one may own and how many members one may have are "
           "limited. The new group gets an id that says nothing about you or the day."),
        "CG-08.1", "CG-08.2", "CG-08.4",
    ),
    "receipt": _topic(
        N_("The receipt"),
        N_("A new group's id is shown in full when it is created, so that you can pass it on."), "CG-08.4",
    ),
    "nickname": _topic(
        N_("Your name in this group"),
        N_("Each group may know you by another name. Brackets are kept for role labels, so that no name "
           "can pretend to a role."),
        "CG-06.2", "CG-08.8",
    ),
    "leave": _topic(
        N_("Leaving"),
        N_("You may leave at any time, verified or not, and your place is free at once. The id of a "
           "group that is empty is never used again."),
        "CG-08.3", "CG-08.4",
    ),
    "sessions": _topic(
        N_("Your devices"),
        N_("Each log-in is a device. Logging one out takes effect at once."), "CG-06.4",
    ),
    "menu": _topic(N_("The menu"), N_("Everything one can do here, each with its key.")),
    "notice": _topic(
        N_("Who can read what"),
        N_("This program has to say plainly that messages are not end-to-end encrypted, who can read "
           "what, and for how long."),
        "INV-14",
    ),
}  # fmt: skip
