"""What people read before they agree: complete in both languages, short enough, plain about what this is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import sha256
from math import ceil

import pytest

from policies.loader import load_policy, profile_names
from policies.texts import (
    DOCUMENTS,
    FOLDER,
    LOCALES,
    Text,
    UnknownText,
    compare,
    load_text,
    version_on,
    versions,
)


def every_text() -> Iterator[Text]:
    for document in DOCUMENTS:
        for version in versions(document):
            for locale in LOCALES:
                yield load_text(document, version, locale)


TEXTS = list(every_text())
NEWEST: dict[tuple[str, str], Text] = {
    (t.document, t.locale): t for t in TEXTS if t.version == versions(t.document)[-1]
}


def named(text: Text) -> str:
    return f"{text.document}-{text.version}-{text.locale}"


def screen_lines(text: Text, columns: int = 76) -> int:
    """Lines on a terminal, where a wide character takes two columns."""

    def width(line: str) -> int:
        return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)

    return sum(max(1, ceil(width(line) / columns)) for line in text.body.splitlines())


def test_every_version_exists_in_both_languages_and_nothing_else_lies_there() -> None:
    found = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()}
    assert found == {f"{text.document}/{text.version}.{text.locale}.md" for text in TEXTS}


@pytest.mark.parametrize("text", TEXTS, ids=named)
def test_a_text_agrees_with_its_front_matter(text: Text) -> None:
    assert text.body.startswith(f"# {text.title}\n")
    assert text.body.endswith("\n")
    assert text.sha256 == sha256(text.body.encode()).hexdigest()
    assert bool(re.search(r"[\u4e00-\u9fff]", text.title)) == (text.locale == "zh")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_both_languages_say_the_same_amount(document: str) -> None:
    for version in versions(document):
        english, chinese = (load_text(document, version, locale) for locale in LOCALES)
        shapes = [[line[:2] for line in text.body.splitlines()] for text in (english, chinese)]
        heads = [[mark if mark in ("# ", "##", "- ", "") else "text" for mark in shape] for shape in shapes]
        assert heads[0] == heads[1]
        assert (english.date, english.effective) == (chinese.date, chinese.effective)


@pytest.mark.parametrize(
    ("document", "most"),
    [("rules", 60), ("convention", 40), ("agreement", 70), ("privacy", 50), ("notice", 30), ("about", 50)],
)
def test_a_text_can_be_read_on_a_small_terminal(document: str, most: int) -> None:
    for locale in LOCALES:
        assert screen_lines(NEWEST[document, locale]) <= most


@pytest.mark.clause("CG-05.3")
def test_a_change_of_rules_was_published_the_notice_period_before_it_binds() -> None:
    """CG-05.3: rules are public; a change takes effect only after the notice period."""
    days = load_policy("reference").rules.change_notice_days
    for document in DOCUMENTS:
        for version in versions(document)[1:]:
            text = load_text(document, version, "en")
            assert text.effective - text.date >= timedelta(days=days)


@pytest.mark.clause("CG-05.4")
def test_every_profile_names_an_agreement_that_exists() -> None:
    for profile in profile_names():
        assert load_policy(profile).agreement.current_version in versions("agreement")


# -- what must be said ---------------------------------------------------------------------------------------

SIMULATION = {"en": "simulation", "zh": "模拟"}
NOT_END_TO_END = {"en": "not end-to-end encrypted", "zh": "不是端到端加密"}
LATER = {"en": "later version", "zh": "后续版本"}
EVERYONE = {"en": "open to everyone", "zh": "对所有人开放"}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("document", ["rules", "convention", "agreement", "privacy", "notice", "about"])
def test_each_text_says_that_this_is_a_simulation(document: str, locale: str) -> None:
    assert SIMULATION[locale] in NEWEST[document, locale].body


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("document", ["rules", "agreement", "privacy", "notice", "about"])
def test_only_synthetic_identities_are_asked_for(document: str, locale: str) -> None:
    assert "000000" in NEWEST[document, locale].body


@pytest.mark.clause("INV-14")
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("document", ["notice", "agreement", "about"])
def test_the_server_can_read_messages_and_says_so(document: str, locale: str) -> None:
    """INV-14: not end-to-end encrypted, in plain words."""
    body = NEWEST[document, locale].body.replace("**", "")
    assert NOT_END_TO_END[locale] in body


@pytest.mark.clause("INV-14", "CG-13.2")
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("document", ["rules", "privacy", "notice"])
def test_how_long_logs_live_is_said_with_the_numbers_of_the_policy(document: str, locale: str) -> None:
    retention = load_policy("reference").retention
    body = NEWEST[document, locale].body
    assert str(retention.log_min_days) in body
    assert str(retention.log_purge_days) in body


@pytest.mark.parametrize("locale", LOCALES)
def test_who_can_read_what_names_everyone_who_might(locale: str) -> None:
    people = {
        "en": ("Members of a group", "Other users", "Whoever runs the server", "Authorities"),
        "zh": ("群成员", "其他用户", "运行服务器的人", "主管部门"),
    }
    for person in people[locale]:
        assert f"**{person}" in NEWEST["notice", locale].body


@pytest.mark.clause("INV-10")
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("document", ["rules", "agreement", "about"])
def test_remedies_are_promised_to_all_and_what_is_missing_is_admitted(document: str, locale: str) -> None:
    """INV-10: remedies stay open. This version has none inside the program yet, and says that."""
    body = NEWEST[document, locale].body
    assert EVERYONE[locale] in body
    assert LATER[locale] in body


@pytest.mark.parametrize("locale", LOCALES)
def test_the_about_text_says_what_is_criticised_and_what_is_left_out(locale: str) -> None:
    body = NEWEST["about", locale].body
    for said in {
        "en": (
            "criticised",
            "No authority console",
            "No list of political",
            "not to endorse",
            "123 entries",
            "91",
        ),
        "zh": ("批评", "没有主管部门控制台", "没有政治、民族、宗教词表", "不等于赞同", "123 条", "91"),
    }[locale]:
        assert said in body


@pytest.mark.clause("CG-05.4")
@pytest.mark.parametrize("locale", LOCALES)
def test_the_agreement_has_rights_and_duties_of_both_sides(locale: str) -> None:
    """CG-05.4: an agreement states the rights and duties of either side."""
    heads = re.findall(r"(?m)^## (.+)$", NEWEST["agreement", locale].body)
    both = {
        "en": ("Your rights", "Your duties", "Our rights", "Our duties"),
        "zh": ("你的权利", "你的义务", "我们的权利", "我们的义务"),
    }
    for wanted in both[locale]:
        assert any(wanted in head for head in heads)


@pytest.mark.clause("CG-09.2")
@pytest.mark.parametrize("locale", LOCALES)
def test_the_rules_state_the_recall_time_of_every_profile(locale: str) -> None:
    assert {load_policy(name).messages.recall_seconds for name in profile_names()} == {120}
    assert {"en": "two minutes", "zh": "两分钟"}[locale] in NEWEST["rules", locale].body


@pytest.mark.clause("INV-09")
@pytest.mark.parametrize("text", TEXTS, ids=named)
def test_no_text_carries_a_list_of_words(text: Text) -> None:
    """Lists of terms look like code spans or long enumerations; a text for people has neither."""
    assert set(re.findall(r"`([^`]*)`", text.body)) <= {"wss://"}
    for line in text.body.splitlines():
        assert len(re.findall(r"[,、]", line)) <= 12


# -- finding them --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "version", "locale", "said"),
    [
        ("rulez", "2026-11", "en", "unknown document 'rulez'; there is rules, convention"),
        ("rules", "2020-01", "en", "no rules has version '2020-01'; there is 2026-09, 2026-11"),
        ("rules", "2026-11", "fr", "no text in 'fr'; there is en, zh"),
        ("rules", "../about/2026-11", "en", "no rules has version"),
    ],
)
def test_an_unknown_text_says_which_there_are(document: str, version: str, locale: str, said: str) -> None:
    with pytest.raises(UnknownText, match=re.escape(said)):
        load_text(document, version, locale)


@pytest.mark.clause("CG-05.3")
def test_the_version_that_binds_is_the_newest_in_effect() -> None:
    changed = load_text("rules", "2026-11", "en").effective
    assert version_on("rules", changed) == "2026-11"
    assert version_on("rules", changed - timedelta(days=1)) == "2026-09"
    assert version_on("rules", date(2000, 1, 1)) == "2026-09"


@pytest.mark.parametrize("locale", LOCALES)
def test_a_comparison_reads_like_the_change_it_shows(locale: str) -> None:
    lines = compare("rules", "2026-09", "2026-11", locale).splitlines()
    old, new = (load_text("rules", version, locale).body.splitlines() for version in versions("rules"))
    assert lines[0] == f"{load_text('rules', '2026-09', locale).title} 2026-09 -> 2026-11"
    assert {line[3:] for line in lines if line.startswith("-|")} == set(old) - set(new)
    assert {line[3:] for line in lines if line.startswith("+|")} >= set(new) - set(old)
    assert " | ..." in lines


def test_nothing_changed_is_shown_as_nothing() -> None:
    assert compare("rules", "2026-11", "2026-11", "en") == ""
