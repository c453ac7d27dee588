"""Everything one can do, as one table: footer, help screen, menu, key bindings and README come from it.

An action that is not here has no key; a key that is not here does nothing. Knows no screen: a screen or
widget asks for the bindings of its place and has a method ``action_<id>`` for each.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from textual.binding import Binding, BindingType

from client_tui.i18n import N_
from policies.model import ClauseId

Place = Literal[
    "everywhere", "main", "composer", "groups", "talk", "about", "form", "tick", "document", "reader"
]

PLACES: Final[dict[Place, str]] = {
    "everywhere": N_("Everywhere"),
    "main": N_("Among the groups"),
    "composer": N_("While writing"),
    "talk": N_("In the talk"),
    "groups": N_("In the list of groups"),
    "about": N_("In the pane about this group"),
    "form": N_("In a form"),
    "tick": N_("On a box to tick"),
    "document": N_("In a document"),
    "reader": N_("Among the documents"),
}


@dataclass(frozen=True, slots=True)
class Action:
    """``label`` and ``help`` are sentences of the catalogue. ``hint``: worth a place in the footer.

    ``own``: the widget that has the focus does it by itself (a list moves its cursor); no binding is made.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    where: Place
    clauses: tuple[ClauseId, ...] = ()
    hint: bool = False
    menu: bool = False
    own: bool = False


def _clauses(*ids: str) -> tuple[ClauseId, ...]:
    return tuple(ClauseId(id_) for id_ in ids)


ACTIONS: Final[tuple[Action, ...]] = (
    # everywhere
    Action(
        "help", ("f1",), N_("Help"),
        N_("What you are looking at, which clause put it there, and every key."),
        "everywhere", hint=True, menu=True,
    ),
    Action(
        "rules", ("f7",), N_("Rules"),
        N_("Read the rules, the convention, the agreement and the notices."),
        "everywhere", _clauses("CG-05.3", "CG-05.4"), menu=True,
    ),
    Action(
        "notice", ("f8",), N_("Who can read what"),
        N_("What is encrypted and what is not, who can read what, and for how long; what this program is."),
        "everywhere", _clauses("INV-14"), menu=True,
    ),
    Action("quit", ("ctrl+q",), N_("Quit"), N_("Leave this program."), "everywhere", menu=True),
    # main
    Action(
        "write", ("escape",), N_("Write"), N_("Go to the line where you write."), "main",
    ),
    Action(
        "groups", ("f2", "ctrl+g"), N_("Groups"), N_("Go to your groups; once more hides them."),
        "main", hint=True,
    ),
    Action(
        "talk", ("f3", "ctrl+t"), N_("Talk"), N_("Go to the messages: reply, recall, read back."),
        "main", hint=True,
    ),
    Action(
        "about", ("f4", "ctrl+b"), N_("About"),
        N_("Go to the pane about this group: its id and its members; once more hides it."),
        "main", _clauses("CG-08.4", "CG-08.8"), hint=True,
    ),
    Action("previous_group", ("alt+up",), N_("Previous group"), N_("Open the group above."), "main"),
    Action("next_group", ("alt+down",), N_("Next group"), N_("Open the group below."), "main"),
    Action(
        "create_group", ("ctrl+n",), N_("New group"), N_("Create a group and become its owner."),
        "main", _clauses("CG-08.2", "CG-08.4"), menu=True,
    ),
    Action(
        "join_group", ("ctrl+o",), N_("Join a group"), N_("Join a group by its id."),
        "main", _clauses("CG-08.1", "CG-08.3", "CG-08.4"), menu=True,
    ),
    Action(
        "nickname", ("f5",), N_("My name here"), N_("Go by another name in this group."),
        "main", _clauses("CG-06.2"), menu=True,
    ),
    Action(
        "leave_group", ("ctrl+l",), N_("Leave this group"), N_("Leave the open group."),
        "main", _clauses("CG-08.3"), menu=True,
    ),
    Action(
        "verify", ("f6",), N_("Verify"), N_("Prove an identity backstage, so that you may post."),
        "main", _clauses("CG-06.1", "CG-06.3"), menu=True,
    ),
    Action(
        "sessions", ("f9",), N_("My devices"), N_("See where you are logged in, and log a device out."),
        "main", _clauses("CG-06.4"), menu=True,
    ),
    Action(
        "password", (), N_("Change password"), N_("Choose another password."),
        "main", _clauses("CG-06.4"), menu=True,
    ),
    Action(
        "log_out", (), N_("Log out"), N_("End this log-in on the server, and begin anew here."),
        "main", menu=True,
    ),
    Action(
        "agreement", (), N_("My agreement"),
        N_("Read the agreement as it now stands, accept it, give or withdraw a consent."),
        "main", _clauses("CG-05.4"), menu=True,
    ),
    Action(
        "menu", ("f10", "ctrl+p"), N_("Menu"), N_("Everything one can do, as a list."),
        "main", hint=True,
    ),
    # while writing
    Action(
        "send", ("enter",), N_("Send"), N_("Send what you wrote."),
        "composer", _clauses("CG-06.3"), hint=True, own=True,
    ),
    Action(
        "new_line", ("ctrl+j",), N_("New line"), N_("Begin another line of the same message."),
        "composer", hint=True, own=True,
    ),
    Action(
        "mention", ("@",), N_("Mention"),
        N_("Offers the members; Up, Down and Enter choose one, Escape closes the list."),
        "composer", _clauses("CG-08.8"), own=True,
    ),
    Action(
        "no_reply", ("escape",), N_("No reply"), N_("Write a message of its own instead of a reply."),
        "composer", own=True,
    ),
    # in the talk
    Action(
        "choose", ("up", "down"), N_("Choose"), N_("Choose a message; at the top, older ones are loaded."),
        "talk", hint=True, own=True,
    ),
    Action("reply", ("r", "enter"), N_("Reply"), N_("Answer the chosen message."), "talk", hint=True),
    Action(
        "recall", ("x", "delete"), N_("Recall"),
        N_("Take your own recent message back: the content goes, the fact stays."),
        "talk", _clauses("SA-05.3"), hint=True,
    ),
    Action("copy_text", ("c",), N_("Copy"), N_("Copy the text of the chosen message."), "talk", hint=True),
    Action(
        "end", ("end",), N_("Newest"), N_("Go to the newest message and follow the talk."), "talk", own=True
    ),
    # outside text fields
    Action(
        "copy_id", ("y",), N_("Copy id"), N_("Copy the id of the group."),
        "main", _clauses("CG-08.4"),
    ),
    Action(
        "why", ("question_mark",), N_("Why?"),
        N_("Says of what you are looking at which clause put it there."), "everywhere", hint=True,
    ),
    # in the list of groups
    Action("open", ("enter",), N_("Open"), N_("Open the chosen group."), "groups", hint=True, own=True),
    # in the pane about this group
    Action(
        "scroll", ("up", "down"), N_("Scroll"), N_("Move through the pane."), "about", hint=True, own=True
    ),
    # in a form
    Action(
        "next_field", ("tab",), N_("Next"), N_("Go to the next field; Shift+Tab goes back."),
        "form", hint=True, own=True,
    ),
    Action(
        "submit", ("enter",), N_("Go on"), N_("Go to the next empty field; from the last one, finish."),
        "form", hint=True,
    ),
    Action("cancel", ("escape",), N_("Back"), N_("Close without doing anything."), "form", hint=True),
    # on a box to tick
    Action(
        "tick", ("space",), N_("Tick"), N_("Tick the box, or take the tick away; Enter only goes on."),
        "tick", _clauses("CG-05.4"), hint=True, own=True,
    ),
    # in a document
    Action(
        "read_on", ("space", "pagedown"), N_("Read on"), N_("The next page; Page Up goes back."),
        "document", hint=True, own=True,
    ),
    # among the documents
    Action(
        "turn", ("left", "right"), N_("Other document"), N_("Turn to the next document."),
        "reader", _clauses("CG-05.3"), hint=True, own=True,
    ),
    Action(
        "other_version", ("v",), N_("Other version"), N_("The version before this one."),
        "reader", _clauses("CG-05.3"), hint=True,
    ),
    Action(
        "what_changed", ("d",), N_("What changed"),
        N_("Compare with the version before; once more goes back."),
        "reader", _clauses("CG-05.3"), hint=True,
    ),
    Action("cancel", ("escape",), N_("Back"), N_("Close the documents."), "reader", hint=True),
)  # fmt: skip


def of(place: Place) -> tuple[Action, ...]:
    return tuple(action for action in ACTIONS if action.where == place)


def bindings(*places: Place) -> list[BindingType]:
    """The key bindings of these places. Function and control keys go before what a text field does."""
    return [
        _binding(action, key)
        for place in places
        for action in of(place)
        if not action.own
        for key in action.keys
    ]


def _beats_text_fields(key: str) -> bool:
    return key.startswith(("ctrl+", "alt+")) or (key[0] == "f" and key[1:].isdigit())


def _binding(action: Action, key: str) -> Binding:
    # What is the same everywhere is the app's; a screen must still name it, or a dialog would cut it off.
    name = f"app.{action.id}" if action.where == "everywhere" else action.id
    # Enter in a form goes first too, so that it is done before the keys that were typed after it.
    first = _beats_text_fields(key) or (action.where == "form" and key == "enter")
    return Binding(key, name, action.label, show=False, priority=first)


_KEY_NAMES: Final = {
    "escape": "Esc", "question_mark": "?", "delete": "Del",
    "up": "↑", "down": "↓", "left": "←", "right": "→", "pagedown": "PgDn",
}  # fmt: skip


def key_name(key: str) -> str:
    """A key as a keyboard prints it: ``ctrl+n`` is ``Ctrl+N``; a lone letter is pressed without Shift."""
    if key in _KEY_NAMES:
        return _KEY_NAMES[key]
    if len(key) == 1:
        return key
    return "+".join(_KEY_NAMES.get(part) or part.capitalize() for part in key.split("+"))


def keys_in_words(keys: Iterable[str]) -> str:
    return " ".join(key_name(key) for key in keys)


def as_markdown() -> str:
    """The table of keys for the README; a test compares the two."""
    lines = ["| where | key | what it does | clauses |", "|---|---|---|---|"]
    for place, title in PLACES.items():
        for action in of(place):
            keys = " ".join(f"`{key_name(key)}`" for key in action.keys) or "menu"
            clauses = ", ".join(action.clauses)
            lines.append(f"| {title} | {keys} | **{action.label}**: {action.help} | {clauses} |")
    return "\n".join(lines) + "\n"
