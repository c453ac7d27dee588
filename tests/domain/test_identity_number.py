"""Identity numbers: well formed, nobody's, and nothing learned from them but an age band."""

from __future__ import annotations

import inspect
import json
from datetime import date, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from policies.model import Policy
from server.domain import identity_number
from server.domain.identity_number import AgeBand, check_number, check_phone, normal_form
from server.wire.errors import PolicyRefused
from server.wire.verbs.identity import OtherDocument
from tests.domain.village import REFERENCE

TODAY = date(2026, 3, 2)
ADULTS = ["000000199001010018", "000000200002290010", "00000019850704005X"]
MINORS = {"000000201006010033": "14_to_17", "000000201212310029": "under_14"}
BIRTHS = st.dates(date(1900, 1, 1), TODAY)


def check_character(body: str) -> str:
    """As python-stdnum computes it, not as we do; it leaves out the last character of what it is given."""
    return str(ric.calc_check_digit(f"{body}?"))


def numbered(born: date, order: int = 1) -> str:
    body = f"000000{born:%Y%m%d}{order:03d}"
    return body + check_character(body)


def resident(number: str, policy: Policy, today: date = TODAY) -> AgeBand | None:
    return check_number("resident_id", None, normal_form(number), today, policy)


def refusal_of(number: str, policy: Policy) -> PolicyRefused:
    with pytest.raises(PolicyRefused) as refused:
        resident(number, policy)
    return refused.value


@pytest.mark.clause("CG-06.1")
@pytest.mark.parametrize("number", ADULTS)
def test_a_synthetic_number_with_a_true_check_character_is_accepted(number: str, policy: Policy) -> None:
    """CG-06.1: identities are checked for real; the identities themselves are nobody's."""
    assert resident(number, policy) == "adult"


@pytest.mark.parametrize(("number", "band"), MINORS.items())
def test_a_minor_s_number_says_so(number: str, band: str, policy: Policy) -> None:
    assert resident(number, policy) == band


@pytest.mark.parametrize("written", ["00000019850704005x", "000000 19850704 005X", " 00000019850704005x\t"])
def test_how_a_person_writes_a_number_does_not_matter(written: str, policy: Policy) -> None:
    assert resident(written, policy) == "adult"


@pytest.mark.clause("CG-06.1")
@pytest.mark.parametrize("number", [*ADULTS, *MINORS])
def test_every_single_wrong_digit_is_refused(number: str, policy: Policy) -> None:
    """CG-06.1: a mistyped number backs nobody's account."""
    for place, right in enumerate(number):
        for wrong in "0123456789X":
            if wrong != right:
                typed = number[:place] + wrong + number[place + 1 :]
                with pytest.raises(PolicyRefused):
                    resident(typed, policy)


@given(BIRTHS, st.integers(0, 999))
def test_the_check_character_is_the_one_that_python_stdnum_computes(born: date, order: int) -> None:
    assert resident(numbered(born, order), REFERENCE) in get_args(AgeBand)


@pytest.mark.parametrize(
    "number",
    [
        numbered(date(2026, 3, 2), 3)[:-1],
        "000000900101001",
        "00000019900101001",
        "0000001990010100188",
        "",
        "X" * 18,
        "00000019900101001٨",
        "０00000199001010018",
        "000000-19900101-0018",
    ],
)
def test_another_shape_is_no_number(number: str, policy: Policy) -> None:
    assert refusal_of(number, policy).type in {"id_invalid", "real_id_refused"}


@pytest.mark.parametrize("day", ["20010229", "19900230", "19901301", "19900001", "18991231", "20260303"])
def test_a_date_that_cannot_be_is_refused(day: str, policy: Policy) -> None:
    body = f"000000{day}001"
    number = body + check_character(body)
    assert refusal_of(number, policy).type == "id_invalid"


def test_somebody_born_today_is_somebody(policy: Policy) -> None:
    assert resident(numbered(TODAY), policy) == "under_14"


BIRTHDAYS = [
    (date(2012, 3, 2), "14_to_17"),
    (date(2012, 3, 3), "under_14"),
    (date(2012, 3, 1), "14_to_17"),
    (date(2008, 3, 2), "adult"),
    (date(2008, 3, 3), "14_to_17"),
    (date(2008, 3, 1), "adult"),
]


@pytest.mark.parametrize(("born", "band"), BIRTHDAYS)
def test_the_age_band_changes_on_the_birthday(born: date, band: str, policy: Policy) -> None:
    assert resident(numbered(born), policy) == band


@pytest.mark.parametrize(
    ("today", "band"),
    [(date(2026, 2, 28), "14_to_17"), (date(2026, 3, 1), "adult"), (date(2028, 2, 29), "adult")],
)
def test_who_was_born_on_a_leap_day_comes_of_age_when_february_is_over(
    today: date, band: str, policy: Policy
) -> None:
    assert resident(numbered(date(2008, 2, 29)), policy, today) == band


# --- what might be somebody's ----------------------------------------------------------------------------


@pytest.mark.clause("CG-06.1")
@given(st.integers(1, 999_999), BIRTHS)
def test_a_number_with_any_other_region_is_refused_unread(region: int, born: date) -> None:
    """CG-06.1: a teaching server keeps no real identity, not even by accident."""
    body = f"{region:06d}{born:%Y%m%d}001"
    refusal = refusal_of(body + check_character(body), REFERENCE)
    assert refusal.type == "real_id_refused"
    assert refusal.clause == "CG-06.1"
    assert refusal.policy == {"identity.demo_region_prefix": "000000"}


@pytest.mark.clause("INV-01", "INV-08")
@given(st.text("0123456789Xx", min_size=1, max_size=20))
def test_no_refusal_repeats_the_number(number: str) -> None:
    """INV-01, INV-08: what was refused is not kept, and an error is something that gets kept."""
    try:
        resident(number, REFERENCE)
    except PolicyRefused as refusal:
        said = json.dumps(refusal.body()) + str(refusal) + repr(refusal)
        if len(number) > 6:  # shorter ones occur in the policy's own prefix
            assert normal_form(number) not in said


@pytest.mark.clause("INV-08")
@given(BIRTHS, st.integers(0, 999), st.integers(0, 999))
def test_nothing_but_the_birth_date_moves_the_answer(born: date, one: int, other: int) -> None:
    """INV-08: the digits that say a person's sex and place change nothing; the date changes only the band."""
    assert resident(numbered(born, one), REFERENCE) == resident(numbered(born, other), REFERENCE)


@pytest.mark.clause("INV-08")
def test_there_is_no_way_to_ask_for_a_region_a_sex_or_a_birth_date() -> None:
    """INV-08: what has no function cannot be called; the module's doors are these three."""
    doors = {
        name
        for name, thing in inspect.getmembers(identity_number, inspect.isfunction)
        if thing.__module__ == identity_number.__name__ and not name.startswith("_")
    }
    assert doors == {"normal_form", "check_number", "check_phone"}
    assert get_args(AgeBand) == ("under_14", "14_to_17", "adult")
    answers = {
        name: inspect.signature(thing).return_annotation
        for name, thing in inspect.getmembers(identity_number, inspect.isfunction)
        if thing.__module__ == identity_number.__name__ and name != "normal_form"
    }
    assert set(answers.values()) == {"AgeBand | None", "AgeBand", "None", "PolicyRefused"}


# --- other documents and telephones ----------------------------------------------------------------------


DOCUMENTS: list[tuple[OtherDocument, str]] = [
    ("hk_macao_permit", "H00000001"),
    ("hk_macao_permit", "M0000000123"),
    ("taiwan_permit", "00000001"),
    ("foreign_pr_card", "ABC000000123456"),
    ("passport", "E00000012"),
    ("passport", "e0000 0012"),
]


@pytest.mark.clause("CG-06.1")
@pytest.mark.parametrize(("document", "number"), DOCUMENTS)
def test_other_documents_count_too_and_tell_no_age(
    document: OtherDocument, number: str, policy: Policy
) -> None:
    """CG-06.1: who has no resident number is not shut out."""
    assert check_number("other_document", document, normal_form(number), TODAY, policy) is None


@pytest.mark.parametrize(
    ("document", "number"),
    [
        ("hk_macao_permit", "00000001"),
        ("hk_macao_permit", "HH00000001"),
        ("taiwan_permit", "T0000001"),
        ("foreign_pr_card", "AB000000123456"),
        ("foreign_pr_card", "A1C000000123456"),
        ("passport", "É00000012"),
        ("passport", "E0000001"),
        ("passport", "E0000000000012"),
        ("passport", "E0000001٢"),
        ("passport", ""),
        ("taiwan_permit", ""),
    ],
)
def test_a_document_number_has_the_form_of_its_document(
    document: OtherDocument, number: str, policy: Policy
) -> None:
    with pytest.raises(PolicyRefused) as refused:
        check_number("other_document", document, number, TODAY, policy)
    assert refused.value.type == "id_invalid"


@pytest.mark.clause("CG-06.1")
@pytest.mark.parametrize(
    ("document", "number"),
    [("passport", "E10000012"), ("taiwan_permit", "10000001"), ("hk_macao_permit", "H01000001")],
)
def test_a_document_number_that_might_be_somebody_s_is_refused(
    document: OtherDocument, number: str, policy: Policy
) -> None:
    """CG-06.1: synthetic identities only, whatever the document."""
    with pytest.raises(PolicyRefused) as refused:
        check_number("other_document", document, number, TODAY, policy)
    assert refused.value.type == "real_id_refused"
    assert number not in json.dumps(refused.value.body())


def test_another_document_has_to_be_named(policy: Policy) -> None:
    with pytest.raises(PolicyRefused) as refused:
        check_number("other_document", None, "E00000012", TODAY, policy)
    assert refused.value.type == "id_invalid"


def test_a_resident_number_is_no_other_document(policy: Policy) -> None:
    with pytest.raises(PolicyRefused) as refused:
        check_number("resident_id", "passport", ADULTS[0], TODAY, policy)
    assert refused.value.type == "id_invalid"


def test_a_telephone_that_no_network_assigns_is_accepted(policy: Policy) -> None:
    check_phone("10000001234", policy)


@pytest.mark.clause("CG-06.1")
@pytest.mark.parametrize("phone", ["12345678901", "11000001234", "+8610000001234", "", "1000001"])
def test_a_telephone_that_might_ring_somewhere_is_refused(phone: str, policy: Policy) -> None:
    """CG-06.1: telephone numbers are synthetic like everything else about a person."""
    with pytest.raises(PolicyRefused) as refused:
        check_phone(phone, policy)
    assert refused.value.type == "real_id_refused"
    assert refused.value.policy == {"identity.demo_phone_prefix": "1000000"}


@pytest.mark.parametrize(
    "phone", ["1000000123", "100000012345", "1000000123a", "1000000１２３４", "1000000 123"]
)
def test_a_telephone_number_has_eleven_digits(phone: str, policy: Policy) -> None:
    with pytest.raises(PolicyRefused) as refused:
        check_phone(phone, policy)
    assert refused.value.type == "id_invalid"


def test_the_form_in_which_numbers_are_compared_is_stable() -> None:
    number = "00000019850704005X"
    for moved in (number, number.lower(), f"{number[:6]} {number[6:]}"):
        assert normal_form(moved) == number
        assert normal_form(normal_form(moved)) == number


def test_tomorrow_is_not_yet(policy: Policy) -> None:
    assert refusal_of(numbered(TODAY + timedelta(days=1)), policy).type == "id_invalid"
