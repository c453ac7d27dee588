"""Words of the interface in the reader's language. Knows gettext and two languages, and no screen.

The English sentence is the key, so the sources read well and a missing translation is still a sentence.
``_`` looks a sentence up now; ``N_`` only marks one for the catalogue, for tables built at import.
"""

from __future__ import annotations

import gettext as _gettext
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final, get_args

from server.wire.vocabulary import Locale

LOCALES: Final[tuple[Locale, ...]] = get_args(Locale)
OWN_NAMES: Final[Mapping[Locale, str]] = {"en": "English", "zh": "中文"}
FOLDER: Final = Path(__file__).parent / "locale"
DOMAIN: Final = "qunzu"

_current: _gettext.NullTranslations = _gettext.NullTranslations()
_locale: Locale = "en"


def use(locale: Locale) -> None:
    """Speak this language from now on. What is already on a screen has to be drawn again."""
    global _current, _locale
    # English is its own key: it needs no catalogue, and cannot be missing one.
    _current = (
        _gettext.NullTranslations() if locale == "en" else _gettext.translation(DOMAIN, FOLDER, [locale])
    )
    _locale = locale


def current() -> Locale:
    return _locale


def _(sentence: str) -> str:
    return _current.gettext(sentence)


def ngettext(one: str, many: str, number: int) -> str:
    return _current.ngettext(one, many, number)


def N_(sentence: str) -> str:
    """Marks a sentence for the catalogue; whoever shows it calls ``_``."""
    return sentence


def guess(wished: str | None, environment: Mapping[str, str] | None = None) -> Locale:
    """The supported language of a wish such as ``zh-Hans-CN``, else of the environment, else English."""
    environment = os.environ if environment is None else environment
    for name in (wished, *(environment.get(key) for key in ("LC_ALL", "LC_MESSAGES", "LANG"))):
        if name:
            language = name.replace("-", "_").split("_")[0].split(".")[0].lower()
            for locale in LOCALES:
                if language == locale:
                    return locale
            return "en"
    return "en"


_WEEKDAYS: Final = (
    N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday"),
)  # fmt: skip
_MONTHS: Final = (
    N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June"), N_("July"), N_("August"),
    N_("September"), N_("October"), N_("November"), N_("December"),
)  # fmt: skip


def day_in_words(day: date) -> str:
    """A day with its weekday, in the order that the language puts them."""
    return _("{weekday} {day} {month} {year}").format(
        weekday=_(_WEEKDAYS[day.weekday()]), day=day.day, month=_(_MONTHS[day.month - 1]), year=day.year
    )
