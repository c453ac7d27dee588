"""What the repository says of its dependencies is said in four places; these tests keep the four in step."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==\S+ \\$", re.MULTILINE)
LISTED = re.compile(r"^- `([^`]+)`: \S", re.MULTILINE)


def normal(name: str) -> str:
    """A distribution's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def bare(requirement: str) -> str:
    """The normal name in a requirement line, without extras, range and comment."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None, requirement
    return normal(found.group())


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def declared_runtime() -> list[str]:
    requirements: list[str] = tomllib.loads(text("pyproject.toml"))["project"]["dependencies"]
    return [bare(requirement) for requirement in requirements]


def declared_for_tests() -> list[str]:
    lines = (line.strip() for line in text("requirements-dev.in").splitlines())
    return [bare(line) for line in lines if line and not line.startswith(("#", "-"))]


def pinned(name: str) -> list[str]:
    return [normal(found) for found in PINNED.findall(text(name))]


def explained(heading: str) -> list[str]:
    """Names listed under one heading of CONTRIBUTING.md, in their order there."""
    _, found, rest = text("CONTRIBUTING.md").partition(f"\n### {heading}\n")
    assert found, f"CONTRIBUTING.md has no section {heading!r}"
    section = re.split(r"^#", rest, maxsplit=1, flags=re.MULTILINE)[0]
    return [bare(name) for name in LISTED.findall(section)]


def test_contributing_says_what_earns_each_dependency_its_place() -> None:
    assert explained("At run time") == declared_runtime()
    assert explained("For tests and checks") == declared_for_tests()


def test_everything_declared_is_pinned() -> None:
    assert set(declared_runtime()) <= set(pinned("requirements.txt"))
    assert set(declared_for_tests()) <= set(pinned("requirements-dev.txt"))


def test_tests_run_on_the_versions_that_are_shipped() -> None:
    def pins(name: str) -> set[str]:
        return {line for line in text(name).splitlines() if "==" in line or "--hash=" in line}

    assert pins("requirements.txt") <= pins("requirements-dev.txt")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pin_has_hashes_and_no_line_names_a_host_or_a_path(name: str) -> None:
    for block in re.split(r"\n(?=[A-Za-z])", text(name)):
        if PINNED.match(block):
            assert "--hash=sha256:" in block, block
    for line in text(name).splitlines():
        assert not re.search(r"https?:|://|^-|[\s=]/", line), line
