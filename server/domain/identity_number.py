"""Identity numbers: is this one well formed, and is it certainly nobody's?

Clause CG-06.1 and 0.4 of the design: only synthetic identities. A citizen number counts only with region
000000, which the standard never assigns; another document's number only with 000000 at its front.
INV-08: nothing is derived from a number except checksum, date and age band. There is no function here that
returns a region, a sex or a birth date, and errors never repeat the value.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from policies.model import ClauseId, Policy
from server.wire.errors import PolicyRefused
from server.wire.verbs.identity import OtherDocument
from server.wire.vocabulary import Method

AgeBand = Literal["under_14", "14_to_17", "adult"]

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_DOCUMENTS: dict[OtherDocument, int] = {
    "hk_macao_permit": 1,
    "taiwan_permit": 0,
    "foreign_pr_card": 3,
    "passport": 1,
}
"""Letters that lead the number of each document; digits follow."""


def normal_form(number: str) -> str:
    """The number as it is compared and sealed: no spaces, letters in upper case."""
    return "".join(number.split()).upper()


def check_number(
    method: Method, document: OtherDocument | None, number: str, today: date, policy: Policy
) -> AgeBand | None:
    """Raise unless ``number`` (in normal form) is well formed and synthetic. Returns the age band, None where
    the document does not tell it."""
    if method == "other_document":
        _check_document_number(document, number, policy)
        return None
    if document is not None:
        raise _invalid("a document is named only with the method other_document")
    return _check_resident_id(number, today, policy)


def check_phone(phone: str, policy: Policy) -> None:
    """Raise unless ``phone`` is eleven digits that no network assigns."""
    if not phone.startswith(policy.identity.demo_phone_prefix):
        raise _real(policy, "identity.demo_phone_prefix")
    if len(phone) != 11 or not (phone.isascii() and phone.isdigit()):
        raise _invalid("a phone number has eleven digits")


def _check_resident_id(number: str, today: date, policy: Policy) -> AgeBand:
    """GB 11643: 17 digits and a check character, a date that exists and is not in the future."""
    body, last = number[:17], number[17:]
    if len(number) != 18 or not (body.isascii() and body.isdigit()):
        raise _invalid("eighteen characters, the last a digit or X")
    if not number.startswith(policy.identity.demo_region_prefix):
        raise _real(policy, "identity.demo_region_prefix")
    if _CHECK[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11] != last:
        raise _invalid("the check character does not fit")
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise _invalid("the date does not exist") from None
    if not date(1900, 1, 1) <= born <= today:
        raise _invalid("the date cannot be")
    return _age_band(born, today)


def _age_band(born: date, today: date) -> AgeBand:
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return "adult" if years >= 18 else "14_to_17" if years >= 14 else "under_14"


def _check_document_number(document: OtherDocument | None, number: str, policy: Policy) -> None:
    if document is None:
        raise _invalid("say which document it is")
    letters = _DOCUMENTS[document]
    lead, digits = number[:letters], number[letters:]
    if not (lead.isalpha() or not letters) or not lead.isascii():
        raise _invalid("the number does not have the form of that document")
    if not (digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 12):
        raise _invalid("the number does not have the form of that document")
    if not digits.startswith(policy.identity.demo_region_prefix):
        raise _real(policy, "identity.demo_region_prefix")


def _invalid(reason: str) -> PolicyRefused:
    return PolicyRefused("id_invalid", clause=ClauseId("CG-06.1"), reason=reason)


def _real(policy: Policy, key: str) -> PolicyRefused:
    section, name = key.split(".")
    return PolicyRefused(
        "real_id_refused",
        clause=ClauseId("CG-06.1"),
        reason="only numbers that can belong to nobody are accepted here",
        policy={key: getattr(getattr(policy, section), name)},
    )
