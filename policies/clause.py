"""What a clause is: id, words in two languages, and whether software can show it. Knows no numbers."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, StringConstraints
from pydantic_core import CoreSchema, core_schema

CLAUSE_ID_PATTERN: Final = r"^(?:(?:SA|CG|OA|XJ|NW)-[0-9]{2}\.[0-9]+[a-h]?|INV-[0-9]{2})$"


class ClauseId(str):
    """`CG-06.1`: instrument, article, duty; `SA-05.3c`: a lettered part of one; `INV-09`: a rule of our own.

    Raises ValueError for another shape. Whether the catalogue knows the id is asked at start-up, not here.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not re.fullmatch(CLAUSE_ID_PATTERN, text):
            raise ValueError(f"{text!r} does not have the form of a clause id, such as CG-06.1 or INV-09")
        return super().__new__(cls, text)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls, core_schema.str_schema(pattern=CLAUSE_ID_PATTERN)
        )


class UnknownClause(LookupError):
    """An id that the catalogue does not hold; the text names the nearest one that it does."""

    def __init__(self, clause_id: str, nearest: str | None) -> None:
        super().__init__(f"unknown clause {clause_id!r}" + (f"; nearest is {nearest}" if nearest else ""))
        self.clause_id = clause_id
        self.nearest = nearest


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class InstrumentId(StrEnum):
    """The five sources the clauses are taken from, and this project's own invariants."""

    SA = "SA"
    CG = "CG"
    OA = "OA"
    XJ = "XJ"
    NW = "NW"
    INV = "INV"


class Who(StrEnum):
    """Whom an article binds."""

    PROVIDER = "provider"
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    USERS = "users"
    ANYONE = "anyone"
    AUTHORITY = "authority"
    INDUSTRY = "industry"


class Status(StrEnum):
    """How far a duty is known to hold on the day the catalogue was written."""

    IN_FORCE = "in force"
    SUPERSEDED = "superseded"
    VALIDITY_UNKNOWN = "validity unknown"
    SPENT = "spent"
    PRESS = "press summary"
    OWN_RULE = "own rule"
    """Not law: an invariant this project sets for itself."""


class Control(StrEnum):
    """Whether software can show the duty; every other value is the reason why not."""

    CONTROL = "control"
    FORMAL = "formal"
    """Purpose, definition or date: nothing to do."""
    BINDS_AUTHORITY = "binds the authority"
    NOT_TESTABLE = "not testable"
    OUT_OF_SCOPE = "out of scope"


class Bilingual(_Entry):
    """The same words in English and in simplified Chinese; neither may be missing."""

    en: Annotated[str, StringConstraints(min_length=2, strip_whitespace=True)]
    zh: Annotated[str, StringConstraints(min_length=2, strip_whitespace=True)]

    def in_locale(self, locale: str) -> str:
        """`zh`, `zh-Hans`, `zh_CN` give Chinese; everything else gives English."""
        return self.zh if locale.lower().startswith("zh") else self.en


class Instrument(_Entry):
    """One source of clauses: a regulation, a notice, a press summary, or our own invariants."""

    id: InstrumentId
    title: Bilingual
    made: date | None = None
    in_force: date | None = None
    note: Bilingual
    """What a reader must know before relying on it: superseded, renumbered, doubtful."""


class Part(_Entry):
    """A lettered part of a clause that has an id of its own, such as one log field of SA-05.3."""

    id: ClauseId
    title: Bilingual


class Clause(_Entry):
    """One entry: who must do what, restated in our own words, and whether a control can show it."""

    id: ClauseId
    title: Bilingual
    who: tuple[Who, ...]
    status: Status
    duty: Bilingual
    control: Control
    parts: tuple[Part, ...] = ()

    @property
    def instrument(self) -> InstrumentId:
        return InstrumentId(self.id.split("-")[0])

    @property
    def article(self) -> int:
        """The article's number; for a press summary or an invariant, its number in our list."""
        return int(self.id.split("-")[1].split(".")[0])

    @property
    def has_control(self) -> bool:
        return self.control is Control.CONTROL


class Catalogue:
    """Every clause by id. Law entries and our own invariants are kept apart: they count differently."""

    def __init__(self, instruments: Iterable[Instrument], clauses: Iterable[Clause]) -> None:
        self.instruments: Final = tuple(instruments)
        everything = tuple(clauses)
        self.entries: Final = tuple(c for c in everything if c.instrument is not InstrumentId.INV)
        self.invariants: Final = tuple(c for c in everything if c.instrument is InstrumentId.INV)
        self._by_id: dict[str, Clause] = {c.id: c for c in everything}
        self._by_id.update({part.id: c for c in everything for part in c.parts})

    def __contains__(self, clause_id: object) -> bool:
        return clause_id in self._by_id

    @property
    def ids(self) -> frozenset[str]:
        """Every id that may be cited, lettered parts included."""
        return frozenset(self._by_id)

    def clause(self, clause_id: str) -> Clause:
        """The entry for an id; for a lettered part (`SA-05.3c`) the entry it belongs to.

        Raises UnknownClause, which names the nearest id.
        """
        try:
            return self._by_id[clause_id]
        except KeyError:
            nearest = difflib.get_close_matches(clause_id.upper(), self._by_id, n=1, cutoff=0.0)
            raise UnknownClause(clause_id, nearest[0] if nearest else None) from None
