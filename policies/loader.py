"""Turns files into a checked Policy or Catalogue, or into a refusal that names file, line, key and clause.

Knows nothing of servers and the environment: what to load, and what to override, is said by the caller.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from policies import texts
from policies.bounds import BOUND_ERROR
from policies.clause import Catalogue, Clause, Instrument, InstrumentId
from policies.model import Policy
from policies.toml_lines import line_of

HERE: Final = Path(__file__).parent
PROFILES: Final = HERE / "profiles"
CLAUSES: Final = HERE / "clauses"

PERSONAL_ATTRIBUTES: Final = (
    "ethnicity", "ethnic_group", "religion", "belief", "origin", "birthplace", "native_place", "hukou",
    "household_registration", "nationality", "political_view", "political_opinion",
    "民族", "宗教", "籍贯", "户籍", "国籍", "政治面貌",
)  # fmt: skip
"""Attributes of a person that no key may be about (INV-09). Names of fields, not words to look for."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a law file. `line` counts from 1; None where there is no line to point at."""

    where: str
    line: int | None
    key: str
    text: str
    clause: str | None = None

    def __str__(self) -> str:
        place = self.where if self.line is None else f"{self.where}:{self.line}"
        clause = f" [{self.clause}]" if self.clause else ""
        return f"{place}: {self.key}: {self.text}{clause}" if self.key else f"{place}: {self.text}{clause}"


class PolicyError(ValueError):
    """The law does not load. The text has one line for each problem; `problems` has the same as data."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Final = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def profile_names() -> tuple[str, ...]:
    """The profiles that ship, in alphabetical order."""
    return tuple(sorted(path.stem for path in PROFILES.glob("*.toml")))


def load_policy(profile: str | Path, overrides: Mapping[str, Any] | None = None) -> Policy:
    """The effective policy: a profile with overrides laid over it, key by key.

    `profile` is the name of one that ships, or a file (a Path, or a string that ends in `.toml`).
    `overrides` is nested as the file is: `{"caps": {"group_members": 20}}`.
    Raises PolicyError for everything that is wrong at once, never for the first thing only.
    """
    path = _profile_path(profile)
    toml, written = _read(path)
    laid_over = dict(overrides or {})
    source = _Source(str(path), toml, laid_over)
    refused = [*_about_persons(written, source), *_about_persons(laid_over, source)]
    if refused:
        raise PolicyError(refused)
    try:
        policy = Policy.model_validate(_frozen(_merged(written, laid_over)))
    except ValidationError as error:
        raise PolicyError(source.problems(error.errors())) from None
    known = texts.versions("agreement")
    if policy.agreement.current_version not in known:
        text = f"no agreement {policy.agreement.current_version!r} exists; there is {', '.join(known)}"
        raise PolicyError([source.at(("agreement", "current_version"), text, "CG-05.4")])
    return policy


def policy_hash(policy: Policy) -> str:
    """SHA-256, in hex, of the policy as canonical JSON: the same values give the same hash on any machine."""
    canonical = json.dumps(
        policy.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


class _ClauseFile(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    instrument: Instrument
    clause: tuple[Clause, ...]


@functools.cache
def load_catalogue(folder: Path = CLAUSES) -> Catalogue:
    """Every clause and invariant. Raises PolicyError: a bad file, a misplaced entry, an id used twice."""
    problems: list[Problem] = []
    instruments: list[Instrument] = []
    clauses: list[Clause] = []
    seen: dict[str, str] = {}
    for wanted in InstrumentId:
        path = folder / f"{wanted.lower()}.toml"
        _, raw = _read(path)
        try:
            file = _ClauseFile.model_validate_json(json.dumps(raw, default=str))
        except ValidationError as error:
            problems.extend(
                Problem(str(path), None, _entry_key(raw, details["loc"]), _sentence(details))
                for details in error.errors()
            )
            continue
        instruments.append(file.instrument)
        for clause in file.clause:
            if clause.instrument is not wanted:
                problems.append(Problem(str(path), None, clause.id, f"does not belong to {wanted}"))
            for cited in (clause.id, *(part.id for part in clause.parts)):
                if cited in seen:
                    problems.append(Problem(str(path), None, cited, f"used before, in {seen[cited]}"))
                seen[cited] = path.name
        clauses.extend(file.clause)
    if problems:
        raise PolicyError(problems)
    return Catalogue(instruments, clauses)


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the values came from, so that a problem points at the file's line or at the override."""

    file: str
    text: str
    overrides: Mapping[str, Any]

    def at(self, key: Sequence[str], text: str, clause: str | None = None) -> Problem:
        dotted = ".".join(key)
        if _holds(self.overrides, key):
            return Problem("override", None, dotted, text, clause)
        return Problem(self.file, line_of(self.text, key), dotted, text, clause)

    def problems(self, errors: Sequence[ErrorDetails]) -> Iterator[Problem]:
        """One problem for each error; what is wrong below an unknown key is not worth telling."""
        unknown = [details["loc"][:-1] for details in errors if details["loc"][-1:] == ("[key]",)]
        for details in errors:
            loc = details["loc"]
            if loc[-1:] == ("[key]",) or not any(loc[: len(key)] == key for key in unknown):
                yield self.problem(details)

    def problem(self, details: ErrorDetails) -> Problem:
        # A list item is reported by its position and a mapping key as "[key]"; neither is a key in the file.
        key = [part for part in details["loc"] if isinstance(part, str) and part != "[key]"]
        unknown = details["type"] == "extra_forbidden" or details["loc"][-1:] == ("[key]",)
        if unknown:
            return self.at(key, "unknown key" + _nearest_key(key))
        if details["type"] == "missing":
            return self.at(key, "missing; a profile writes every key out")
        context = details.get("ctx", {}) if details["type"] == BOUND_ERROR else {}
        key.extend(filter(None, context.get("key", "").split(".")))
        return self.at(key, _sentence(details), context.get("clause"))


def _profile_path(profile: str | Path) -> Path:
    if isinstance(profile, Path) or profile.endswith(".toml"):
        return Path(profile)
    names = profile_names()
    if profile in names:
        return PROFILES / f"{profile}.toml"
    close = difflib.get_close_matches(profile, names, n=1)
    hint = f"; nearest is {close[0]}" if close else ""
    text = f"no such profile{hint}; there is {', '.join(names)}"
    raise PolicyError([Problem("profile", None, profile, text)])


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise PolicyError([Problem(str(path), None, "", f"cannot be read: {reason}")]) from None
    except UnicodeDecodeError:
        raise PolicyError([Problem(str(path), None, "", "is not UTF-8 text")]) from None
    except tomllib.TOMLDecodeError as error:
        at_line = re.search(r"at line (\d+)", str(error))
        line = int(at_line.group(1)) if at_line else None
        raise PolicyError([Problem(str(path), line, "", f"is not TOML: {error}")]) from None


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        if isinstance(under, Mapping) and isinstance(value, Mapping):
            value = _merged(under, value)
        result[key] = value
    return result


def _frozen(value: Any) -> Any:
    """Lists become tuples: strict models take nothing that could still change."""
    if isinstance(value, Mapping):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _about_persons(values: Mapping[str, Any], source: _Source) -> Iterator[Problem]:
    for key in _all_keys(values):
        if attribute := _attribute_named(key[-1]):
            yield source.at(key, f"no setting may be about a person's {attribute}", "INV-09")


def _all_keys(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield (*path, str(key))
            yield from _all_keys(item, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _all_keys(item, path)


def _attribute_named(key: str) -> str | None:
    """The personal attribute a key is about: `ethnicity`, `byReligion`, `nationalities_allowed`."""
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower()
    words = [re.sub(r"s$", "", re.sub(r"ies$", "y", word)) for word in re.split(r"[^\w]|_", snake)]
    said = f"_{'_'.join(words)}_"
    for attribute in PERSONAL_ATTRIBUTES:
        if (f"_{attribute}_" in said) if attribute.isascii() else (attribute in key):
            return attribute
    return None


def _holds(values: Any, key: Sequence[str]) -> bool:
    for part in key:
        if isinstance(values, list | tuple):
            return True  # keys inside a list have no path of their own
        if not isinstance(values, Mapping) or part not in values:
            return False
        values = values[part]
    return True


def _children(annotation: Any) -> dict[str, Any]:
    """Keys that may stand below a field, with the annotation of each; none for a plain value."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {name: field.annotation for name, field in annotation.model_fields.items()}
    if get_origin(annotation) is Mapping:
        names, value = get_args(annotation)
        return dict.fromkeys(get_args(names), value)
    return {}


def _known_keys(annotation: Any = Policy, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, child in _children(annotation).items():
        yield (*path, name)
        yield from _known_keys(child, (*path, name))


def _nearest_key(key: Sequence[str]) -> str:
    """`; nearest is ...`: the same name in another section, else a sibling, else the closest of all keys."""
    known = list(_known_keys())
    elsewhere = [".".join(path) for path in known if path[-1] == key[-1]]
    siblings = [path[-1] for path in known if path[:-1] == tuple(key[:-1])]
    close = difflib.get_close_matches(key[-1], siblings, n=1)
    if close:
        return f"; nearest is {'.'.join((*key[:-1], close[0]))}"
    if not elsewhere:
        elsewhere = difflib.get_close_matches(".".join(key), [".".join(path) for path in known], n=1)
    return f"; nearest is {elsewhere[0]}" if elsewhere else ""


def _sentence(details: ErrorDetails) -> str:
    if details["type"] == BOUND_ERROR:
        return details["msg"]
    message = details["msg"].replace("Input should", "should", 1)
    value = details["input"]
    return f"{message}, not {value!r}" if isinstance(value, str | int | float) else message


def _entry_key(raw: Mapping[str, Any], loc: tuple[int | str, ...]) -> str:
    """`CG-06.1.duty.zh` instead of `clause.4.duty.zh`, where the entry has an id to show."""
    if len(loc) > 1 and loc[0] == "clause" and isinstance(loc[1], int):
        entry = raw["clause"][loc[1]]
        name = entry["id"] if isinstance(entry, Mapping) and "id" in entry else f"clause {loc[1] + 1}"
        return ".".join(map(str, (name, *loc[2:])))
    return ".".join(map(str, loc))
