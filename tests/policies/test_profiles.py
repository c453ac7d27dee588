"""Profiles that ship: they load, they say where each number comes from, and equal values hash alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from policies.clause import ClauseId
from policies.loader import PROFILES, load_catalogue, load_policy, policy_hash, profile_names
from policies.model import RATE_CLASSES, Policy

NAMES = ("demo", "reference", "test")


def test_three_profiles_ship() -> None:
    assert profile_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_loads_and_is_frozen(name: str) -> None:
    policy = load_policy(name)
    with pytest.raises(ValidationError):
        policy.caps.group_members = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        policy.rates["read"] = policy.rates["write"]  # type: ignore[index]


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_has_exactly_the_rate_classes_that_verbs_name(name: str) -> None:
    assert set(load_policy(name).rates) == set(RATE_CLASSES)


@pytest.mark.clause("CG-13.2")
@pytest.mark.parametrize("name", NAMES)
def test_logs_outlive_six_months_and_do_not_live_for_ever(name: str) -> None:
    """CG-13.2: network logs are kept six months or longer; here never longer than a year."""
    retention = load_policy(name).retention
    assert 184 <= retention.log_min_days <= retention.log_purge_days <= retention.log_hard_max_days <= 365


@pytest.mark.parametrize("name", NAMES)
def test_no_profile_takes_a_number_that_could_be_real(name: str) -> None:
    identity = load_policy(name).identity
    assert identity.demo_region_prefix == "000000"
    assert identity.demo_phone_prefix == "1000000"


@pytest.mark.parametrize("name", NAMES)
def test_each_number_says_whether_it_is_law_or_judgement(name: str) -> None:
    """On its own line, or on the line of the table it stands in."""
    table = ""
    for line in (PROFILES / f"{name}.toml").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            table = line
        elif re.match(r"\w+ = [\d{]", line):
            assert re.search(r"# (judgement|law|fixed)", line) or "# judgement, all" in table, line


@pytest.mark.parametrize("name", NAMES)
def test_each_clause_that_a_profile_cites_exists(name: str) -> None:
    cited = re.findall(r"\b[A-Z]{2,3}-\d\d[.\w]*", (PROFILES / f"{name}.toml").read_text(encoding="utf-8"))
    assert cited
    for clause_id in cited:
        assert clause_id in load_catalogue(), clause_id


def test_each_bound_cites_a_clause_that_exists() -> None:
    cited = {
        clause
        for section in sections(Policy)
        for field in section.model_fields.values()
        for bound in field.metadata
        if (clause := getattr(bound, "clause", None))
    }
    assert {"CG-13.2", "INV-09", "CG-06.3"} <= cited <= load_catalogue().ids


def test_the_test_profile_is_the_reference_with_the_brakes_released() -> None:
    reference, released = load_policy("reference").model_dump(), load_policy("test").model_dump()
    differing = {name for name in reference if reference[name] != released[name]}
    assert differing == {"group_id", "login", "rates", "connection"}


def test_the_demo_lets_a_person_meet_its_limits() -> None:
    demo, reference = load_policy("demo"), load_policy("reference")
    assert demo.caps.created_absolute < reference.caps.created_absolute
    assert demo.caps.group_members < reference.caps.group_members


def test_overrides_reach_one_key_and_leave_the_rest() -> None:
    policy = load_policy("reference", {"caps": {"group_members": 7}, "rates": {"post": {"burst": 2}}})
    assert policy.caps.group_members == 7
    assert policy.caps.joined_absolute == 100
    assert (policy.rates["post"].burst, policy.rates["post"].per_minute) == (2, 30)


def test_an_override_may_bring_lists() -> None:
    policy = load_policy("reference", {"logs": {"trusted_proxies": ["10.0.0.0/8", "::1/128"]}})
    assert policy.logs.trusted_proxies == ("10.0.0.0/8", "::1/128")


def test_a_file_loads_by_path_and_by_name_of_file() -> None:
    path = PROFILES / "demo.toml"
    assert load_policy(path) == load_policy(str(path)) == load_policy("demo")


def test_the_hash_depends_on_values_and_on_nothing_else(tmp_path: Path) -> None:
    text = (PROFILES / "reference.toml").read_text(encoding="utf-8")
    tables = re.split(r"(?m)^(?=\[)", re.sub(r"(?m)\s*#.*$", "", text))
    shuffled = tmp_path / "shuffled.toml"
    shuffled.write_text("\n".join(reversed(tables)), encoding="utf-8")

    reference = policy_hash(load_policy("reference"))

    assert re.fullmatch(r"[0-9a-f]{64}", reference)
    assert policy_hash(load_policy(shuffled)) == reference
    assert policy_hash(load_policy("reference", {"caps": {"group_members": 500}})) == reference
    assert policy_hash(load_policy("reference", {"caps": {"group_members": 499}})) != reference


def test_the_policy_describes_itself_as_json_schema() -> None:
    schema = Policy.model_json_schema()
    assert set(schema["properties"]) == set(Policy.model_fields)


@pytest.mark.parametrize(
    "text", ["CG-6.1", "CG-06", "CG-06.1i", "XX-06.1", "INV-9", "cg-06.1", "CG-06.1\n", ""]
)
def test_a_clause_id_checks_its_own_shape(text: str) -> None:
    with pytest.raises(ValueError, match="clause id"):
        ClauseId(text)


def sections(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from sections(field.annotation)
