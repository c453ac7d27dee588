"""Bounds that stand beside a field and name their clause. Knows no field and no number of its own.

A bound is part of the field's type, so no way of building a Policy gets past it, the loader or otherwise:

    log_min_days: Annotated[int, Floor(184, clause="CG-13.2")]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

BOUND_ERROR = "policy_bound"
"""The pydantic error type of every refusal made here; its context carries `clause` (or None) and `key`."""


def refusal(text: str, clause: str | None, key: str = "") -> PydanticCustomError:
    """A validation error that carries its clause and, where a rule spans keys, the dotted key to mend."""
    return PydanticCustomError(BOUND_ERROR, "{text}", {"text": text, "clause": clause, "key": key})


def _after(check: Callable[[Any], Any], source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    return core_schema.no_info_after_validator_function(check, handler(source))


@dataclass(frozen=True, slots=True)
class Floor:
    """The smallest value that law, or a promise of ours, allows."""

    value: int
    clause: str | None = None
    why: str = ""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: Any) -> Any:
            if value < self.value:
                raise refusal(f"{value} is below the floor {self.value}{_because(self.why)}", self.clause)
            return value

        return _after(check, source, handler)


@dataclass(frozen=True, slots=True)
class Maximum:
    """The largest value that law, or a promise of ours, allows."""

    value: int
    clause: str | None = None
    why: str = ""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: Any) -> Any:
            if value > self.value:
                raise refusal(f"{value} is above the maximum {self.value}{_because(self.why)}", self.clause)
            return value

        return _after(check, source, handler)


@dataclass(frozen=True, slots=True)
class Exactly:
    """A value that a shipped build may not change; it is a setting only so that people can see it."""

    value: str
    clause: str | None = None
    why: str = ""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: Any) -> Any:
            if value != self.value:
                raise refusal(f"must stay {self.value!r}{_because(self.why)}", self.clause)
            return value

        return _after(check, source, handler)


@dataclass(frozen=True, slots=True)
class Includes:
    """Items that a list must hold, whatever else it holds; and no item twice."""

    items: tuple[str, ...]
    clause: str | None = None
    why: str = ""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: Any) -> Any:
            missing = [item for item in self.items if item not in value]
            if missing:
                raise refusal(f"must include {', '.join(missing)}{_because(self.why)}", self.clause)
            if len(set(value)) != len(value):
                raise refusal("names an item twice", self.clause)
            return value

        return _after(check, source, handler)


@dataclass(frozen=True, slots=True)
class OnlyFrom:
    """The closed list that items must come from. Runs first, so that the refusal names its clause."""

    items: tuple[str, ...]
    clause: str | None = None
    why: str = ""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: Any) -> Any:
            strangers = [item for item in value if item not in self.items] if isinstance(value, tuple) else []
            if strangers:
                names = ", ".join(map(repr, strangers))
                raise refusal(f"{names} is outside the closed list: {', '.join(self.items)}", self.clause)
            return value

        return core_schema.no_info_before_validator_function(check, handler(source))


def _because(why: str) -> str:
    return f" ({why})" if why else ""
