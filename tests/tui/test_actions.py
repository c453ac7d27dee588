"""One table of actions: what it promises, screens keep; what screens do, it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.binding import Binding

import client_tui
from client_tui import i18n
from client_tui.actions import ACTIONS, PLACES, Place, as_markdown, bindings, key_name, keys_in_words, of
from client_tui.app import QunzuApp
from client_tui.screens.form import Form
from client_tui.screens.help import help_text
from client_tui.screens.main import MainScreen
from client_tui.screens.reader import ReaderScreen
from client_tui.topics import TOPICS
from client_tui.widgets.about_pane import AboutScroll
from client_tui.widgets.document_view import DocumentView
from client_tui.widgets.group_pane import GroupList
from client_tui.widgets.key_hints import hints
from client_tui.widgets.talk_view import TalkView
from policies.loader import load_catalogue

DOERS: dict[Place, type] = {
    "everywhere": QunzuApp,
    "main": MainScreen,
    "talk": TalkView,
    "groups": GroupList,
    "about": AboutScroll,
    "form": Form,
    "reader": ReaderScreen,
    "document": DocumentView,
}


def test_every_action_is_done_by_the_screen_or_widget_of_its_place() -> None:
    for action in ACTIONS:
        if not action.own:
            assert hasattr(DOERS[action.where], f"action_{action.id}"), action.id


def test_every_action_that_has_no_key_is_in_the_menu() -> None:
    assert [action.id for action in ACTIONS if not action.keys and not action.menu] == []


def test_no_key_means_two_things_in_one_place() -> None:
    for place in PLACES:
        keys = [key for action in of(place) for key in action.keys]
        # Escape and Enter may belong to a text field and to the screen round it; not twice to one place.
        assert len(keys) == len(set(keys)), place


@pytest.mark.parametrize(("place", "doer"), DOERS.items())
def test_bindings_come_from_the_table_alone(place: Place, doer: type) -> None:
    wanted = {binding.key for binding in bindings(place) if isinstance(binding, Binding)}
    bound = {binding.key for binding in doer.BINDINGS if isinstance(binding, Binding)}  # type: ignore[attr-defined]
    assert wanted <= bound
    table = {key for action in ACTIONS for key in action.keys}
    assert bound <= table


def test_the_footer_shows_only_what_the_table_has() -> None:
    shown = hints("composer", ("main", "everywhere"))
    assert [action.id for action in shown][:2] == ["send", "new_line"]
    assert all(action in ACTIONS for action in shown)
    assert "why" not in [action.id for action in shown]  # a question mark is text there


@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_the_help_screen_has_every_action_of_the_table(locale: str) -> None:
    i18n.use("zh" if locale == "zh" else "en")
    page = help_text("talk", "talk")
    for action in ACTIONS:
        assert i18n._(action.help) in page
        assert not action.keys or keys_in_words(action.keys) in page
    assert page.index(i18n._(PLACES["talk"])) < page.index(i18n._(PLACES["main"]))
    i18n.use("en")


def test_the_readme_has_the_table_as_it_is() -> None:
    readme = (Path(client_tui.__file__).parent / "README.md").read_text("utf-8")
    between = re.search(r"<!-- made by .*? -->\n(.*?)\n<!-- end -->", readme, re.DOTALL)
    assert between is not None
    assert between[1].strip() == as_markdown().strip()


def test_every_clause_that_is_named_exists() -> None:
    known = load_catalogue()
    named = {clause for action in ACTIONS for clause in action.clauses}
    named |= {clause for topic in TOPICS.values() for clause in topic.clauses}
    assert [clause for clause in named if clause not in known] == []


@pytest.mark.parametrize(("key", "name"), [
    ("ctrl+n", "Ctrl+N"), ("f10", "F10"), ("r", "r"), ("question_mark", "?"), ("alt+up", "Alt+↑"),
])  # fmt: skip
def test_keys_are_named_as_keyboards_name_them(key: str, name: str) -> None:
    assert key_name(key) == name
