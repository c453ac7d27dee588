"""Words for the closed lists of the wire: roles, categories, methods, states. Knows no person and no group.

A role label is the same in both languages and always text, never colour alone (CG-08.8). Names cannot
carry its brackets (``server.wire.text``), so a label cannot be forged. The server's policy says what the
labels are (``server.about``); until it has said so, those of the shipped policies stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from client_tui.i18n import N_, _
from policies.model import GroupCategory
from server.wire.verbs.identity import OtherDocument
from server.wire.vocabulary import Level, Method, Role

SHIPPED_LABELS: Final[Mapping[Role, str]] = {
    "owner": "[群主 owner]",
    "admin": "[管理 admin]",
    "member": "[成员 member]",
}
_labels: Mapping[Role, str] = SHIPPED_LABELS
GONE_LABEL: Final = "[已退 left]"
"""For somebody who spoke and is no longer in the group: no role is theirs any more."""

CATEGORIES: Final[Mapping[GroupCategory, str]] = {
    "family_friends": N_("family and friends"),
    "hobby": N_("hobby"),
    "study": N_("study"),
    "work": N_("work"),
    "neighbourhood": N_("neighbourhood"),
    "commerce": N_("buying and selling"),
    "public_interest": N_("public interest"),
    "information": N_("information"),
    "other": N_("other"),
}
METHODS: Final[Mapping[Method, str]] = {
    "resident_id": N_("resident identity number"),
    "other_document": N_("another document"),
}
DOCUMENTS: Final[Mapping[OtherDocument, str]] = {
    "hk_macao_permit": N_("Hong Kong and Macao permit"),
    "taiwan_permit": N_("Taiwan permit"),
    "foreign_pr_card": N_("permanent residence card"),
    "passport": N_("passport"),
}
LEVELS: Final[Mapping[Level, str]] = {"basic": N_("basic"), "strong": N_("strong")}


def use_role_labels(labels: Mapping[Role, str]) -> None:
    """Show these from now on; a role that is missing keeps its shipped label."""
    global _labels
    _labels = {**SHIPPED_LABELS, **labels}


def role_label(role: Role | None) -> str:
    """The label beside a name: the role now, or that the person has left."""
    return GONE_LABEL if role is None else _labels[role]


def category_word(category: str) -> str:
    """A category in words; one that a newer server added is shown as it came."""
    known = {str(key): words for key, words in CATEGORIES.items()}
    return _(known[category]) if category in known else category
