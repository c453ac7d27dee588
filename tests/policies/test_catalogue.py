"""The catalogue: complete, in two languages, and honest about what software cannot show."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from policies.clause import Bilingual, Clause, Control, Instrument, InstrumentId, Status, UnknownClause, Who
from policies.loader import CLAUSES, PolicyError, load_catalogue

CATALOGUE = load_catalogue()
EVERYTHING = CATALOGUE.entries + CATALOGUE.invariants
HAN = re.compile(r"[\u4e00-\u9fff]")


def test_every_entry_is_there_and_nothing_else() -> None:
    assert len(CATALOGUE.entries) == 123
    assert sum(clause.has_control for clause in CATALOGUE.entries) == 91
    assert sum(not clause.has_control for clause in CATALOGUE.entries) == 32
    assert Counter(clause.instrument.value for clause in CATALOGUE.entries) == {
        "CG": 42, "SA": 35, "OA": 27, "XJ": 18, "NW": 1,
    }  # fmt: skip


def test_the_invariants_are_numbered_without_a_gap() -> None:
    assert [clause.id for clause in CATALOGUE.invariants] == [f"INV-{number:02}" for number in range(1, 15)]
    assert {clause.status for clause in CATALOGUE.invariants} == {Status.OWN_RULE}


@pytest.mark.parametrize(
    ("instrument", "last"),
    [(InstrumentId.CG, 15), (InstrumentId.SA, 17), (InstrumentId.OA, 18), (InstrumentId.XJ, 10)],
)
def test_no_article_is_left_out(instrument: InstrumentId, last: int) -> None:
    articles = {clause.article for clause in CATALOGUE.entries if clause.instrument is instrument}
    assert articles == set(range(1, last + 1))


def test_no_id_stands_for_two_things() -> None:
    ids = [clause.id for clause in EVERYTHING] + [part.id for clause in EVERYTHING for part in clause.parts]
    assert len(ids) == len(set(ids)) == len(CATALOGUE.ids)


@pytest.mark.parametrize("clause", EVERYTHING, ids=lambda clause: clause.id)
def test_an_entry_speaks_two_languages_in_a_sentence(clause: Clause) -> None:
    spoken: list[Bilingual] = [clause.title, clause.duty, *(part.title for part in clause.parts)]
    for words in spoken:
        assert not HAN.search(words.en)
        assert HAN.search(words.zh)
    assert clause.duty.en.endswith(".")
    assert clause.duty.zh.endswith("。")
    assert len(clause.duty.en) <= 160


@pytest.mark.parametrize("instrument", CATALOGUE.instruments, ids=lambda instrument: instrument.id)
def test_an_instrument_says_what_to_know_before_relying_on_it(instrument: Instrument) -> None:
    assert instrument.note.en.endswith(".")
    assert instrument.note.zh.endswith("。")


def test_an_entry_is_found_by_id_and_so_are_its_lettered_parts() -> None:
    assert CATALOGUE.clause("CG-06.3").title.en == "No identity, no publishing"
    assert CATALOGUE.clause("SA-05.3c") is CATALOGUE.clause("SA-05.3")
    assert [part.id[-1] for part in CATALOGUE.clause("SA-05.3").parts] == list("abcdefgh")
    assert "SA-05.3h" in CATALOGUE
    assert "SA-05.3i" not in CATALOGUE


@pytest.mark.parametrize(
    ("wrong", "nearest"), [("CG-06.33", "CG-06.3"), ("cg-13.2", "CG-13.2"), ("INV-9", "INV-09")]
)
def test_an_unknown_id_names_the_nearest(wrong: str, nearest: str) -> None:
    with pytest.raises(UnknownClause, match=f"unknown clause '{wrong}'; nearest is {nearest}") as unknown:
        CATALOGUE.clause(wrong)
    assert (unknown.value.clause_id, unknown.value.nearest) == (wrong, nearest)


def test_an_empty_catalogue_has_nothing_near() -> None:
    with pytest.raises(UnknownClause, match=r"^unknown clause 'CG-06.1'$"):
        type(CATALOGUE)((), ()).clause("CG-06.1")


def test_what_binds_the_authority_has_no_control() -> None:
    """There is no console for an authority, so nothing that only an authority does can be a control here."""
    for clause in CATALOGUE.entries:
        assert (clause.control is Control.BINDS_AUTHORITY) == (clause.who == (Who.AUTHORITY,)), clause.id


def test_words_come_in_the_language_asked_for() -> None:
    title = CATALOGUE.clause("CG-05.3").title
    assert title.in_locale("zh_CN") == title.zh
    assert title.in_locale("en_GB") == title.en


# -- refusals ------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in CLAUSES.glob("*.toml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def amend(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def refusal(folder: Path) -> str:
    with pytest.raises(PolicyError) as refused:
        load_catalogue(folder)
    return str(refused.value)


def test_a_missing_instrument_is_refused(folder: Path) -> None:
    (folder / "oa.toml").unlink()
    assert "oa.toml: cannot be read" in refusal(folder)


def test_an_entry_without_its_chinese_words_is_refused_by_id(folder: Path) -> None:
    amend(folder / "cg.toml", 'title.zh = "后台实名"', 'title.zh = ""')
    assert "cg.toml: CG-06.1.title.zh: String should have at least 2 characters" in refusal(folder)


def test_an_entry_without_an_id_is_refused_by_its_place(folder: Path) -> None:
    amend(folder / "nw.toml", 'id = "NW-03.1"\n', "")
    assert "nw.toml: clause 1.id: Field required" in refusal(folder)


def test_an_entry_that_is_no_table_is_refused_by_its_place(folder: Path) -> None:
    text = (folder / "nw.toml").read_text(encoding="utf-8").partition("[[clause]]")[0]
    (folder / "nw.toml").write_text("clause = [07:00:00]\n" + text, encoding="utf-8")
    assert "nw.toml: clause 1: should be" in refusal(folder)


def test_a_bad_instrument_is_refused(folder: Path) -> None:
    amend(folder / "xj.toml", "made = 2014-12-24", 'made = "long ago"')
    assert "xj.toml: instrument.made: should be a valid date" in refusal(folder)


def test_an_id_of_the_wrong_shape_is_refused(folder: Path) -> None:
    amend(folder / "cg.toml", 'id = "CG-06.1"', 'id = "CG-6.1"')
    assert "cg.toml: CG-6.1.id:" in refusal(folder)


def test_an_entry_in_the_wrong_file_is_refused(folder: Path) -> None:
    amend(folder / "nw.toml", 'id = "NW-03.1"', 'id = "CG-03.9"')
    assert "nw.toml: CG-03.9: does not belong to NW" in refusal(folder)


def test_an_id_used_twice_is_refused(folder: Path) -> None:
    amend(folder / "sa.toml", 'id = "SA-05.4a"', 'id = "SA-05.3c"')
    assert "sa.toml: SA-05.3c: used before, in sa.toml" in refusal(folder)
