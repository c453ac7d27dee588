"""People who do not exist: names and numbers for demos, tests and scripts. Knows no server.

Every number lies in region 000000, which the region standard (GB/T 2260) never assigns, so none can be
anybody's; the check character is computed as GB 11643 says, so a learner sees the standard at work.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from server.wire.vocabulary import Locale

_REGION = "000000"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"

_FIRST_BIRTH = date(1960, 1, 1)
_BIRTH_DAYS = 14_610  # forty years, to the end of 1999: everybody is of age
_STRIDE = 7_919  # shares no factor with the days, so that neighbours are born years apart and none coincide
_SEQUENCES = 999
PEOPLE = _BIRTH_DAYS * _SEQUENCES
"""How many different people there are."""

_STEMS = "甲乙丙丁戊己庚辛壬癸"
_DIGITS = "零一二三四五六七八九"
_BIRDS = {
    "en": ("Heron", "Wren", "Plover", "Swift", "Avocet", "Dipper", "Curlew", "Pipit", "Siskin", "Merganser"),
    "zh": ("苍鹭", "鹪鹩", "金鸻", "雨燕", "反嘴鹬", "河乌", "杓鹬", "鹨鸟", "黄雀", "秋沙鸭"),
}


@dataclass(frozen=True, slots=True)
class SyntheticPerson:
    """An identity that belongs to nobody, ready for ``identity.verify``."""

    legal_name: str = field(repr=False)
    number: str = field(repr=False)
    handle_suggestion: str
    """A pseudonym that has nothing to do with the name."""


def synthetic_person(which: int | random.Random, locale: Locale = "en") -> SyntheticPerson:
    """Person number ``which`` (0 … PEOPLE - 1), or one drawn with the given generator.

    The same index gives the same person, and no two share a number.
    """
    index = which if isinstance(which, int) else which.randrange(PEOPLE)
    if not 0 <= index < PEOPLE:
        raise ValueError(f"there are {PEOPLE} synthetic people, counted from 0")
    lap, place = divmod(index, _BIRTH_DAYS)
    born = _FIRST_BIRTH + timedelta(days=place * _STRIDE % _BIRTH_DAYS)
    birds = _BIRDS[locale]
    return SyntheticPerson(
        legal_name=_chinese_name(index) if locale == "zh" else f"Synthetic Person {index:04d}",
        number=resident_number(born, lap + 1),
        handle_suggestion=f"{birds[index % len(birds)]} {index // len(birds) + 1}",
    )


def resident_number(born: date, sequence: int) -> str:
    """A complete 18-character number of region 000000; ``sequence`` is 1 … 999."""
    body = f"{_REGION}{born:%Y%m%d}{sequence:03d}"
    return body + _CHECK[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def _chinese_name(index: int) -> str:
    stem = _STEMS[index // 10 % len(_STEMS)]
    return f"测试{stem}{''.join(_DIGITS[int(digit)] for digit in str(index))}"
