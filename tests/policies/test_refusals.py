"""What does not load, and whether the refusal says where, what is nearest, and which clause is broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from policies.loader import PERSONAL_ATTRIBUTES, PolicyError, load_policy
from policies.model import Policy
from tests.policies.conftest import Amend, line_with, only_problem


def refusals(overrides: dict[str, Any]) -> str:
    with pytest.raises(PolicyError) as refused:
        load_policy("reference", overrides)
    return str(refused.value)


def test_an_unknown_profile_names_the_nearest() -> None:
    with pytest.raises(
        PolicyError, match=r"referense: no such profile; nearest is reference; there is demo,"
    ):
        load_policy("referense")
    with pytest.raises(PolicyError, match=r"no such profile; there is demo, reference, test"):
        load_policy("zzzzzzzz")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    problem = only_problem(tmp_path / "absent.toml")
    assert problem.where == str(tmp_path / "absent.toml")
    assert problem.text == "cannot be read: No such file or directory"


def test_broken_toml_is_named_with_its_line(amended: Amend) -> None:
    path = amended("reaccept_days = 30", "reaccept_days = = 30")
    problem = only_problem(path)
    assert problem.line == line_with(path, "reaccept_days")
    assert "is not TOML" in problem.text


def test_toml_that_ends_too_early_has_no_line(tmp_path: Path) -> None:
    path = tmp_path / "cut.toml"
    path.write_text("[agreement", encoding="utf-8")
    assert only_problem(path).text.startswith("is not TOML")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b'# caf\xe9\n[agreement]\ncurrent_version = "2026-11"\n')
    assert only_problem(path).text == "is not UTF-8 text"


def test_an_unknown_key_names_its_line_and_the_nearest_key(amended: Amend) -> None:
    path = amended("log_purge_days = 190", "log_purge_days = 190\nlog_min_day = 184")
    problem = only_problem(path)
    assert problem.line == line_with(path, "log_min_day ")
    assert problem.key == "retention.log_min_day"
    assert problem.text == "unknown key; nearest is retention.log_min_days"


def test_a_key_in_the_wrong_section_is_sent_to_the_right_one() -> None:
    assert "caps.recall_seconds: unknown key; nearest is messages.recall_seconds" in refusals(
        {"caps": {"recall_seconds": 3}}
    )


def test_an_unknown_section_names_the_nearest(amended: Amend) -> None:
    path = amended("[resume]", "[resumes]")
    with pytest.raises(PolicyError) as refused:
        load_policy(path)
    missing, unknown = refused.value.problems
    assert (missing.key, missing.text) == ("resume", "missing; a profile writes every key out")
    assert (unknown.line, unknown.text) == (line_with(path, "[resumes]"), "unknown key; nearest is resume")


def test_a_misspelt_section_and_key_still_find_their_way() -> None:
    assert "unknown key; nearest is caps" in refusals({"capz": {"group_members": 3}})
    assert "caps_group_members: unknown key; nearest is caps.group_members" in refusals(
        {"caps_group_members": 3}
    )


def test_a_key_like_no_other_has_no_nearest() -> None:
    assert refusals({"qqqqqqqqqq": 1}) == "override: qqqqqqqqqq: unknown key"


def test_an_unknown_rate_class_is_told_once_and_with_the_nearest(amended: Amend) -> None:
    path = amended("post = { burst = 10, per_minute = 30 }", "posts = { burst = 10 }")
    with pytest.raises(PolicyError) as refused:
        load_policy(path)
    (problem,) = refused.value.problems
    assert (problem.key, problem.line) == ("rates.posts", line_with(path, "posts"))
    assert problem.text == "unknown key; nearest is rates.post"


def test_a_missing_key_points_at_its_section(amended: Amend) -> None:
    path = amended("hash_parallel = 2 ", "# hash_parallel = 2 ")
    problem = only_problem(path)
    assert problem.key == "login.hash_parallel"
    assert problem.line == line_with(path, "[login]")
    assert problem.text.startswith("missing")


@pytest.mark.parametrize("wrong", ['"500"', "500.0", "true"])
def test_a_wrong_type_is_refused_at_its_line_and_never_converted(amended: Amend, wrong: str) -> None:
    path = amended("group_members = 500", f"group_members = {wrong}")
    problem = only_problem(path)
    assert problem.line == line_with(path, "group_members")
    assert problem.key == "caps.group_members"
    assert "should be a valid integer, not" in problem.text


def test_a_table_where_a_number_belongs_is_refused() -> None:
    assert refusals({"caps": {"group_members": {"most": 3}}}).startswith(
        "override: caps.group_members: should be"
    )
    assert refusals({"caps": 3}).startswith("override: caps: should be")


def test_every_problem_is_told_at_once() -> None:
    told = refusals({"caps": {"group_members": 1, "joined_absolute": 0}, "resume": {"replay_limit": 3}})
    assert len(told.splitlines()) == 3


@pytest.mark.clause("CG-13.2")
def test_logs_cannot_be_kept_for_less_than_six_months(amended: Amend) -> None:
    """CG-13.2: the longest run of six calendar months has 184 days."""
    path = amended("log_min_days = 184", "log_min_days = 183")
    problem = only_problem(path)
    assert problem.line == line_with(path, "log_min_days")
    assert problem.clause == "CG-13.2"
    said = "183 is below the floor 184 (the longest run of six calendar months) [CG-13.2]"
    assert str(problem).endswith(f": retention.log_min_days: {said}")


@pytest.mark.clause("CG-13.2", "CG-06.1", "CG-06.3", "CG-08.4", "CG-08.8", "SA-05.3", "INV-09")
@pytest.mark.parametrize(
    ("overrides", "key", "text", "clause"),
    [
        (
            {"retention": {"log_hard_max_days": 366}},
            "retention.log_hard_max_days",
            "above the maximum 365",
            "CG-13.2",
        ),
        ({"retention": {"log_purge_days": 183}}, "retention.log_purge_days", "183 is not between", "CG-13.2"),
        ({"retention": {"log_purge_days": 366}}, "retention.log_purge_days", "366 is not between", "CG-13.2"),
        (
            {"identity": {"demo_region_prefix": "110000"}},
            "identity.demo_region_prefix",
            "'000000'",
            "CG-06.1",
        ),
        ({"identity": {"demo_phone_prefix": "138"}}, "identity.demo_phone_prefix", "'1000000'", "CG-06.1"),
        ({"identity": {"require_for": ["join"]}}, "identity.require_for", "must include publish", "CG-06.3"),
        (
            {"identity": {"methods": ["other_document"]}},
            "identity.strong_methods",
            "that methods does not offer",
            "CG-06.1",
        ),
        ({"group_id": {"random_chars": 8}}, "group_id.random_chars", "below the floor 9", "CG-08.4"),
        (
            {"group_id": {"lookup_per_minute": 19}},
            "rates.lookup",
            "above group_id.lookup_per_minute",
            "CG-08.4",
        ),
        ({"roles": {"labels": {"admin": " "}}}, "roles.labels", "has no text for admin", "CG-08.8"),
        ({"roles": {"labels": {"admin": "[群主 owner]"}}}, "roles.labels", "two roles the same", "CG-08.8"),
        ({"logs": {"operations": ["login"]}}, "logs.operations", "must include register", "SA-05.3c"),
        (
            {"logs": {"trusted_proxies": ["::/0"]}},
            "logs.trusted_proxies",
            "would trust everybody",
            "SA-05.3d",
        ),
        (
            {"logs": {"trusted_proxies": ["10.0.0.1/8"]}},
            "logs.trusted_proxies",
            "has host bits set",
            "SA-05.3d",
        ),
        ({"groups": {"categories": ["prayer"]}}, "groups.categories", "outside the closed list", "INV-09"),
        (
            {"agreement": {"current_version": "2031-01"}},
            "agreement.current_version",
            "there is 2026-11",
            "CG-05.4",
        ),
        ({"connection": {"max_batch": 51}}, "connection.max_batch", "above the maximum 50", None),
        (
            {"connection": {"outbox_max_bytes": 65_535}},
            "connection.outbox_max_bytes",
            "smaller than one frame",
            None,
        ),
        ({"messages": {"text_max_chars": 4001}}, "messages.text_max_chars", "above the maximum 4000", None),
    ],
)
def test_what_a_clause_or_the_wire_stands_against(
    overrides: dict[str, Any], key: str, text: str, clause: str | None
) -> None:
    with pytest.raises(PolicyError) as refused:
        load_policy("reference", overrides)
    (problem,) = refused.value.problems
    assert (problem.key, problem.clause) == (key, clause)
    assert text in problem.text


def test_a_list_that_names_an_item_twice_is_refused() -> None:
    assert "names an item twice" in refusals({"identity": {"require_for": ["publish", "publish"]}})


def test_a_number_where_a_list_belongs_is_refused_without_a_clause() -> None:
    assert refusals({"groups": {"categories": 3}}).startswith(
        "override: groups.categories: should be a valid tuple"
    )


def test_a_profile_without_a_rate_class_is_refused(amended: Amend) -> None:
    path = amended("typing = { burst = 5, per_minute = 60 }", "")
    problem = only_problem(path)
    assert (problem.line, problem.text) == (line_with(path, "[rates]"), "has no typing")


@pytest.mark.clause("CG-13.2")
def test_no_way_of_building_a_policy_gets_below_a_floor() -> None:
    values = load_policy("reference").model_dump()
    values["retention"]["log_min_days"] = 1
    with pytest.raises(ValueError, match="below the floor 184"):
        Policy.model_validate(values)


@pytest.mark.clause("INV-09")
@pytest.mark.parametrize("attribute", PERSONAL_ATTRIBUTES)
def test_no_key_may_be_about_who_a_person_is(amended: Amend, attribute: str) -> None:
    """INV-09: refused for what it is, and not merely as an unknown key."""
    path = amended("[resume]\n", f'[resume]\n"{attribute}" = 1\n')
    problem = only_problem(path)
    assert problem.line == line_with(path, f'"{attribute}"')
    assert problem.clause == "INV-09"
    assert problem.text == f"no setting may be about a person's {attribute}"


@pytest.mark.clause("INV-09")
@pytest.mark.parametrize(
    "overrides",
    [
        {"caps": {"group_members_by_ethnicity": {}}},
        {"caps": {"byReligion": 3}},
        {"nationalities": {}},
        {"groups": {"categories": [{"political-views": "any"}]}},
        {"rates": {"post": {"burst": 1, "hukou": 2}}},
        {"用户民族": 1},
    ],
)
def test_such_keys_are_found_at_any_depth_and_in_any_spelling(overrides: dict[str, Any]) -> None:
    told = refusals(overrides)
    assert told.startswith("override: ")
    assert told.endswith("[INV-09]")


@pytest.mark.parametrize("key", ["original_size", "believable", "raceway"])
def test_words_that_only_look_similar_are_ordinary_unknown_keys(key: str) -> None:
    assert "INV-09" not in refusals({"caps": {key: 1}})
