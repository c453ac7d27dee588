"""The catalogue is in step with the sources, complete, and says the same with the same placeholders."""

from __future__ import annotations

import ast
import gettext
import io
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from client_tui import i18n
from client_tui.refusals import WORDS, Refusal, at_fault, words
from server.wire.errors import type_names

CLIENT = Path(i18n.__file__).parent
PO = i18n.FOLDER / "zh" / "LC_MESSAGES" / f"{i18n.DOMAIN}.po"


def sources() -> Iterator[Path]:
    return (path for path in CLIENT.rglob("*.py") if "sdk" not in path.relative_to(CLIENT).parts)


def sentences() -> set[str]:
    """Every sentence of the sources, by reading the syntax: also what sits where extractors do not look."""
    found = set()
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id not in {"_", "N_", "ngettext"} or not node.args:
                    continue
                if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                    found.add(node.args[0].value)
    return found


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="zh")


def keys(catalogue: Catalog) -> set[str]:
    return {forms(message.id)[0] for message in catalogue if message.id}


def forms(one_or_more: Any) -> tuple[str, ...]:
    """A sentence, or its forms for one and for many."""
    return (one_or_more,) if isinstance(one_or_more, str) else tuple(one_or_more)


def test_the_catalogue_has_every_sentence_and_no_other() -> None:
    assert keys(catalogue(PO)) == sentences()
    assert keys(catalogue(i18n.FOLDER / f"{i18n.DOMAIN}.pot")) == sentences()


def test_no_sentence_hides_in_an_f_string() -> None:
    """Tools that extract sentences do not look inside f-strings; the sentence would stay English for ever."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                calls = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
                literal = [
                    call for call in calls
                    if isinstance(call.func, ast.Name) and call.func.id in {"_", "ngettext"}
                    and isinstance(call.args[0], ast.Constant)
                ]  # fmt: skip
                assert not literal, f"{path.name}: {ast.unparse(node)}"


def pairs() -> list[tuple[str, str]]:
    out = []
    for message in catalogue(PO):
        if message.id:
            out += [(forms(message.id)[-1], chinese) for chinese in forms(message.string)]
    return out


def test_every_sentence_is_translated() -> None:
    assert [original for original, chinese in pairs() if not chinese] == []
    untranslated = [original for original, chinese in pairs() if original == chinese]
    assert untranslated == []


def fields(sentence: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in Formatter().parse(sentence) if name is not None}


def test_placeholders_are_the_same_in_both_languages() -> None:
    for original, chinese in pairs():
        assert fields(original) == fields(chinese), original


def test_the_compiled_catalogue_is_that_of_the_source() -> None:
    fresh = io.BytesIO()
    write_mo(fresh, catalogue(PO))
    fresh.seek(0)
    compiled = gettext.translation(i18n.DOMAIN, i18n.FOLDER, ["zh"])
    again = gettext.GNUTranslations(fresh)
    assert {key: again.gettext(key) for key in sentences()} == {
        key: compiled.gettext(key) for key in sentences()
    }


@pytest.mark.parametrize(
    ("wished", "environment", "locale"),
    [
        ("zh-CN", {}, "zh"), ("zh_Hans", {}, "zh"), ("en_GB.UTF-8", {}, "en"),
        (None, {"LANG": "zh_CN.UTF-8"}, "zh"),
        (None, {"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"), (None, {}, "en"), ("ug", {}, "en"),
        (None, {"LANG": "C"}, "en"),
    ],
)  # fmt: skip
def test_the_nearest_language_is_found(wished: str | None, environment: dict[str, str], locale: str) -> None:
    assert i18n.guess(wished, environment) == locale


# --- errors in words ---------------------------------------------------------------------------------------


def test_every_error_of_the_contract_has_a_sentence() -> None:
    assert set(type_names) <= set(WORDS)


@pytest.mark.parametrize("locale", i18n.LOCALES)
@pytest.mark.parametrize("type_", sorted(WORDS))
def test_every_refusal_can_be_said(type_: str, locale: str) -> None:
    i18n.use("zh" if locale == "zh" else "en")
    said = words(Refusal(type_, "from the server", "CG-06.3", {"retry_after_ms": 1200, "incident": "i-7"}))
    assert "CG-06.3" in said
    assert "2" in said
    assert "i-7" in said
    assert "{" not in said
    i18n.use("en")


@pytest.mark.parametrize(
    ("locale", "type_", "details", "said"),
    [
        ("en", "cap_created", {"limit": 3, "current": 3}, "You own as many groups as you may (3 of 3)."),
        ("zh", "cap_created", {"limit": 3, "current": 3}, "你拥有的群数已达上限（3/3）。"),
        ("en", "too_large", {"limit": 4000}, "That is longer than the limit (limit 4000)."),
        ("en", "bad_credentials", {}, "Name and password do not fit together."),
        ("en", "cap_created", {"limit": "odd"}, "You own as many groups as you may."),
    ],
)
def test_a_refusal_shows_its_numbers(locale: str, type_: str, details: dict[str, Any], said: str) -> None:
    i18n.use("zh" if locale == "zh" else "en")
    assert words(Refusal(type_, details=details)) == said
    i18n.use("en")


def test_the_mark_of_a_fault_is_never_alone_on_its_line_in_chinese() -> None:
    """A line may break at a blank, so there is none between the mark and the first word."""
    i18n.use("zh")
    assert i18n._("! {why}").format(why="群组编码") == "！群组编码"
    i18n.use("en")


def test_an_error_of_a_newer_server_says_what_the_server_says() -> None:
    assert words(Refusal("brand_new", "Words of the server.")) == "Words of the server."
    assert words(Refusal("brand_new")) == "brand_new"


def test_a_refusal_names_the_fields_at_fault() -> None:
    refusal = Refusal("invalid_params", details={"fields": [{"at": "handle.x"}, {"at": "password"}, "odd"]})
    assert at_fault(refusal) == {"handle", "password"}
